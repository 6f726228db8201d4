// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Rows that are the example under random masks: m ∘ x + (1 − m) ∘ b. A mask follows from its example and sample alone,
 * so it is drawn again whenever it is needed, and never kept.
 */
final class MaskedSamples implements Rows {
    private static final long PURPOSE = 0x215E;

    private final Evaluator evaluator;
    private final List<Tensor> references;
    private final List<RandomGrid> grids;
    private final int samples;
    private final double keep;

    /**
     * Creates them.
     *
     * @param evaluator has the inputs, and the run that random numbers come from
     * @param references b: for each attributed input one row, or one for each example
     * @param grids one for each attributed input
     * @param samples masks for each example
     * @param keep probability that a cell is 1
     */
    MaskedSamples(Evaluator evaluator, List<Tensor> references, List<RandomGrid> grids, int samples, double keep) {
        this.evaluator = evaluator;
        this.references = references;
        this.grids = grids;
        this.samples = samples;
        this.keep = keep;
    }

    @Override
    public long count() {
        return (long) evaluator.examples() * samples;
    }

    @Override
    public long example(long row) {
        return row / samples;
    }

    /**
     * Draws the masks of a row.
     *
     * @param into for each attributed input an array that takes them
     * @param place number of this mask in those arrays
     */
    void draw(long row, double[][] into, int place) {
        Run run = evaluator.run();
        RandomGenerator random = run.random(PURPOSE, run.exampleKey(example(row)), row % samples);
        for (int input = 0; input < into.length; input++) {
            RandomGrid grid = grids.get(input);
            grid.draw(random, keep, into[input], place * grid.size());
        }
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        int rows = Math.toIntExact(to - from);
        long[] examples = new long[rows];
        double[][] masks = new double[grids.size()][];
        for (int input = 0; input < masks.length; input++) {
            masks[input] = new double[Math.multiplyExact(rows, grids.get(input).size())];
        }
        for (int r = 0; r < rows; r++) {
            examples[r] = example(from + r);
            draw(from + r, masks, r);
        }
        List<Tensor> attributed = new ArrayList<>();
        for (int input = 0; input < masks.length; input++) {
            Tensor whole = evaluator.inputs().attributed().get(input);
            Tensor present = Rows.ofExamples(whole, examples);
            Tensor absent = Rows.ofExamples(references.get(input), examples);
            Tensor mask = present.tensors()
                    .of(masks[input], whole.dataType(), grids.get(input).shape(rows));
            // Not b + m (x − b), which rounds where the mask is 1.
            attributed.add(present.mul(mask).add(absent.mul(mask.mul(-1).add(1))));
        }
        return attributed;
    }
}
