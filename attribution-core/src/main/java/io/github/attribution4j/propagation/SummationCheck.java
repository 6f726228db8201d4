// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/** Checks that attributions add up to the difference of scores that they explain. */
final class SummationCheck {
    private static final double SINGLE = 1e-5;
    private static final double DOUBLE = 1e-12;

    private SummationCheck() {}

    /**
     * Checks every example: |Σ attributions − (F(x) − F(x'))| ≤ tolerance · |F(x) − F(x')| + rounding, where rounding
     * is 1e-5 (single precision) or 1e-12 (double) of |F(x)| + |F(x')| + Σ |attributions|.
     *
     * @throws ModelException naming the first example that fails, and the remedy
     */
    static void require(
            String method, double tolerance, List<Tensor> attributions, double[] scores, double[] scoresAtReference) {
        double[] sums = new double[scores.length];
        double[] sizes = new double[scores.length];
        double rounding = DOUBLE;
        for (Tensor attribution : attributions) {
            double[] values = attribution.toDoubleArray();
            int width = values.length / scores.length;
            for (int i = 0; i < values.length; i++) {
                sums[i / width] += values[i];
                sizes[i / width] += Math.abs(values[i]);
            }
            if (attribution.dataType() != DataType.FLOAT64) {
                rounding = SINGLE;
            }
        }
        for (int i = 0; i < sums.length; i++) {
            double difference = scores[i] - scoresAtReference[i];
            double size = sizes[i] + Math.abs(scores[i]) + Math.abs(scoresAtReference[i]);
            double allowed = tolerance * Math.abs(difference) + rounding * size;
            if (!(Math.abs(sums[i] - difference) <= allowed)) {
                throw new ModelException(method + ": the attributions of example " + i + " sum to " + sums[i]
                        + ", and the score differs from the reference's by " + difference + " (" + scores[i] + " - "
                        + scoresAtReference[i] + "): off by more than " + allowed
                        + ". Something on the way does not follow "
                        + "a rule that adds up: a target that is not linear in the output (put the softmax into the "
                        + "model), an operation treated as gradient, a value that was computed without the inputs; or "
                        + "rounding, if the model computes in single precision and these numbers are close. To take "
                        + "the attributions as they are, with the gap in the explanation, use allowIncomplete()");
            }
        }
    }
}
