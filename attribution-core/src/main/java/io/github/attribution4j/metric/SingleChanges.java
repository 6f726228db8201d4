// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.mask.Filling;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** How much the score of an example changes while one group after the other is replaced by a baseline. */
final class SingleChanges {
    private final Baseline baseline;
    private final int draws;

    /**
     * Prepares it.
     *
     * @param baseline one reference, a set of samples, all of which are used, or a distribution
     * @param ofDistribution how many draws of a distribution that is no set
     */
    SingleChanges(Baseline baseline, int ofDistribution) {
        this.baseline = baseline;
        int listed = Math.toIntExact(baseline.sampleCount());
        draws = listed > 0 ? listed : baseline.isDistribution() ? ofDistribution : 1;
    }

    /**
     * Returns for each group of each example the mean of (F(x) − F(x with the group replaced))² over the samples, by
     * their weights. A forward row for each group and sample, and one for each example.
     */
    double[][] meanSquares(Coalitions coalitions) {
        double[][] replaced = coalitions.scores(
                example -> Math.multiplyExact(coalitions.groups(example), draws),
                (example, row, kept) -> {
                    Arrays.fill(kept, true);
                    kept[row / draws] = false;
                },
                filling(coalitions.evaluator()));
        double[] full = coalitions.scores();
        double[] weights = baseline.weights();
        double[][] means = new double[full.length][];
        for (int example = 0; example < means.length; example++) {
            means[example] = new double[replaced[example].length / draws];
            for (int row = 0; row < replaced[example].length; row++) {
                double change = full[example] - replaced[example][row];
                double weight = weights.length == 0 ? 1.0 / draws : weights[row % draws];
                means[example][row / draws] += weight * change * change;
            }
        }
        return means;
    }

    private Filling filling(Evaluator evaluator) {
        List<Tensor> listed = baseline.samples(evaluator.inputs(), evaluator.run());
        return (input, examples, coalitions, samples) -> {
            long[] drawn = Arrays.stream(coalitions)
                    .mapToLong(coalition -> coalition % draws)
                    .toArray();
            return listed.isEmpty()
                    ? baseline.rows(evaluator.inputs(), examples, drawn, evaluator.run())
                            .get(input)
                    : listed.get(input).select(0, drawn);
        };
    }
}
