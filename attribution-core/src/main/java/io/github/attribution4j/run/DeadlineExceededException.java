// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

/** The deadline of a {@link Run} passed between two micro-batches; nothing is left open. */
public final class DeadlineExceededException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates it with a message. */
    public DeadlineExceededException(String message) {
        super(message);
    }
}
