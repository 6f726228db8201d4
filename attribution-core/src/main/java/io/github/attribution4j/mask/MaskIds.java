// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import java.util.Arrays;
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
     * @param attributed the attributed inputs that the mask is for
     * @param inputs all inputs; a mask for each example has {@link Inputs#sources} rows
     * @return one for each input, or an empty list after adding what is wrong
     */
    List<Ids> numbers(List<Inputs.Input> attributed, Inputs inputs, Problems problems);

    /**
     * Returns what groups are called, for masks that know.
     *
     * @param attributed the attributed inputs that the mask is for
     * @param inputs all inputs
     * @param groups how many there are, the largest number of any example
     * @return a name for each group, blank where it has none: none, one list for all examples, or one for each row of
     *     the numbers
     */
    default List<List<String>> names(List<Inputs.Input> attributed, Inputs inputs, int groups) {
        return List.of();
    }

    /** Returns for each row of numbers one of the rows of inputs that it is for, -1 if it is for none of them. */
    static int[] rows(Inputs inputs) {
        int[] rows = new int[Math.toIntExact(inputs.sources())];
        Arrays.fill(rows, -1);
        for (int row = Math.toIntExact(inputs.rows()) - 1; row >= 0; row--) {
            rows[Math.toIntExact(inputs.source(row))] = row;
        }
        return rows;
    }

    /** Returns the mask in words. */
    String describe();
}
