// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One number for every element, per attributed input. */
final class ConstantBaseline implements Baseline {
    private final double[] perInput;

    ConstantBaseline(double[] perInput) {
        this.perInput = perInput.clone();
    }

    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        List<Tensor> attributed = inputs.attributed();
        List<Tensor> references = new ArrayList<>(attributed.size());
        for (int i = 0; i < attributed.size(); i++) {
            Tensor input = attributed.get(i);
            double value = perInput[perInput.length == 1 ? 0 : i];
            references.add(input.tensors().full(input.shape().withRows(1), input.dataType(), value));
        }
        return references;
    }

    @Override
    public boolean isDistribution() {
        return false;
    }

    @Override
    public void check(Inputs inputs, Problems problems) {
        int wanted = inputs.attributed().size();
        problems.require(
                perInput.length == 1 || perInput.length == wanted,
                "baseline " + describe() + ": " + perInput.length + " numbers for " + wanted
                        + " attributed inputs; give one for all, or one for each");
        for (double value : perInput) {
            problems.require(
                    Double.isFinite(value) || (Double.isNaN(value) && inputs.allowsMissing()),
                    "baseline " + describe() + ": " + value + " is not finite");
        }
        for (int i = 0; i < wanted && (perInput.length == 1 || perInput.length == wanted); i++) {
            double value = perInput[perInput.length == 1 ? 0 : i];
            BaselineShapes.requireWhole(inputs.attributedInputs().get(i), new double[] {value}, problems);
        }
    }

    @Override
    public String describe() {
        return perInput.length == 1 ? Double.toString(perInput[0]) : Arrays.toString(perInput);
    }

    @Override
    public String toString() {
        return describe();
    }
}
