// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

/**
 * Estimated attributions of the groups of one example.
 *
 * @param values for each group
 * @param errors standard error for each group; NaN where the sample is too small to tell
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record Estimate(double[] values, double[] errors) {
    /** Returns attributions that are known exactly. */
    static Estimate exact(double[] values) {
        return new Estimate(values, new double[values.length]);
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
}
