// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import java.util.Arrays;
import java.util.Locale;

/** Numbers as text, the same in every locale. */
public final class Numbers {

    public static final char MINUS = '\u2212';

    private Numbers() {}

    /**
     * Returns three significant digits, for labels: {@code 0.0123}, {@code 184}, {@code 1.2e-07}; exact zero is
     * {@code 0}.
     */
    public static String brief(double value) {
        return typographic(significant(value, 3));
    }

    /**
     * Returns the ticks of one axis, written in the same way, with as many digits as make them differ, at least three.
     */
    public static String[] briefApart(double[] ticks) {
        String[] labels = new String[ticks.length];
        boolean power = isPower(Arrays.stream(ticks).map(Math::abs).max().orElse(0));
        for (int digits = 3; digits <= 15; digits++) {
            for (int i = 0; i < ticks.length; i++) {
                labels[i] = typographic(significant(ticks[i], digits, power));
            }
            if (Arrays.stream(labels).distinct().count() == labels.length) {
                break;
            }
        }
        return labels;
    }

    /** Returns six significant digits, for scores, whose differences matter; ASCII only. */
    public static String score(double value) {
        return significant(value, 6);
    }

    /** Returns a value of a table: whole numbers in full, others with four significant digits. */
    public static String cell(double value) {
        boolean whole = value == Math.rint(value) && Math.abs(value) < 1e9;
        return whole ? Long.toString((long) value) : Double.isFinite(value) ? plain(value) : Double.toString(value);
    }

    /** Returns four significant digits, with an ASCII sign. */
    public static String plain(double value) {
        return significant(value, 4);
    }

    /** Returns whether a number is written with a power of ten; 999,999.7, which rounds to a million, is, too. */
    private static boolean isPower(double magnitude) {
        return magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e6 - 0.5);
    }

    private static String significant(double value, int digits) {
        return significant(value, digits, isPower(Math.abs(value)));
    }

    private static String significant(double value, int digits, boolean power) {
        if (value == 0) {
            return "0";
        }
        double magnitude = Math.abs(value);
        if (power) {
            return String.format(Locale.ROOT, "%." + (digits - 2) + "e", value);
        }
        int decimals = Math.max(0, digits - 1 - (int) Math.floor(Math.log10(magnitude)));
        String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
        return text.indexOf('.') < 0 ? text : text.replaceAll("0+$", "").replaceAll("\\.$", "");
    }

    /** Replaces the hyphen by a typographic minus sign, except in an exponent. */
    public static String typographic(String number) {
        return number.startsWith("-") ? MINUS + number.substring(1) : number;
    }

    /** Returns the decimals for four significant digits of {@code largest}; −1 means scientific notation. */
    public static int decimals(double largest) {
        double magnitude = Math.abs(largest);
        if (magnitude == 0) {
            return 1;
        }
        if (magnitude < 1e-4 || magnitude >= 1e6) {
            return -1;
        }
        return Math.max(0, 3 - (int) Math.floor(Math.log10(magnitude)));
    }

    /**
     * Returns a number with an explicit sign and these decimals (see {@link #decimals}); one that rounds to zero has
     * no sign.
     */
    public static String signed(double value, int decimals) {
        if (decimals < 0) {
            return value == 0 ? "0" : String.format(Locale.ROOT, "%+.2e", value);
        }
        String text = String.format(Locale.ROOT, "%+." + decimals + "f", value);
        boolean zero = text.chars().noneMatch(c -> c >= '1' && c <= '9');
        return zero ? text.substring(1) : text;
    }

    /** Returns at most two decimals, for coordinates in SVG. */
    public static String coordinate(double value) {
        double rounded = Math.rint(value * 100) / 100;
        if (rounded == Math.rint(rounded) && Math.abs(rounded) < 1e9) {
            return Long.toString((long) rounded);
        }
        return String.format(Locale.ROOT, "%.2f", rounded).replaceAll("0$", "");
    }

    /** Returns about {@code count} multiples of 1, 2 or 5 times a power of ten in the range, ascending. */
    public static double[] ticks(double low, double high, int count) {
        if (!(high > low)) {
            return new double[] {low};
        }
        double raw = (high - low) / Math.max(1, count);
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double ratio = raw / power;
        double step = power * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10);
        long first = (long) Math.ceil(low / step - 1e-9);
        long last = (long) Math.floor(high / step + 1e-9);
        double[] ticks = new double[(int) Math.max(0, last - first + 1)];
        for (int i = 0; i < ticks.length; i++) {
            ticks[i] = (first + i) * step;
        }
        return ticks;
    }
}
