// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.gradient.Step;
import org.jspecify.annotations.Nullable;

/**
 * Guided backpropagation and deconvolution: at an activation, only what is positive of the gradient goes on, times the
 * slope for the former, unchanged for the latter. Everything else passes its derivative.
 */
final class GuidedRules implements Family {
    @Override
    public @Nullable String objection(BackwardRule rule, Operation operation) {
        if (rule instanceof BackwardRule.Gradient) {
            return null;
        }
        return operation.kind() == Operation.Kind.ACTIVATION ? null : "it is for activations";
    }

    /** A recurrent operator with ReLUs inside would apply their plain gradient. */
    @Override
    public boolean derivative(Operation operation) {
        return !operation.name().equals("rnn_relu");
    }

    @Override
    public @Nullable Rule of(Place place, Around around) {
        if (place.rule() instanceof BackwardRule.GuidedRelu) {
            return s -> Derivatives.pass(s, place.group(), positive(s));
        }
        return place.rule() instanceof BackwardRule.DeconvolutionRelu
                ? s -> s.giveBeyond(place.group().source(), positive(s))
                : null;
    }

    private static String positive(Step s) {
        return s.op("Relu", s.g());
    }
}
