// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;

/** Says what takes the place of absent groups; see {@link Coalitions#scores}. */
@Experimental
@FunctionalInterface
public interface Filling {
    /**
     * Returns the values of absent groups. A row must not depend on the range in which it is made.
     *
     * @param input number of the attributed input
     * @param examples for each evaluated row its example
     * @param coalitions for each evaluated row the number of its coalition among those of its example, from 0
     * @param samples for each evaluated row which sample of the baseline it takes; 0 where there is one, or none
     * @return of the type and row shape of the input, one row for each, or one that serves all
     */
    Tensor rows(int input, long[] examples, int[] coalitions, long[] samples);
}
