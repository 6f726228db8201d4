// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.evaluation.SampleRange;
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
    private final GradientShap.Positions positions;
    private final SampleRange range;
    private final Position position;
    private List<Tensor> differences = List.of();

    Segments(
            Evaluator evaluator,
            Baseline baseline,
            Noise noise,
            GradientShap.Positions positions,
            SampleRange range,
            Position position) {
        this.evaluator = evaluator;
        this.baseline = baseline;
        this.noise = noise;
        this.positions = positions;
        this.range = range;
        this.position = position;
    }

    /** Returns x̃ − b of the drawn points made last. */
    List<Tensor> differences() {
        return differences;
    }

    @Override
    public long count() {
        return range.count();
    }

    @Override
    public long group() {
        return range.group();
    }

    @Override
    public long example(long row) {
        return range.example(row);
    }

    @Override
    public List<Tensor> attributed(long from, long to) {
        int rows = Math.toIntExact(to - from);
        long[] examples = range.examples(from, to);
        long[] draws = range.samples(from, to);
        double[] drawn = new double[rows];
        Run run = evaluator.run();
        for (int r = 0; r < rows; r++) {
            drawn[r] = position(run, examples[r], draws[r]);
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
            Tensor along =
                    input.tensors().of(drawn, input.dataType(), input.shape().rowScale(rows));
            points.add(difference.mul(along).add(starts.get(i)));
            between.add(difference);
        }
        differences = between;
        return points;
    }

    private double position(Run run, long example, long draw) {
        if (positions == GradientShap.Positions.RANDOM) {
            return run.random(POSITION, run.exampleKey(example), draw).nextDouble();
        }
        double sum = run.random(POSITION, run.exampleKey(example)).nextDouble() + vanDerCorput(draw);
        return sum < 1 ? sum : sum - 1;
    }

    /** Returns a number's binary digits mirrored at the point: 0, 1/2, 1/4, 3/4, 1/8, ... */
    private static double vanDerCorput(long number) {
        return (Long.reverse(number) >>> 11) * 0x1p-53;
    }
}
