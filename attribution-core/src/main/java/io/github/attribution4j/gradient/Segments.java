// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.internal.numeric.Noise;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A point for each sample of each example, on the segment from a drawn baseline to the noisy input. */
final class Segments implements Rows {
    static final long POSITION = 0x905;

    /** The position of the point on its segment. */
    enum Position {
        START,
        DRAWN,
        END
    }

    private final Evaluator evaluator;
    private final Baseline baseline;
    private final Noise noise;
    private final int samples;
    private final Position position;
    private List<Tensor> differences = List.of();

    Segments(Evaluator evaluator, Baseline baseline, Noise noise, int samples, Position position) {
        this.evaluator = evaluator;
        this.baseline = baseline;
        this.noise = noise;
        this.samples = samples;
        this.position = position;
    }

    /** Returns x̃ − b of the drawn points made last. */
    List<Tensor> differences() {
        return differences;
    }

    @Override
    public long count() {
        return (long) evaluator.examples() * samples;
    }

    @Override
    public long group() {
        return samples;
    }

    @Override
    public long example(long row) {
        return row / samples;
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        int rows = Math.toIntExact(to - from);
        long[] examples = new long[rows];
        long[] draws = new long[rows];
        double[] positions = new double[rows];
        Run run = evaluator.run();
        for (int r = 0; r < rows; r++) {
            examples[r] = (from + r) / samples;
            draws[r] = (from + r) % samples;
            positions[r] =
                    run.random(POSITION, run.exampleKey(examples[r]), draws[r]).nextDouble();
        }
        Inputs inputs = evaluator.inputs();
        List<Tensor> attributed = inputs.attributed();
        List<Tensor> starts = position == Position.END
                ? List.of()
                : baseline.rows(evaluator.inputs(), examples, draws, evaluator.run());
        List<Tensor> points = new ArrayList<>(attributed.size());
        List<Tensor> between = new ArrayList<>(attributed.size());
        for (int i = 0; i < attributed.size(); i++) {
            Tensor input = attributed.get(i);
            if (position == Position.START) {
                points.add(starts.get(i).broadcast(input.shape().withRows(rows)));
                continue;
            }
            Tensor end = noise.addTo(input.select(0, examples), i, examples, draws, run);
            if (position == Position.END) {
                points.add(end);
                continue;
            }
            Tensor difference = end.sub(starts.get(i));
            Tensor along = input.tensors()
                    .of(positions, input.dataType(), input.shape().rowScale(rows));
            points.add(difference.mul(along).add(starts.get(i)));
            between.add(difference);
        }
        differences = between;
        return points;
    }
}
