// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

/** All coalitions: the regression has become the definition, and is solved by it. */
record EveryCoalition(int groups) implements CoalitionDesign {
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
        double[] values = new double[count() + 1];
        values[0] = empty;
        System.arraycopy(scores, 0, values, 1, count());
        return Estimate.exact(ExactShapley.values(groups, values, full));
    }
}
