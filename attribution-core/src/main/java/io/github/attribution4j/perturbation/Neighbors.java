// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.internal.numeric.Rounds;
import java.util.List;

/** The samples around each example, to which {@link Lime} fits its surrogates. The example is not one of them. */
interface Neighbors {
    /** Returns from how many samples on errors are good to stop by. */
    static long enough(int groups) {
        return 100 + 10L * groups;
    }

    /** Returns the samples of each example, which grow; none yet. */
    List<? extends Rounds.Growing> samples();

    /** Returns for each example the scores of its samples from the first to the end. */
    double[][] scores(int[] first, int[] end);

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

    /** Returns how often chance drew the example (row 0), or one of its samples (rows from 1 on). */
    int times(int example, int row);

    /** Returns for each group of an example whether all samples agree in it, however many are drawn. */
    boolean[] fixed(int example);

    /**
     * Returns the outcome of surrogates.
     *
     * @param values for each example the coefficient of each group
     */
    Outcome outcome(double[][] values);
}
