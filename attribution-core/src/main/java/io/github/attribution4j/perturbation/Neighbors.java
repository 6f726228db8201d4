// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Outcome;

/** The samples around each example, to which {@link Lime} fits its surrogates. The example is not one of them. */
interface Neighbors {
    /** Evaluates the samples, and returns for each example the score of each. */
    double[][] scores();

    /**
     * Says which groups a sample keeps.
     *
     * @param kept for each group of the example; {@code false} everywhere before
     */
    void keep(int example, int sample, boolean[] kept);

    /**
     * Returns how much the example, and then each of its samples, counts.
     *
     * @param kept for the example, and then for each of its samples, which groups it keeps
     */
    double[] weights(int example, boolean[][] kept, Lime.Kernel kernel);

    /**
     * Returns the outcome of surrogates.
     *
     * @param values for each example the coefficient of each group
     */
    Outcome outcome(double[][] values);
}
