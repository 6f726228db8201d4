// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import org.jspecify.annotations.Nullable;

/** The engine ran out of memory on this many rows. The runner tries again with fewer. */
public final class ModelMemoryException extends ModelException {
    private static final long serialVersionUID = 1L;

    /** Creates it with a message and the engine's own failure. */
    public ModelMemoryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
