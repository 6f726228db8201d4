// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

/**
 * Estimated numbers of one example, such as the attributions of its groups.
 *
 * @param values the numbers
 * @param errors standard error of each; NaN where the sample is too small to tell
 * @param degrees of freedom of the errors
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
public record Estimate(double[] values, double[] errors, double degrees) {
    private static final double OUTSIDE = 0.05;

    /** Returns numbers that are known exactly. */
    public static Estimate exact(double[] values) {
        return new Estimate(values, new double[values.length], Double.POSITIVE_INFINITY);
    }

    /** Returns the attribution of the only group: the whole difference of scores. */
    public static Estimate single(double difference) {
        return exact(new double[] {difference});
    }

    /** Returns whether the sample was large enough to tell. */
    public boolean hasErrors() {
        for (double error : errors) {
            if (!Double.isFinite(error)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns half of the width of the widest interval, where all intervals together hold in 95 of 100 runs; infinite
     * where the sample is too small to tell.
     */
    public double halfWidth() {
        if (!hasErrors()) {
            return Double.POSITIVE_INFINITY;
        }
        double largest = 0;
        for (double error : errors) {
            largest = Math.max(largest, error);
        }
        return largest == 0 ? 0 : largest * StudentT.quantile(OUTSIDE / errors.length, degrees);
    }
}
