// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;

/** The rule sets of DeepLIFT. */
final class ComparisonRules {
    private ComparisonRules() {}

    static RuleSet of(boolean revealCancel, double near, boolean unknownAsGradient) {
        BackwardRule rescale = new BackwardRule.Rescale(near);
        RuleSet rules = RuleSet.of(
                        Operation.Selector.kind(Operation.Kind.ACTIVATION),
                        revealCancel ? new BackwardRule.RevealCancel(near) : rescale)
                .rule(
                        Operation.Selector.kind(
                                Operation.Kind.MAX_POOLING,
                                Operation.Kind.SOFTMAX,
                                Operation.Kind.NORMALIZATION,
                                Operation.Kind.RECURRENT,
                                Operation.Kind.PRODUCT),
                        rescale)
                // Linear: multipliers are derivatives.
                .rule(
                        Operation.Selector.kind(
                                Operation.Kind.WEIGHTED, Operation.Kind.LINEAR, Operation.Kind.AVERAGE_POOLING),
                        new BackwardRule.Gradient());
        return unknownAsGradient ? rules.otherwise(new BackwardRule.Gradient()) : rules;
    }
}
