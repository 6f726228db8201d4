// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.Rounds;

/**
 * Which coalitions of one example are evaluated, and what follows from their scores. It grows; what was drawn stays, so
 * that a sample is the same whether it grows in one step or in many.
 */
interface CoalitionDesign extends Rounds.Growing {
    /** Fills in a coalition; {@code kept} is {@code false} everywhere before. */
    void fill(int coalition, boolean[] kept);

    /**
     * Returns the attributions.
     *
     * @param empty score of no group
     * @param scores score of each coalition; it may be longer
     * @param full score of all groups
     */
    Estimate estimate(double empty, double[] scores, double full);
}
