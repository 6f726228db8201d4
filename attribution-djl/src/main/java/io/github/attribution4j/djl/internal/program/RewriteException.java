// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

/** A program cannot be instrumented. The message is one line: what, where, and the remedy if there is one. */
public final class RewriteException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what is wrong, in one line
     */
    public RewriteException(String message) {
        super(message);
    }
}
