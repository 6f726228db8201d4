// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;

/** Numbers as texts: separated by commas, in brackets or not. */
public final class Numbers {
    private static final int MOST_LISTED = 12;
    private static final double LARGEST_WHOLE = 1e15;

    private Numbers() {}

    /**
     * Returns numbers.
     *
     * @throws NumberFormatException if the text is something else
     */
    public static double[] of(String text) {
        return Arrays.stream(parts(text, ",")).mapToDouble(Double::parseDouble).toArray();
    }

    /** Returns whether a text is numbers. */
    public static boolean are(String text) {
        try {
            return of(text).length > 0;
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /**
     * Returns integers, separated by commas or by {@code x}.
     *
     * @throws NumberFormatException if the text is something else
     */
    public static long[] integers(String text) {
        return Arrays.stream(parts(text, "[,x]")).mapToLong(Long::parseLong).toArray();
    }

    /** Returns the first few numbers as text: {@code [40, 0.5, ... (30)]}, whole ones without a fraction. */
    public static String listed(double[] numbers) {
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < Math.min(numbers.length, MOST_LISTED); i++) {
            text.append(i == 0 ? "" : ", ").append(plain(numbers[i]));
        }
        return text.append(numbers.length > MOST_LISTED ? ", ... (" + numbers.length + ")]" : "]")
                .toString();
    }

    /** Returns a number as text, a whole one without a fraction. */
    public static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < LARGEST_WHOLE
                ? Long.toString((long) number)
                : Double.toString(number);
    }

    /** Returns a number as text for people: whole, or four digits of it; NaN is {@code missing}. */
    public static String brief(double number) {
        if (Double.isNaN(number)) {
            return "missing";
        }
        if (number == Math.rint(number) && Math.abs(number) < 1e9) {
            return Long.toString((long) number);
        }
        if (Double.isInfinite(number)) {
            return Double.toString(number);
        }
        BigDecimal rounded = new BigDecimal(number).round(new MathContext(4)).stripTrailingZeros();
        return Math.abs(number) < 1e-4 || Math.abs(number) >= 1e9 ? rounded.toString() : rounded.toPlainString();
    }

    private static String[] parts(String text, String separator) {
        return Arrays.stream(text.replace("[", "").replace("]", "").split(separator, -1))
                .map(String::strip)
                .toArray(String[]::new);
    }
}
