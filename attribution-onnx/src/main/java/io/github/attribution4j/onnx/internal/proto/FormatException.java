// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.proto;

import org.jspecify.annotations.Nullable;

/**
 * A file that cannot be used. The message is one line: what is wrong with it and where, and the remedy where there is
 * one.
 */
public final class FormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The kind of fault. */
    public enum Reason {
        /** No such file. */
        MISSING_FILE,
        /** The file exists but cannot be read. */
        UNREADABLE,
        /** Zero bytes. */
        EMPTY,
        /** Ends before a length that it states. */
        TRUNCATED,
        /** Not protobuf, or protobuf that contradicts itself. */
        CORRUPT,
        /** Exceeds a limit of size, depth or number. */
        TOO_LARGE,
        /** Protobuf, but not an ONNX model. */
        NO_MODEL,
        /** A file name outside the model's folder. */
        UNSAFE_NAME,
        /** A valid feature that is not supported. */
        UNSUPPORTED
    }

    private final Reason reason;

    /**
     * @param reason what is wrong, for programs
     * @param message what is wrong, for people, in one line
     */
    public FormatException(Reason reason, String message) {
        this(reason, message, null);
    }

    /**
     * @param reason what is wrong, for programs
     * @param message what is wrong, for people, in one line
     * @param cause the exception that was thrown, if any
     */
    public FormatException(Reason reason, String message, @Nullable Throwable cause) {
        super(OneLine.of(message), cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
