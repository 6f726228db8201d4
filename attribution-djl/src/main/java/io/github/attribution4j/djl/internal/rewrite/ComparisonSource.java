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
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.model.BackwardRule;
import io.github.attribution4j.model.Operation;
import io.github.attribution4j.model.OperationKind;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** DeepLIFT: nonlinear operations get, in the place of their derivative, the ratio of differences from a reference run. */
final class ComparisonSource extends RuleSource {
    ComparisonSource() {
        super(BackwardRule.Family.COMPARISON, resource("comparison.py"));
    }

    @Override
    Set<String> dedicated() {
        return Set.of();
    }

    @Override
    String generic(OperationKind kind, String operator, Expr.Call call) {
        return switch (kind) {
            case WEIGHTED, LINEAR, AVERAGE_POOLING, RESHAPE -> LEFT;
            case ACTIVATION -> "activation";
            default -> UNKNOWN;
        };
    }

    @Override
    boolean skips() {
        return false;
    }

    @Override
    double @Nullable [] numbers(BackwardRule rule) {
        if (rule instanceof BackwardRule.Rescale rescale) {
            return new double[] {1, rescale.near()};
        }
        return null;
    }

    @Override
    @Nullable
    String objection(BackwardRule rule, Operation operation) {
        return operation.kind() == OperationKind.ACTIVATION ? null : "it is for activations";
    }
}
