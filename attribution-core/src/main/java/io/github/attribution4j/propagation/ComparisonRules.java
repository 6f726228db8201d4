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
package io.github.attribution4j.propagation;

import io.github.attribution4j.model.BackwardRule;
import io.github.attribution4j.model.OperationKind;
import io.github.attribution4j.model.OperationSelector;
import io.github.attribution4j.model.RuleSet;

/** The rule sets of DeepLIFT. */
final class ComparisonRules {
    private ComparisonRules() {}

    static RuleSet of(boolean revealCancel, double near, boolean unknownAsGradient) {
        BackwardRule rescale = new BackwardRule.Rescale(near);
        RuleSet.Builder rules = RuleSet.builder()
                .rule(
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
        return unknownAsGradient ? rules.otherwise(new BackwardRule.Gradient()).build() : rules.build();
    }
}
