// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

/** Which coalitions of one example {@link KernelShap} evaluates, and what follows from their scores. */
interface CoalitionDesign {
    /** Returns how many coalitions there are, neither empty nor full, each once. */
    int count();

    /** Fills in a coalition; {@code kept} is {@code false} everywhere before. */
    void fill(int coalition, boolean[] kept);

    /**
     * Returns the attributions.
     *
     * @param empty score of no group
     * @param scores score of each coalition
     * @param full score of all groups
     */
    Estimate estimate(double empty, double[] scores, double full);
}
