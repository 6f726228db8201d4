// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** References given as tensors, one row for all examples or one for each. */
record TensorBaseline(List<Tensor> perInput) implements Baseline {
    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        List<Tensor> attributed = inputs.attributed();
        List<Tensor> references = new ArrayList<>(attributed.size());
        long[] sources = Arrays.stream(examples).map(inputs::source).toArray();
        for (int i = 0; i < attributed.size(); i++) {
            Tensor input = attributed.get(i);
            Tensor reference = input.tensors().bring(perInput.get(i)).to(input.dataType());
            references.add(reference.shape().dim(0) == 1 ? reference : reference.select(0, sources));
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
        List<Inputs.Input> attributed = inputs.attributedInputs();
        for (int i = 0; i < Math.min(perInput.size(), attributed.size()); i++) {
            Tensor reference = perInput.get(i);
            if (reference.shape().rank() > 0) {
                long rows = reference.shape().dim(0);
                problems.require(
                        rows == 1 || rows == inputs.sources(),
                        "baseline for input '" + attributed.get(i).name() + "' has " + rows + " rows for "
                                + inputs.sources()
                                + " examples; give one row for all or one for each, or Baseline.samples(...) for a"
                                + " set");
            }
        }
    }

    @Override
    public String describe() {
        return "tensor " + BaselineShapes.digest(perInput);
    }
}
