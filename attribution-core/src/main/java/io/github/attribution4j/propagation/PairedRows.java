// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.stream.LongStream;

/** One side of the pairs of every example with each of its references, example after example. */
final class PairedRows implements Rows {
    private final Evaluator evaluator;
    private final Baseline baseline;
    private final List<Tensor> listed;
    private final int references;
    private final boolean atReference;

    private PairedRows(
            Evaluator evaluator, Baseline baseline, List<Tensor> listed, int references, boolean atReference) {
        this.evaluator = evaluator;
        this.baseline = baseline;
        this.listed = listed;
        this.references = references;
        this.atReference = atReference;
    }

    /**
     * Returns the examples, each repeated for each of its references.
     *
     * @param draws how many references are drawn for each example, where the baseline does not list all
     */
    static PairedRows of(Evaluator evaluator, Baseline baseline, int draws) {
        // Weighted samples are drawn by their weights: the mean here is over rows that count the same.
        List<Tensor> listed =
                baseline.weights().length == 0 ? baseline.samples(evaluator.inputs(), evaluator.run()) : List.of();
        int references = listed.isEmpty()
                ? baseline.isDistribution() ? draws : 1
                : Math.toIntExact(listed.get(0).shape().dim(0));
        return new PairedRows(evaluator, baseline, listed, references, false);
    }

    /** Returns the references, in the order of the pairs. */
    PairedRows references() {
        return new PairedRows(evaluator, baseline, listed, references, true);
    }

    @Override
    public long count() {
        return (long) references * evaluator.examples();
    }

    @Override
    public long group() {
        return references;
    }

    @Override
    public long example(long row) {
        return row / references;
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        long[] examples =
                LongStream.range(from, to).map(row -> row / references).toArray();
        long[] numbers = LongStream.range(from, to).map(row -> row % references).toArray();
        if (!atReference) {
            return evaluator.inputs().attributed().stream()
                    .map(tensor -> tensor.select(0, examples))
                    .toList();
        }
        return listed.isEmpty()
                ? baseline.rows(evaluator.inputs(), examples, numbers, evaluator.run()).stream()
                        .map(tensor -> tensor.broadcast(tensor.shape().withRows(to - from)))
                        .toList()
                : listed.stream().map(tensor -> tensor.select(0, numbers)).toList();
    }
}
