// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One end of each sample's segment, at a layer: the same for all samples of an example, or drawn for each. */
final class SegmentEnds {
    private final LayerRuns runs;
    private final Segments rows;
    private final int samples;
    /** For each attributed input a row for each example, or one for all; nothing if ends are drawn. */
    private final @Nullable List<Tensor> references;

    private @Nullable List<Tensor> atReferences;

    private SegmentEnds(LayerRuns runs, Segments rows, int samples, @Nullable List<Tensor> references) {
        this.runs = runs;
        this.rows = rows;
        this.samples = samples;
        this.references = references;
    }

    static SegmentEnds drawn(LayerRuns runs, Segments rows, int samples) {
        return new SegmentEnds(runs, rows, samples, null);
    }

    static SegmentEnds single(LayerRuns runs, Segments rows, int samples, List<Tensor> references) {
        SegmentEnds ends = new SegmentEnds(runs, rows, samples, references);
        // This must happen now: inside a batch, the tensors would be closed with it.
        ends.atReferences = runs.whole().activations(runs.cut(), runs.whole().rowsOf(references));
        return ends;
    }

    /** Returns for each layer its values for a range of samples. */
    List<Tensor> activations(long from, long to) {
        if (atReferences == null) {
            return runs.whole().activations(runs.cut(), rows.range(from, to));
        }
        long[] examples = new long[Math.toIntExact(to - from)];
        for (int r = 0; r < examples.length; r++) {
            examples[r] = (from + r) / samples;
        }
        return atReferences.stream().map(value -> value.select(0, examples)).toList();
    }

    /** Returns for each example the mean score over samples. */
    double[] meanScores() {
        if (references != null) {
            return runs.whole().scoresAt(references);
        }
        double[] ofRows = runs.whole().scores(rows);
        double[] means = new double[runs.whole().examples()];
        for (int r = 0; r < ofRows.length; r++) {
            means[r / samples] += ofRows[r] / samples;
        }
        return means;
    }
}
