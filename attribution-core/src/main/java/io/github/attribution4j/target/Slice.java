// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Some positions of one axis, as NumPy writes them: {@code 17}, {@code 0:4}, {@code -2:}, {@code ::2}, {@code :}.
 * Negative positions count from the end.
 *
 * <p>Unlike in NumPy, a range may not reach beyond the axis and must not be empty: a selection that is smaller than it
 * looks is an error.
 *
 * @param from first position, or null for the first of the axis
 * @param to position after the last, or null for the end of the axis
 * @param step distance between positions, at least 1
 */
public record Slice(@Nullable Long from, @Nullable Long to, long step) {
    private static final Pattern TEXT =
            Pattern.compile("\\s*(-?\\d{1,18})?\\s*(?:(:)\\s*(-?\\d{1,18})?\\s*(?::\\s*(\\d{1,18})?\\s*)?)?");

    /** Checks the step. */
    public Slice {
        if (step < 1) {
            throw new IllegalArgumentException("slice: step " + step + " must be at least 1");
        }
    }

    /** Returns one position. */
    public static Slice at(long index) {
        return new Slice(index, index == -1 ? null : (Long) (index + 1), 1);
    }

    /**
     * Returns the positions of a range.
     *
     * @param from first, inclusive
     * @param to last, exclusive
     */
    public static Slice range(long from, long to) {
        return new Slice(from, to, 1);
    }

    /** Returns the whole axis. */
    public static Slice all() {
        return new Slice(null, null, 1);
    }

    /**
     * Reads slices of consecutive axes, such as {@code 17, 0:4, :}.
     *
     * @throws IllegalArgumentException if a part is none of {@code n}, {@code from:to} and {@code from:to:step}
     */
    public static List<Slice> parse(String text) {
        List<Slice> slices = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            Matcher matcher = TEXT.matcher(part);
            if (part.isBlank() || !matcher.matches()) {
                throw new IllegalArgumentException("slice '" + text + "': part '" + part.strip()
                        + "' is none of n, from:to, from:to:step with whole numbers; write such as 17, 0:4, :");
            }
            Long first = number(matcher.group(1));
            if (matcher.group(2) == null) {
                slices.add(at(first == null ? 0 : first));
            } else {
                Long step = number(matcher.group(4));
                slices.add(new Slice(first, number(matcher.group(3)), step == null ? 1 : step));
            }
        }
        return slices;
    }

    private static @Nullable Long number(@Nullable String digits) {
        return digits == null ? null : (Long) Long.parseLong(digits);
    }

    /**
     * Returns the positions on an axis.
     *
     * @throws IllegalArgumentException if there are none, or some lie outside
     */
    long[] positions(long extent) {
        long first = from == null ? 0 : from < 0 ? from + extent : from;
        long end = to == null ? extent : to < 0 ? to + extent : to;
        if (first < 0 || end > extent || first >= end) {
            throw new IllegalArgumentException(this + " selects "
                    + (first >= 0 && end <= extent ? "nothing" : "positions outside") + " of an axis of " + extent);
        }
        long[] positions = new long[Math.toIntExact((end - first + step - 1) / step)];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = first + i * step;
        }
        return positions;
    }

    /** Returns the slice as {@link #parse} reads it. */
    @Override
    public String toString() {
        if (from != null && step == 1 && equals(at(from))) {
            return from.toString();
        }
        return (from == null ? "" : from) + ":" + (to == null ? "" : to) + (step == 1 ? "" : ":" + step);
    }
}
