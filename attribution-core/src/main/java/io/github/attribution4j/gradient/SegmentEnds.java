// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.evaluation.SampleRange;
import io.github.attribution4j.evaluation.SampledMoments;
import io.github.attribution4j.evaluation.SampledMoments.Drawn;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One end of each sample's segment, at a layer: the same for all samples of an example, or drawn for each. */
final class SegmentEnds {
    private final LayerRuns runs;
    private final String name;
    /** The ends of samples; of a single end, its rows. */
    private final Function<SampleRange, Rows> rows;
    /** For each attributed input a row for each example, or one for all; nothing if ends are drawn. */
    private final @Nullable List<Tensor> references;

    private @Nullable List<Tensor> atReferences;

    private SegmentEnds(
            LayerRuns runs, String name, Function<SampleRange, Rows> rows, @Nullable List<Tensor> references) {
        this.runs = runs;
        this.name = name;
        this.rows = rows;
        this.references = references;
    }

    /**
     * Returns ends that are drawn.
     *
     * @param name tells their scores from those of other ends
     * @param rows returns the ends of samples
     */
    static SegmentEnds drawn(LayerRuns runs, String name, Function<SampleRange, Rows> rows) {
        return new SegmentEnds(runs, name, rows, null);
    }

    static SegmentEnds single(LayerRuns runs, String name, List<Tensor> references) {
        Rows once = runs.whole().rowsOf(references);
        SegmentEnds ends = new SegmentEnds(runs, name, range -> once, references);
        // This must happen now: inside a batch, the tensors would be closed with it.
        ends.atReferences = runs.whole().activations(runs.cut(), once);
        return ends;
    }

    /** Returns for each layer its values for some rows of a range of samples. */
    List<Tensor> activations(SampleRange range, long from, long to) {
        if (atReferences == null) {
            return runs.whole().activations(runs.cut(), rows.apply(range).range(from, to));
        }
        long[] examples = range.examples(from, to);
        return atReferences.stream().map(value -> value.select(0, examples)).toList();
    }

    /** Evaluates the scores of samples, if they are not known. */
    void score(SampleRange range, Drawn drawn) {
        if (references == null) {
            drawn.number(name, 0, runs.whole().scores(rows.apply(range)));
        }
    }

    /** Returns for each example the mean score over samples. */
    double[] meanScores(SampledMoments moments) {
        return references == null
                ? moments.mean(name).orElseThrow()
                : runs.whole().scoresAt(references);
    }
}
