// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.Estimate;
import java.util.function.UnaryOperator;

/**
 * All coalitions, so that nothing is estimated: a definition is computed.
 *
 * @param groups M
 * @param definition makes attributions of v of the coalitions 0 to 2^M - 1, in bits
 */
record EveryCoalition(int groups, UnaryOperator<double[]> definition) implements CoalitionDesign {
    /** Returns the design that computes Shapley values. */
    static EveryCoalition shapley(int groups) {
        return new EveryCoalition(groups, v -> ExactShapley.values(groups, v, v[v.length - 1]));
    }

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

    @Override
    public Estimate estimate(double empty, double[] scores, double full) {
        double[] values = new double[1 << groups];
        values[0] = empty;
        System.arraycopy(scores, 0, values, 1, count());
        values[values.length - 1] = full;
        return Estimate.exact(definition.apply(values));
    }
}
