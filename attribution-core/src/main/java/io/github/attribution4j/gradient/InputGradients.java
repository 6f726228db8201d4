// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Evaluator;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** The gradient at the explained inputs themselves. */
final class InputGradients {
    private InputGradients() {}

    /** Returns for each attributed input the gradient of each example, owned by the current scope. */
    static List<Tensor> of(Evaluator evaluator) {
        List<List<Tensor>> parts = new ArrayList<>();
        evaluator.gradientsAtInputs((batch, from, to, scores, gradients) -> parts.add(batch.keepAll(gradients)));
        if (parts.size() == 1) {
            return parts.get(0);
        }
        List<Tensor> joined = new ArrayList<>();
        for (int i = 0; i < parts.get(0).size(); i++) {
            int input = i;
            List<Tensor> ofInput = parts.stream().map(part -> part.get(input)).toList();
            joined.add(ofInput.get(0).tensors().concat(ofInput, 0));
        }
        return joined;
    }
}
