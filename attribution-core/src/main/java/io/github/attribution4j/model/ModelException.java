// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import org.jspecify.annotations.Nullable;

/**
 * A model refused its inputs or failed. The message is one useful line; an engine's full text is the cause. The model
 * can be used again.
 */
public class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates it with a message. */
    public ModelException(String message) {
        super(message);
    }

    /** Creates it with a message and the engine's own failure. */
    public ModelException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The engine ran out of memory on this many rows. The runner tries again with fewer. */
    public static final class OutOfMemory extends ModelException {
        private static final long serialVersionUID = 1L;

        /** Creates it with a message and the engine's own failure. */
        public OutOfMemory(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * The model failed on certain rows, which the message names. The runner does not try whether it takes them one
     * by one.
     */
    public static final class OnRows extends ModelException {
        private static final long serialVersionUID = 1L;

        /** Creates it with a message. */
        public OnRows(String message) {
            super(message);
        }

        /** Creates it with a message and the failure. */
        public OnRows(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
