// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;

/**
 * How a failure is reported to the user.
 *
 * @param code exit code
 * @param line one line
 */
public record Failure(int code, String line) {
    public static final int DONE = 0;
    static final int UNEXPECTED = 1;
    public static final int BAD_REQUEST = 2;
    public static final int NOT_THIS_WAY = 3;
    static final int DEADLINE = 4;
    public static final int OTHER_NUMBERS = 5;

    public static Failure of(Throwable thrown) {
        return new Failure(
                code(thrown),
                reason(thrown)
                        .lines()
                        .map(String::strip)
                        .reduce((a, b) -> a + " " + b)
                        .orElse(""));
    }

    private static int code(Throwable thrown) {
        if (thrown instanceof DeadlineExceededException) {
            return DEADLINE;
        }
        if (thrown instanceof UnsupportedModelException
                || thrown instanceof ModelException.OutOfMemory
                || thrown instanceof NotThisWayException) {
            return NOT_THIS_WAY;
        }
        boolean request = thrown instanceof IllegalArgumentException
                || thrown instanceof io.github.attribution4j.model.ModelException
                || thrown instanceof io.github.attribution4j.run.Run.CancelledException
                || thrown instanceof picocli.CommandLine.ParameterException
                || thrown instanceof IOException
                || thrown instanceof UncheckedIOException;
        return request ? BAD_REQUEST : UNEXPECTED;
    }

    /** Returns what happened; Java's file exceptions give only the path. */
    public static String reason(Throwable thrown) {
        if (thrown instanceof NoSuchFileException missing) {
            return missing.getFile() + ": no such file";
        }
        if (thrown instanceof AccessDeniedException denied) {
            return denied.getFile() + ": may not be read or written";
        }
        if (thrown instanceof UncheckedIOException wrapped && isBare(wrapped)) {
            return reason(Objects.requireNonNull(wrapped.getCause()));
        }
        boolean speaks = code(thrown) != UNEXPECTED || thrown instanceof FileNotFoundException;
        String message = thrown.getMessage();
        if (!speaks || message == null || message.isBlank()) {
            return "unexpected failure: " + thrown + "; please report it, with the output of --debug";
        }
        return Remedies.translate(message);
    }

    private static boolean isBare(UncheckedIOException wrapped) {
        return wrapped.getCause() != null
                && Objects.equals(wrapped.getMessage(), wrapped.getCause().toString());
    }
}
