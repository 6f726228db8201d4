// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import org.jspecify.annotations.Nullable;

/** This model cannot be explained in this way; the message says why and what to do instead. */
public final class UnsupportedModelException extends ModelException {
    private static final long serialVersionUID = 1L;

    /** Creates it with a message. */
    public UnsupportedModelException(String message) {
        super(message);
    }

    /** Creates it with a message and the engine's own failure. */
    public UnsupportedModelException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
