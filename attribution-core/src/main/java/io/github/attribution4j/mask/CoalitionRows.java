// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.internal.RowIndex;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows that are the example within a coalition of groups and something else, such as its baseline, outside. A coalition
 * has a row for each of the things that stand outside.
 */
final class CoalitionRows implements Rows {
    private final Inputs inputs;
    private final Filling absent;
    private final Groups groups;
    private final RowIndex index;
    private final int repeats;
    private final Coalitions.Keeping keeping;

    /**
     * Creates rows.
     *
     * @param index the coalitions
     * @param repeats rows of each coalition
     */
    CoalitionRows(
            Inputs inputs, Filling absent, Groups groups, RowIndex index, int repeats, Coalitions.Keeping keeping) {
        this.inputs = inputs;
        this.absent = absent;
        this.groups = groups;
        this.index = index;
        this.repeats = repeats;
        this.keeping = keeping;
    }

    @Override
    public long count() {
        return index.count() * repeats;
    }

    @Override
    public long example(long row) {
        return index.example(row / repeats);
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        int rows = Math.toIntExact(to - from);
        long[] examples = new long[rows];
        int[] local = new int[rows];
        long[] others = new long[rows];
        boolean[][] keep = new boolean[groups.inputs()][];
        for (int input = 0; input < keep.length; input++) {
            keep[input] = new boolean[Math.multiplyExact(rows, groups.rowSize(input))];
        }
        boolean[] kept = new boolean[groups.most()];
        for (int r = 0; r < rows; r++) {
            long row = from + r;
            others[r] = row % repeats;
            // The coalition of the row before, with another sample outside.
            boolean again = r > 0 && others[r] > 0;
            int example = again ? (int) examples[r - 1] : index.example(row / repeats);
            examples[r] = example;
            local[r] = again ? local[r - 1] : index.local(row / repeats);
            if (!again) {
                Arrays.fill(kept, false);
                keeping.fill(example, local[r], kept);
            }
            for (int input = 0; input < keep.length; input++) {
                int size = groups.rowSize(input);
                if (again) {
                    System.arraycopy(keep[input], (r - 1) * size, keep[input], r * size, size);
                } else {
                    groups.gather(input, example, kept, keep[input], r * size);
                }
            }
        }
        List<Tensor> attributed = new ArrayList<>();
        for (int input = 0; input < keep.length; input++) {
            Tensor present = inputs.attributed().get(input);
            Tensor mask = present.tensors().of(keep[input], groups.shape(input, rows));
            attributed.add(mask.where(Rows.ofExamples(present, examples), absent.rows(input, examples, local, others)));
        }
        return attributed;
    }
}
