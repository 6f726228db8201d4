// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;

/** Explains a scoring function, which may be rules, a tree ensemble or a remote service. No engine is needed. */
public final class AnyScorer {
    private static final String[] NAMES = {"income", "debt", "age", "defaults"};

    private AnyScorer() {}

    /** Prints exact Shapley values of a rule with an interaction. */
    public static void main(String[] args) {
        // Debt counts twice after a default: an interaction of two inputs.
        Model risk = Model.of(rows -> {
            double[][] scores = new double[rows.length][1];
            for (int r = 0; r < rows.length; r++) {
                double[] x = rows[r];
                scores[r][0] = 0.02 * x[1] * (x[3] > 0 ? 2 : 1) - 0.01 * x[0];
            }
            return scores;
        });
        try (TensorScope scope = TensorScope.open()) {
            Tensor applicant = Tensors.ofJava().of(new double[] {40, 30, 52, 1}, 1, 4);
            Tensor average = Tensors.ofJava().of(new double[] {50, 20, 45, 0}, 1, 4);
            ShapleyValues method = new ShapleyValues().baseline(Baseline.of(average));
            try (Explanation why = method.attribute(risk, Inputs.of(applicant), Target.output())) {
                double[] values = why.attribution().toDoubleArray();
                for (int i = 0; i < NAMES.length; i++) {
                    System.out.printf("%-8s %+.2f%n", NAMES[i], values[i]);
                }
                double before = why.baselineScores().orElseThrow()[0];
                System.out.printf("from %.2f to %.2f%n", before, why.scores()[0]);
            }
        }
    }
}
