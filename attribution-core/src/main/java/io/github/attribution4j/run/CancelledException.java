// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

/** A {@link Run} was cancelled, or its thread interrupted, between two micro-batches; nothing is left open. */
public final class CancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates it with a message. */
    public CancelledException(String message) {
        super(message);
    }
}
