/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j;

import io.github.attribution4j.model.Inputs;
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
