// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows that are the example within a coalition of groups and something else, such as its baseline, outside. */
final class CoalitionRows implements Rows {
    /** Says which groups a row keeps. */
    interface Coalitions {
        /**
         * Fills in a coalition.
         *
         * @param example the example
         * @param local the how manieth row of the example
         * @param kept takes for each group whether it is kept; {@code false} everywhere before
         */
        void fill(int example, int local, boolean[] kept);
    }

    /** Says what stands outside of coalitions. */
    interface Absent {
        /**
         * Returns the values of absent groups.
         *
         * @param input the attributed input
         * @param examples for each evaluated row its example
         * @param local for each evaluated row, the how manieth of its example it is
         * @return one row for each, or one that serves all
         */
        Tensor rows(int input, long[] examples, int[] local);
    }

    private final Inputs inputs;
    private final Absent absent;
    private final Groups groups;
    private final RowIndex index;
    private final Coalitions coalitions;

    CoalitionRows(Inputs inputs, Absent absent, Groups groups, RowIndex index, Coalitions coalitions) {
        this.inputs = inputs;
        this.absent = absent;
        this.groups = groups;
        this.index = index;
        this.coalitions = coalitions;
    }

    @Override
    public long count() {
        return index.count();
    }

    @Override
    public long example(long row) {
        return index.example(row);
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        int rows = Math.toIntExact(to - from);
        long[] examples = new long[rows];
        int[] local = new int[rows];
        boolean[][] keep = new boolean[groups.inputs()][];
        for (int input = 0; input < keep.length; input++) {
            keep[input] = new boolean[Math.multiplyExact(rows, groups.rowSize(input))];
        }
        boolean[] kept = new boolean[groups.most()];
        for (int r = 0; r < rows; r++) {
            int example = index.example(from + r);
            examples[r] = example;
            local[r] = index.local(from + r);
            Arrays.fill(kept, false);
            coalitions.fill(example, local[r], kept);
            for (int input = 0; input < keep.length; input++) {
                groups.gather(input, example, kept, keep[input], r * groups.rowSize(input));
            }
        }
        List<Tensor> attributed = new ArrayList<>();
        for (int input = 0; input < keep.length; input++) {
            Tensor present = inputs.attributed().get(input);
            Tensor mask = present.tensors().of(keep[input], groups.shape(input, rows));
            attributed.add(mask.where(rowsOf(present, examples), absent.rows(input, examples, local)));
        }
        return attributed;
    }

    /** Returns for each evaluated row the row of its example; one row where it serves all. */
    static Tensor rowsOf(Tensor perExample, long... examples) {
        if (perExample.shape().dim(0) == 1) {
            return perExample;
        }
        if (examples[0] == examples[examples.length - 1]) {
            return perExample.rows(examples[0], examples[0] + 1);
        }
        return perExample.select(0, examples);
    }
}
