// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
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
            references.add(
                    mean(i, input).to(input.dataType()).reshape(input.shape().withRows(1)));
        }
        return references;
    }

    private Tensor mean(int input, Tensor like) {
        return like.tensors().bring(perInput.get(input)).to(DataType.FLOAT64).mean(0);
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
        List<Inputs.Input> attributed = inputs.attributedInputs();
        for (int i = 0; i < Math.min(attributed.size(), perInput.size()); i++) {
            Tensor input = attributed.get(i).tensor();
            if (!input.dataType().isFloating()
                    && perInput.get(i).shape().rank() > 0
                    && perInput.get(i).shape().size() > 0) {
                try (TensorScope scope = TensorScope.open()) {
                    BaselineShapes.requireWhole(
                            attributed.get(i), mean(i, input).toDoubleArray(), problems);
                }
            }
        }
    }

    @Override
    public String describe() {
        return "mean of samples " + BaselineShapes.digest(perInput);
    }
}
