// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import java.util.Arrays;

/** Numbers as texts: separated by commas, in brackets or not. */
public final class Numbers {
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

    private static String[] parts(String text, String separator) {
        return Arrays.stream(text.replace("[", "").replace("]", "").split(separator, -1))
                .map(String::strip)
                .toArray(String[]::new);
    }
}
