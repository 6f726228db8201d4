// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Evaluator;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.GradientAttribution;
import io.github.attribution4j.Run;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;
import java.util.Map;

/**
 * The gradient of the score with respect to the input, by default its absolute value: how strongly the score reacts to a
 * small change of each element.
 *
 * <p>Attribution: |∂F(x)/∂x|, or ∂F(x)/∂x when signed; shape and type of the input. It does not claim completeness.
 *
 * <p><b>Cost.</b> One forward and one backward row for each example.
 *
 * <p><b>Paper.</b> Simonyan, Vedaldi and Zisserman, <i>Deep Inside Convolutional Networks</i>, 2013.
 *
 * <p>Equal to Captum's {@code Saliency}, whose default is absolute too. Setting: {@code absolute}.
 *
 * @param absolute whether the sign is dropped
 */
public record Saliency(boolean absolute) implements GradientAttribution {
    /** Creates the method with absolute values. */
    public Saliency() {
        this(true);
    }

    /** Returns the method that keeps the sign: the gradient itself. */
    public static Saliency signed() {
        return new Saliency(false);
    }

    @Override
    public Explanation attribute(DifferentiableModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
            List<Tensor> gradients = InputGradients.of(evaluator);
            return evaluator
                    .explain(absolute ? gradients.stream().map(Tensor::abs).toList() : gradients)
                    .build();
        }
    }

    @Override
    public String name() {
        return "saliency";
    }

    @Override
    public Map<String, Object> settings() {
        return Map.of("absolute", absolute);
    }
}
