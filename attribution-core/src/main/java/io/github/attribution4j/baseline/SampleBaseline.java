// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A set of samples; each draw takes one at random, the same row of every tensor.
 *
 * @param perInput for each attributed input a tensor whose axis 0 counts rows
 * @param shares a weight for each row; they add up to 1. None if all have the same
 * @param summary what the rows are a summary of, in words; blank if they are all of a set
 */
record SampleBaseline(List<Tensor> perInput, List<Double> shares, String summary) implements Baseline {
    private static final long PURPOSE = 0x5A3C;

    static SampleBaseline ofAll(List<Tensor> perInput) {
        return new SampleBaseline(perInput, List.of(), "");
    }

    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        long[] drawn = new long[examples.length];
        for (int r = 0; r < drawn.length; r++) {
            drawn[r] = draw(run.random(PURPOSE, run.exampleKey(examples[r]), samples[r]));
        }
        return select(inputs, drawn);
    }

    private long draw(RandomGenerator random) {
        if (shares.isEmpty()) {
            return random.nextInt(Math.toIntExact(sampleCount()));
        }
        double left = random.nextDouble();
        int at = 0;
        while (at < shares.size() - 1 && left >= shares.get(at)) {
            left -= shares.get(at++);
        }
        return at;
    }

    private List<Tensor> select(Inputs inputs, long[] rows) {
        List<Tensor> attributed = inputs.attributed();
        List<Tensor> references = new ArrayList<>(attributed.size());
        for (int i = 0; i < attributed.size(); i++) {
            Tensor input = attributed.get(i);
            Tensor all = input.tensors().bring(perInput.get(i)).to(input.dataType());
            references.add(rows.length == 0 ? all : all.select(0, rows));
        }
        return references;
    }

    @Override
    public boolean isDistribution() {
        return true;
    }

    @Override
    public long sampleCount() {
        boolean some = !perInput.isEmpty() && perInput.get(0).shape().rank() > 0;
        return some ? perInput.get(0).shape().dim(0) : 0;
    }

    @Override
    public List<Tensor> samples(Inputs inputs, Run run) {
        return select(inputs, new long[0]);
    }

    @Override
    public double[] weights() {
        return shares.stream().mapToDouble(Double::doubleValue).toArray();
    }

    @Override
    public void check(Inputs inputs, Problems problems) {
        BaselineShapes.check(perInput, inputs, problems);
        long size = -1;
        for (Tensor samples : perInput) {
            if (samples.shape().rank() > 0) {
                long rows = samples.shape().dim(0);
                problems.require(rows > 0, "baseline samples: a tensor of shape " + samples.shape() + " has no rows");
                problems.require(
                        size < 0 || size == rows,
                        "baseline samples: " + rows + " rows in one tensor and " + size
                                + " in another; a sample is one row of each");
                size = rows;
            }
        }
    }

    @Override
    public String describe() {
        return summary.isEmpty() ? "samples " + BaselineShapes.digest(perInput) : summary;
    }
}
