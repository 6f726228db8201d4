// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** The mean of a set of samples, computed in float64. */
record MeanBaseline(List<Tensor> perInput) implements Baseline {
    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        List<Tensor> attributed = inputs.attributed();
        List<Tensor> references = new ArrayList<>(attributed.size());
        for (int i = 0; i < attributed.size(); i++) {
            Tensor input = attributed.get(i);
            references.add(input.tensors()
                    .bring(perInput.get(i))
                    .to(DataType.FLOAT64)
                    .mean(0)
                    .to(input.dataType())
                    .reshape(input.shape().withRows(1)));
        }
        return references;
    }

    @Override
    public boolean isDistribution() {
        return false;
    }

    @Override
    public void check(Inputs inputs, Problems problems) {
        BaselineShapes.check(perInput, inputs, problems);
        for (Tensor samples : perInput) {
            problems.require(
                    samples.shape().rank() > 0 && samples.shape().dim(0) > 0,
                    "baseline mean: a tensor of shape " + samples.shape() + " has no rows to take the mean of");
        }
    }

    @Override
    public String describe() {
        return "mean of samples " + BaselineShapes.digest(perInput);
    }
}
