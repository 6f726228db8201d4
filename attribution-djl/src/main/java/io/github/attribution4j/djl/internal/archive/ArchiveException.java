// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import org.jspecify.annotations.Nullable;

/**
 * An archive cannot be used. The message is one line: which file, what is wrong with it, and what to do about it if
 * anything can be done.
 */
public final class ArchiveException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is wrong. */
    public enum Reason {
        /** No such file. */
        MISSING_FILE,
        /** The file exists and cannot be read. */
        UNREADABLE,
        /** Zero bytes. */
        EMPTY,
        /** Neither a zip nor a pickle. */
        NOT_A_ZIP,
        /** Weights or a pickled Python object, without a program. */
        CHECKPOINT,
        /** Written by {@code torch.export.save}. */
        TORCH_EXPORT,
        /** TorchScript of a format that libtorch does not read any more. */
        TOO_OLD,
        /** The zip ends early. */
        TRUNCATED,
        /** A zip that lacks a part of a TorchScript archive. */
        INCOMPLETE,
        /** A format version that libtorch 2.7.1 does not know. */
        UNKNOWN_VERSION,
        /** An entry name that leads outside the archive. */
        UNSAFE_NAME,
        /** A part larger than the limits, or a decompression bomb. */
        TOO_LARGE,
        /** Two entries of one name. */
        DUPLICATE_ENTRY,
        /** A zip or a pickle that contradicts itself. */
        CORRUPT,
        /** A valid feature that is not supported, such as encryption. */
        UNSUPPORTED
    }

    private final Reason reason;

    /**
     * @param reason what is wrong, for programs
     * @param message what is wrong, for people, in one line
     */
    public ArchiveException(Reason reason, String message) {
        this(reason, message, null);
    }

    /**
     * @param reason what is wrong, for programs
     * @param message what is wrong, for people, in one line
     * @param cause the exception that showed it, or null
     */
    public ArchiveException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** {@return what is wrong} */
    public Reason reason() {
        return reason;
    }
}
