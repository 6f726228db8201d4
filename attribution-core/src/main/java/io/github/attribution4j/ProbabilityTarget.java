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

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Softmax probability of a class: p = exp(z_c) / Σ exp(z), ∂p/∂z_j = p (δ_cj − p_j). */
record ProbabilityTarget(long index) implements Target {
    @Override
    public Tensor score(Tensor output, long[] examples) {
        return softmax(output).pick(classes(examples));
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        Tensor probabilities = softmax(output);
        Tensor chosen = probabilities.pick(classes(examples)).reshape(examples.length, 1);
        Tensor indicator = output.tensors()
                .of(classes(examples), examples.length)
                .oneHot(output.shape().dim(1), output.dataType());
        return indicator.sub(probabilities).mul(chosen);
    }

    private static Tensor softmax(Tensor logits) {
        long rows = logits.shape().dim(0);
        Tensor raised = logits.sub(logits.max(1).reshape(rows, 1)).exp();
        return raised.div(raised.sum(1).reshape(rows, 1));
    }

    private long[] classes(long[] examples) {
        long[] classes = new long[examples.length];
        Arrays.fill(classes, index);
        return classes;
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        if (output.rank() != 2) {
            problems.add("target probability " + index
                    + " needs logits of shape (rows, classes), and the model's output " + "has shape " + output);
        } else {
            Target.index(index).check(output, examples, problems);
        }
    }

    @Override
    public List<String> words(List<String> classes) {
        return List.of(index < classes.size() ? "probability of '" + classes.get((int) index) + "'" : describe());
    }

    @Override
    public String describe() {
        return "probability of " + index;
    }
}
