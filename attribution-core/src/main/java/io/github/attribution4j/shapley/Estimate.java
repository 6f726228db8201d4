// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.StudentT;

/**
 * Estimated attributions of the groups of one example.
 *
 * @param values for each group
 * @param errors standard error for each group; NaN where the sample is too small to tell
 * @param degrees of freedom of the errors
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record Estimate(double[] values, double[] errors, double degrees) {
    private static final double OUTSIDE = 0.05;

    /** Returns attributions that are known exactly. */
    static Estimate exact(double[] values) {
        return new Estimate(values, new double[values.length], Double.POSITIVE_INFINITY);
    }

    /** Returns the attribution of the only group: the whole difference of scores. */
    static Estimate single(double difference) {
        return exact(new double[] {difference});
    }

    boolean hasErrors() {
        for (double error : errors) {
            if (!Double.isFinite(error)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns half of the width of the widest interval, where intervals of all groups together hold in 95 of 100 runs;
     * infinite where the sample is too small to tell.
     */
    double halfWidth() {
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
