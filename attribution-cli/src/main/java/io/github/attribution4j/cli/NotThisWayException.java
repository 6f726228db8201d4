// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli;

/** The model runs on this input, but cannot be explained with this method. */
public final class NotThisWayException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NotThisWayException(String message) {
        super(message);
    }

    public NotThisWayException(String message, Throwable cause) {
        super(message, cause);
    }
}
