// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.OperationKind;
import io.github.attribution4j.model.rule.OperationSelector;
import io.github.attribution4j.model.rule.RuleSet;

/** The rule sets of DeepLIFT. */
final class ComparisonRules {
    private ComparisonRules() {}

    static RuleSet of(boolean revealCancel, double near, boolean unknownAsGradient) {
        BackwardRule rescale = new BackwardRule.Rescale(near);
        RuleSet rules = RuleSet.of(
                        OperationSelector.kind(OperationKind.ACTIVATION),
                        revealCancel ? new BackwardRule.RevealCancel(near) : rescale)
                .rule(
                        OperationSelector.kind(
                                OperationKind.MAX_POOLING,
                                OperationKind.SOFTMAX,
                                OperationKind.NORMALIZATION,
                                OperationKind.RECURRENT,
                                OperationKind.PRODUCT),
                        rescale)
                // Linear: multipliers are derivatives.
                .rule(
                        OperationSelector.kind(
                                OperationKind.WEIGHTED, OperationKind.LINEAR, OperationKind.AVERAGE_POOLING),
                        new BackwardRule.Gradient());
        return unknownAsGradient ? rules.otherwise(new BackwardRule.Gradient()) : rules;
    }
}
