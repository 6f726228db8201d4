// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.internal.RowIndex;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows that are the example within a coalition of groups and something else, such as its baseline, outside. A coalition
 * has a row for each of the things that stand outside. Rows of whole coalitions are made as one block.
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
    public long[] examples(long from, long to) {
        long[] examples = new long[Math.toIntExact(to - from)];
        for (long row = from; row < to; ) {
            long next = Math.min(to, row - row % repeats + repeats);
            Arrays.fill(examples, (int) (row - from), (int) (next - from), example(row));
            row = next;
        }
        return examples;
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        long first = from / repeats;
        int coalitions = Math.toIntExact((to - 1) / repeats + 1 - first);
        long[] examples = new long[coalitions];
        int[] local = new int[coalitions];
        boolean[][] keep = new boolean[groups.inputs()][];
        for (int input = 0; input < keep.length; input++) {
            keep[input] = new boolean[Math.multiplyExact(coalitions, groups.rowSize(input))];
        }
        boolean[] kept = new boolean[groups.most()];
        for (int c = 0; c < coalitions; c++) {
            int example = index.example(first + c);
            examples[c] = example;
            local[c] = Math.toIntExact(first + c - index.start(example));
            Arrays.fill(kept, false);
            keeping.fill(example, local[c], kept);
            for (int input = 0; input < keep.length; input++) {
                groups.gather(input, example, kept, keep[input], c * groups.rowSize(input));
            }
        }
        List<Tensor> attributed = new ArrayList<>();
        for (int input = 0; input < keep.length; input++) {
            Tensor present = Rows.ofExamples(inputs.attributed().get(input), examples);
            Tensor mask = present.tensors().of(keep[input], groups.shape(input, coalitions));
            attributed.add(
                    absent instanceof Background background && !background.isSingle()
                            ? blocks(mask, present, background.tensors().get(input), from, to)
                            : filled(input, mask, local, from, to));
        }
        return attributed;
    }

    /** Returns a range of rows, each filled by itself. */
    private Tensor filled(int input, Tensor mask, int[] local, long from, long to) {
        int rows = Math.toIntExact(to - from);
        long first = from / repeats;
        long[] coalitions = new long[rows];
        int[] numbers = new int[rows];
        long[] samples = new long[rows];
        for (int r = 0; r < rows; r++) {
            coalitions[r] = (from + r) / repeats - first;
            numbers[r] = local[(int) coalitions[r]];
            samples[r] = (from + r) % repeats;
        }
        long[] of = examples(from, to);
        Tensor given = Rows.ofExamples(inputs.attributed().get(input), of);
        return (repeats == 1 ? mask : mask.select(0, coalitions))
                .where(given, absent.rows(input, of, numbers, samples));
    }

    /** Returns a range of the rows of coalitions: the last of one, whole ones, and the first of another. */
    private Tensor blocks(Tensor mask, Tensor present, Tensor outside, long from, long to) {
        long first = from / repeats;
        List<Tensor> blocks = new ArrayList<>();
        long row = from;
        while (row < to) {
            long within = row % repeats;
            long whole = (to - row) / repeats;
            boolean several = within == 0 && whole > 0;
            long end = several ? row + whole * repeats : Math.min(to, row - within + repeats);
            long coalition = row / repeats - first;
            long behind = (end - 1) / repeats + 1 - first;
            blocks.add(block(
                    mask.rows(coalition, behind),
                    present.shape().dim(0) == 1 ? present : present.rows(coalition, behind),
                    several ? outside : outside.rows(within, within + end - row)));
            row = end;
        }
        return Rows.Collected.join(blocks);
    }

    /** Returns each coalition beside each row that stands outside. */
    private static Tensor block(Tensor mask, Tensor present, Tensor outside) {
        long rows = mask.shape().dim(0) * outside.shape().dim(0);
        return spread(mask)
                .where(spread(present), outside.reshape(outside.shape().prepend(1)))
                .reshape(outside.shape().withRows(rows));
    }

    private static Tensor spread(Tensor perCoalition) {
        Shape shape = perCoalition.shape();
        return perCoalition.reshape(shape.row().prepend(1).prepend(shape.dim(0)));
    }
}
