// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import java.util.List;

/** Where a {@link FeatureMask} has its group numbers from. */
interface MaskIds {
    /**
     * Group numbers of one input.
     *
     * @param shape of the input's rank once resolved: axis 0 is 1 or counts examples, the others are 1 or the input's
     * @param values row-major
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
    record Ids(Shape shape, long[] values) {
        /** Returns the numbers of a row, 0 if one serves all examples. */
        int rowSize() {
            return Math.toIntExact(shape.row().size());
        }

        /** Returns where the numbers of an example start. */
        int start(long example) {
            return shape.dim(0) == 1 ? 0 : Math.toIntExact(example * rowSize());
        }
    }

    /**
     * Returns the numbers for each input.
     *
     * @param attributed the attributed inputs
     * @param examples number of examples that a mask for each example has
     * @return one for each input, or an empty list after adding what is wrong
     */
    List<Ids> numbers(List<Inputs.Input> attributed, long examples, Problems problems);

    /**
     * Returns what groups are called, for masks that know.
     *
     * @param attributed the attributed inputs
     * @param examples number of examples that a mask for each example has
     * @param groups how many there are
     * @return one for each group, blank where it has no name; or none
     */
    default List<String> names(List<Inputs.Input> attributed, long examples, int groups) {
        return List.of();
    }

    /** Returns the mask in words. */
    String describe();
}
