// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import java.util.Objects;

/** Refusals, each with the argument's name, the value, the rule and the remedy. */
public final class Checks {

    /** Far below the largest double, so that sums and ranges of values stay finite. */
    private static final double LARGEST = 1e300;

    private Checks() {}

    public static IllegalArgumentException refuse(String argument, Object value, String ruleAndRemedy) {
        return new IllegalArgumentException(argument + ": " + value + "; " + ruleAndRemedy);
    }

    public static double[] finite(String argument, double[] values) {
        if (values.length == 0) {
            throw refuse(argument, "0 values", "at least one is needed; there is nothing to draw");
        }
        for (int i = 0; i < values.length; i++) {
            if (!(Math.abs(values[i]) <= LARGEST)) {
                throw refuse(
                        argument + "[" + i + "]",
                        values[i],
                        "values must be finite and at most 1e300 in magnitude; find out why the explanation is not, or"
                                + " replace the value first");
            }
        }
        return values;
    }

    public static double finite(String argument, double value) {
        if (!(Math.abs(value) <= LARGEST)) {
            throw refuse(
                    argument,
                    value,
                    "it must be finite and at most 1e300 in magnitude; leave it out if it is not known");
        }
        return value;
    }

    public static void sameLength(String argument, int length, String other, int expected) {
        if (length != expected) {
            throw refuse(
                    argument,
                    length + " values, but " + other + " has " + expected,
                    "give one value of " + argument + " for each of " + other);
        }
    }

    /** Returns a copy; a null element is refused here rather than when the picture is drawn. */
    public static String[] copy(String argument, String[] texts) {
        for (int i = 0; i < texts.length; i++) {
            Objects.requireNonNull(texts[i], argument + "[" + i + "]: null; give an empty string for no text");
        }
        return texts.clone();
    }

    public static double within(String argument, double value, double low, double high) {
        if (!(value >= low && value <= high)) {
            throw refuse(
                    argument,
                    value,
                    "it must lie between " + Numbers.plain(low) + " and " + Numbers.plain(high)
                            + "; choose a value in that range");
        }
        return value;
    }

    public static int atLeast(String argument, int value, int least) {
        if (value < least) {
            throw refuse(argument, value, "it must be at least " + least + "; choose a larger value");
        }
        return value;
    }

    public static double[] widen(float[] values) {
        double[] out = new double[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[i];
        }
        return out;
    }
}
