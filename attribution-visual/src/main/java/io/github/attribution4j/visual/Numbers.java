// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import java.util.Arrays;
import java.util.Locale;

/** Numbers as text, the same in every locale. */
final class Numbers {

    static final char MINUS = '\u2212';

    private Numbers() {}

    /** Three significant digits, for labels: {@code 0.0123}, {@code 184}, {@code 1.2e-07}; exact zero is {@code 0}. */
    static String brief(double value) {
        return typographic(significant(value, 3));
    }

    /** The ticks of one axis, with as many digits as tell them apart, at least three. */
    static String[] briefApart(double[] ticks) {
        String[] labels = new String[ticks.length];
        for (int digits = 3; digits <= 15; digits++) {
            for (int i = 0; i < ticks.length; i++) {
                labels[i] = typographic(significant(ticks[i], digits));
            }
            if (Arrays.stream(labels).distinct().count() == labels.length) {
                break;
            }
        }
        return labels;
    }

    /** Six significant digits, for scores, whose differences matter; ASCII only. */
    static String score(double value) {
        return significant(value, 6);
    }

    /** A value of a table: whole numbers as they are, others with four significant digits. */
    static String cell(double value) {
        boolean whole = value == Math.rint(value) && Math.abs(value) < 1e9;
        return whole ? Long.toString((long) value) : Double.isFinite(value) ? plain(value) : Double.toString(value);
    }

    /** Four significant digits, with a sign of ASCII characters only. */
    static String plain(double value) {
        return significant(value, 4);
    }

    private static String significant(double value, int digits) {
        if (value == 0) {
            return "0";
        }
        double magnitude = Math.abs(value);
        if (magnitude < 1e-4 || magnitude >= 1e6) {
            return String.format(Locale.ROOT, "%." + (digits - 2) + "e", value);
        }
        int decimals = Math.max(0, digits - 1 - (int) Math.floor(Math.log10(magnitude)));
        String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
        return text.indexOf('.') < 0 ? text : text.replaceAll("0+$", "").replaceAll("\\.$", "");
    }

    /** The minus sign of typography in place of the hyphen, except in an exponent. */
    static String typographic(String number) {
        return number.startsWith("-") ? MINUS + number.substring(1) : number;
    }

    /** How many decimals show four significant digits of {@code largest}; −1 stands for scientific notation. */
    static int decimals(double largest) {
        double magnitude = Math.abs(largest);
        if (magnitude == 0) {
            return 1;
        }
        if (magnitude < 1e-4 || magnitude >= 1e6) {
            return -1;
        }
        return Math.max(0, 3 - (int) Math.floor(Math.log10(magnitude)));
    }

    /** With an explicit sign and so many decimals (see {@link #decimals}); what rounds to zero has no sign. */
    static String signed(double value, int decimals) {
        if (decimals < 0) {
            return value == 0 ? "0" : String.format(Locale.ROOT, "%+.2e", value);
        }
        String text = String.format(Locale.ROOT, "%+." + decimals + "f", value);
        boolean zero = text.chars().noneMatch(c -> c >= '1' && c <= '9');
        return zero ? text.substring(1) : text;
    }

    /** At most two decimals, for coordinates in SVG. */
    static String coordinate(double value) {
        double rounded = Math.rint(value * 100) / 100;
        if (rounded == Math.rint(rounded) && Math.abs(rounded) < 1e9) {
            return Long.toString((long) rounded);
        }
        return String.format(Locale.ROOT, "%.2f", rounded).replaceAll("0$", "");
    }

    /** Multiples of 1, 2 or 5 times a power of ten inside the range, about {@code count} of them, ascending. */
    static double[] ticks(double low, double high, int count) {
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
