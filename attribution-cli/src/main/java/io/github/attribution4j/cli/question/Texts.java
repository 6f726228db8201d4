// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.internal.Numbers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Small conversions between texts and values, and checks of options. */
public final class Texts {
    private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(ms|s|m|min|h)");

    private Texts() {}

    /** Parses a duration: 500ms, 2s, 1m. */
    public static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            Matcher matcher = DURATION.matcher(text.strip().toLowerCase(Locale.ROOT));
            if (!matcher.matches()) {
                throw new TypeConversionException("'" + text + "' is not a time; write 500ms, 2s, 1m");
            }
            double factor = switch (matcher.group(2)) {
                case "ms" -> 1e6;
                case "s" -> 1e9;
                case "h" -> 3600e9;
                default -> 60e9;
            };
            return Duration.ofNanos((long) (Double.parseDouble(matcher.group(1)) * factor));
        }
    }

    /** Parses numbers separated by commas. */
    public static double[] numbers(String option, String text) {
        try {
            return Numbers.of(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + " " + text + ": must be numbers separated by commas", e);
        }
    }

    /** Parses integers separated by commas or by x. */
    public static long[] integers(String option, String text) {
        try {
            return Numbers.integers(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + " " + text + ": must be integers separated by commas", e);
        }
    }

    /** Checks the value of an option. */
    public static void atLeast(String option, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(option + " " + value + ": must be at least " + least);
        }
    }

    /**
     * Checks that the folders are there that files are to be written to.
     *
     * @param files null for those that were not asked for
     */
    public static void foldersOf(@Nullable Path... files) throws IOException {
        for (Path file : files) {
            Path folder = file == null ? null : file.toAbsolutePath().getParent();
            if (folder != null && !Files.isDirectory(folder)) {
                throw new IOException(file + ": the folder " + folder + " does not exist; make it first");
            }
        }
    }

    /** Returns a time for people to read. */
    public static String time(Duration duration) {
        double seconds = duration.toNanos() / 1e9;
        return seconds < 1
                ? String.format(Locale.ROOT, "%.0f ms", seconds * 1000)
                : String.format(Locale.ROOT, "%.1f s", seconds);
    }

    /** Returns a count with its noun. */
    public static String count(long number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
