// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** What stands for absent groups: one reference for each example, or a weighted set of samples for all. */
final class Background implements Filling {
    /** Other examples stand in, which the method names. */
    static final Background NONE = new Background(List.of(), 0, new double[0]);

    /** For each attributed input: one row or one for each example; or the samples. */
    private final List<Tensor> rows;

    private final int size;
    /** One for each sample; they add up to 1. None for a single reference. */
    private final double[] weights;

    Background(List<Tensor> rows, int size, double[] weights) {
        this.rows = rows;
        this.size = size;
        this.weights = weights;
    }

    static Background of(Baseline baseline, Evaluator evaluator) {
        int samples = Math.toIntExact(baseline.sampleCount());
        if (samples == 0) {
            return new Background(baseline.references(evaluator.inputs(), evaluator.run()), 1, new double[0]);
        }
        double[] weights = baseline.weights();
        if (weights.length == 0) {
            weights = new double[samples];
            Arrays.fill(weights, 1.0 / samples);
        }
        return new Background(baseline.samples(evaluator.inputs(), evaluator.run()), samples, weights);
    }

    /** Returns the rows of a coalition: the samples. */
    int size() {
        return size;
    }

    @Override
    public Tensor rows(int input, long[] examples, int[] coalitions, long[] samples) {
        return isSingle()
                ? Rows.ofExamples(rows.get(input), examples)
                : rows.get(input).select(0, samples);
    }

    /** Returns the weighted mean of the scores of all samples, which start at {@code from}. */
    double mean(double[] scores, int from) {
        double mean = 0;
        for (int sample = 0; sample < size; sample++) {
            mean += weights[sample] * scores[from + sample];
        }
        return mean;
    }

    /** Returns whether this is one reference for each example. */
    boolean isSingle() {
        return weights.length == 0;
    }

    /** Returns for each attributed input the references or the samples. */
    List<Tensor> tensors() {
        return rows;
    }

    double weight(int sample) {
        return isSingle() ? 1 : weights[sample];
    }
}
