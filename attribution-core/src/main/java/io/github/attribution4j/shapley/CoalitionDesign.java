// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

/**
 * Which coalitions of one example are evaluated, and what follows from their scores. It grows; what was drawn stays, so
 * that a sample is the same whether it grows in one step or in many.
 */
interface CoalitionDesign {
    /** Returns the evaluations, x and the baseline apart, from which on errors are good enough to stop by. */
    long enough();

    /**
     * Draws more coalitions.
     *
     * @param evaluations as many as there may be in all, x and the baseline apart; a coalition that was drawn before
     *     counts again, although it is not evaluated again
     */
    void grow(long evaluations);

    /** Returns whether nothing is left to draw: the values are exact. */
    boolean isExhausted();

    /** Returns how many coalitions there are so far, neither empty nor full, each once. */
    int count();

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
