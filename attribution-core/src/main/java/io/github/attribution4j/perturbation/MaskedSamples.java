// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.internal.RowIndex;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Rows that are the example under random masks: m ∘ x + (1 − m) ∘ b. */
final class MaskedSamples implements Rows {
    private final Evaluator evaluator;
    private final List<Tensor> references;
    private final RandomMasks masks;
    private final int[] first;
    private final RowIndex index;

    /**
     * Creates them.
     *
     * @param evaluator has the inputs
     * @param references b: for each attributed input one row, or one for each example
     * @param first for each example the number of its first mask
     * @param end for each example the number behind that of its last mask
     */
    MaskedSamples(Evaluator evaluator, List<Tensor> references, RandomMasks masks, int[] first, int[] end) {
        this.evaluator = evaluator;
        this.references = references;
        this.masks = masks;
        this.first = first;
        this.index = RowIndex.of(first.length, example -> end[example] - first[example]);
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
        double[][] drawn = masks.arrays(rows);
        for (int r = 0; r < rows; r++) {
            int example = index.example(from + r);
            examples[r] = example;
            masks.draw(example, first[example] + index.local(from + r), drawn, r);
        }
        List<Tensor> attributed = new ArrayList<>();
        for (int input = 0; input < drawn.length; input++) {
            Tensor whole = evaluator.inputs().attributed().get(input);
            Tensor present = Rows.ofExamples(whole, examples);
            Tensor absent = Rows.ofExamples(references.get(input), examples);
            Tensor mask = present.tensors()
                    .of(drawn[input], whole.dataType(), masks.grids().get(input).shape(rows));
            // Not b + m (x − b), which rounds where the mask is 1.
            attributed.add(present.mul(mask).add(absent.mul(mask.mul(-1).add(1))));
        }
        return attributed;
    }
}
