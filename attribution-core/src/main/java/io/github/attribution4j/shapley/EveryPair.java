// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.shapley.ShapleyInteractions.Convention;

/** Interactions of pairs by their definition. */
final class EveryPair {
    private EveryPair() {}

    /** Returns the design that computes the matrix of interactions, row-major. */
    static EveryCoalition design(int groups, Convention convention) {
        return new EveryCoalition(groups, values -> convention.of(matrix(groups, values), groups));
    }

    private static double[] matrix(int groups, double[] values) {
        double[] shapley = ExactShapley.values(groups, values, values[values.length - 1]);
        double[] matrix = new double[groups * groups];
        for (int i = 0; i < groups; i++) {
            matrix[i * groups + i] = shapley[i];
            for (int j = 0; j < i; j++) {
                double index = index(groups, i, j, values);
                matrix[i * groups + j] = index;
                matrix[j * groups + i] = index;
            }
        }
        return matrix;
    }

    /** Returns Σ over S without i, j of |S|! (M − |S| − 2)! / (M − 1)! · (v(S ∪ ij) − v(S ∪ i) − v(S ∪ j) + v(S)). */
    private static double index(int groups, int i, int j, double[] values) {
        double[] weights = ExactShapley.weights(groups - 1);
        int one = 1 << i;
        int other = 1 << j;
        double index = 0;
        for (int without = 0; without < values.length; without++) {
            if ((without & (one | other)) == 0) {
                double together = values[without | one | other]
                        - values[without | one]
                        - values[without | other]
                        + values[without];
                index += weights[Integer.bitCount(without)] * together;
            }
        }
        return index;
    }
}
