// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import org.jspecify.annotations.Nullable;

/** DeepLIFT. */
final class ComparisonRules implements Family {
    @Override
    public @Nullable String objection(BackwardRule rule, Operation operation) {
        throw new UnsupportedModelException("this engine has no rules that compare with a reference (DeepLIFT);"
                + " use a gradient method, LRP, or one that perturbs");
    }

    @Override
    public @Nullable Rule of(Place place, Around around) {
        return null;
    }
}
