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

/** Layer-wise relevance propagation: what flows backwards is relevance. */
final class RelevanceSource extends RuleSource {
    RelevanceSource() {
        super(BackwardRule.Family.RELEVANCE, resource("relevance.py"));
    }

    @Override
    Set<String> dedicated() {
        return Set.of();
    }

    @Override
    String generic(OperationKind kind, String operator, Expr.Call call) {
        return switch (kind) {
            case RESHAPE -> LEFT;
            case WEIGHTED, LINEAR, AVERAGE_POOLING -> "linear";
            default -> UNKNOWN;
        };
    }

    @Override
    double @Nullable [] numbers(BackwardRule rule) {
        if (rule instanceof BackwardRule.Weighted weighted) {
            return new double[] {1, weighted.epsilon()};
        }
        return rule instanceof BackwardRule.Norm norm ? new double[] {1, norm.epsilon()} : null;
    }

    @Override
    @Nullable
    String objection(BackwardRule rule, Operation operation) {
        return null;
    }
}
