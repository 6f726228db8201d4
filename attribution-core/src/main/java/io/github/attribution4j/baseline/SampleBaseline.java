// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A set of samples; each draw takes one at random, the same row of every tensor. */
record SampleBaseline(List<Tensor> perInput) implements Baseline {
    private static final long PURPOSE = 0x5A3C;

    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        int size = Math.toIntExact(perInput.get(0).shape().dim(0));
        long[] drawn = new long[examples.length];
        for (int r = 0; r < drawn.length; r++) {
            drawn[r] =
                    run.random(PURPOSE, run.exampleKey(examples[r]), samples[r]).nextInt(size);
        }
        List<Tensor> attributed = inputs.attributed();
        List<Tensor> references = new ArrayList<>(attributed.size());
        for (int i = 0; i < attributed.size(); i++) {
            Tensor input = attributed.get(i);
            references.add(
                    input.tensors().bring(perInput.get(i)).to(input.dataType()).select(0, drawn));
        }
        return references;
    }

    @Override
    public boolean isDistribution() {
        return true;
    }

    @Override
    public List<Tensor> samples() {
        return perInput;
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
        return "samples " + BaselineShapes.digest(perInput);
    }
}
