// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.run.Run;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Random masks. A mask follows from its example and its number alone, so it is drawn again whenever it is needed, and
 * never kept.
 *
 * @param run has the random numbers
 * @param grids one for each attributed input
 * @param keep probability that a cell is 1
 */
record RandomMasks(Run run, List<RandomGrid> grids, double keep) {
    private static final long PURPOSE = 0x215E;

    /** Returns for each attributed input an array for the masks of so many rows. */
    double[][] arrays(int rows) {
        return grids.stream()
                .map(grid -> new double[Math.multiplyExact(rows, grid.size())])
                .toArray(double[][]::new);
    }

    /**
     * Draws a mask of each attributed input.
     *
     * @param number of the mask among those of its example
     * @param into arrays that take them
     * @param place number of this mask in those arrays
     */
    void draw(int example, int number, double[][] into, int place) {
        RandomGenerator random = run.random(PURPOSE, run.exampleKey(example), number);
        for (int input = 0; input < into.length; input++) {
            RandomGrid grid = grids.get(input);
            grid.draw(random, keep, into[input], place * grid.size());
        }
    }
}
