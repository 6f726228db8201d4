// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A method whose attribution is a given tensor, which stays the caller's. */
public record Given(Tensor attribution) implements Attribution.Forward {
    /** Returns one of a row for each example, in the current scope. */
    public static Given of(double[]... rows) {
        double[] all = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
        return new Given(Tensors.ofJava().of(all, Shape.of(rows.length, rows[0].length)));
    }

    @Override
    public String name() {
        return "given";
    }

    @Override
    public Map<String, Object> settings() {
        return Map.of();
    }

    @Override
    public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
        try (TensorScope own = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
            return Explanation.of(evaluator, Outcome.of(List.of(attribution.alias())));
        }
    }
}
