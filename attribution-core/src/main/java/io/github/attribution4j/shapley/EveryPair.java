// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.shapley.ShapleyInteractions.Convention;

/** All coalitions, for interactions of pairs by their definition. */
record EveryPair(int groups, Convention convention) implements CoalitionDesign {
    @Override
    public long enough() {
        return 0;
    }

    @Override
    public void grow(long evaluations) {}

    @Override
    public boolean isExhausted() {
        return true;
    }

    @Override
    public int count() {
        return (1 << groups) - 2;
    }

    @Override
    public void fill(int coalition, boolean[] kept) {
        ExactShapley.fill(coalition + 1, kept);
    }

    /** Returns the matrix, row-major. */
    @Override
    public Estimate estimate(double empty, double[] scores, double full) {
        double[] values = new double[1 << groups];
        System.arraycopy(scores, 0, values, 1, count());
        values[0] = empty;
        values[values.length - 1] = full;
        double[] shapley = ExactShapley.values(groups, values, full);
        double[] matrix = new double[groups * groups];
        for (int i = 0; i < groups; i++) {
            matrix[i * groups + i] = shapley[i];
            for (int j = 0; j < i; j++) {
                double index = index(i, j, values);
                matrix[i * groups + j] = index;
                matrix[j * groups + i] = index;
            }
        }
        return Estimate.exact(convention.of(matrix, groups));
    }

    /** Returns Σ over S without i, j of |S|! (M − |S| − 2)! / (M − 1)! · (v(S ∪ ij) − v(S ∪ i) − v(S ∪ j) + v(S)). */
    private double index(int i, int j, double[] values) {
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
