// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.mask.Coalitions;
import java.util.Arrays;

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

    /**
     * Returns the outcome of a method that estimates Shapley values.
     *
     * @param withoutErrors what the user should know if some example has no standard errors, so that none are given
     */
    static Outcome outcome(Coalitions coalitions, Estimate[] estimates, double[] baselineScores, String withoutErrors) {
        double[][] values = Arrays.stream(estimates).map(Estimate::values).toArray(double[][]::new);
        Outcome outcome = coalitions.complete(values, baselineScores);
        if (Arrays.stream(estimates).allMatch(Estimate::hasErrors)) {
            double[][] errors = Arrays.stream(estimates).map(Estimate::errors).toArray(double[][]::new);
            return outcome.standardErrors(coalitions.spread(errors));
        }
        coalitions.evaluator().notice(withoutErrors);
        return outcome;
    }
}
