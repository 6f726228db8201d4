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

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.BackwardRule;
import io.github.attribution4j.model.Operation;
import io.github.attribution4j.model.OperationKind;
import io.github.attribution4j.model.RuleSet;
import io.github.attribution4j.model.UnsupportedModelException;
import java.util.List;
import java.util.stream.Collectors;

/** What guided backpropagation and deconvolution share: other rules at ReLUs, derivatives elsewhere. */
final class ReluMethods {
    private ReluMethods() {}

    static Explanation.Builder explain(String method, RuleSet rules, RuledRun run) {
        List<Operation> all = run.operations();
        List<Operation> relus = rules.selected(all);
        if (relus.isEmpty()) {
            throw new UnsupportedModelException(
                    method + " changes what ReLUs give back, and this model has none among its " + all.size()
                            + " operations, so it would be the plain gradient; use Saliency, or another method");
        }
        String others = all.stream()
                .filter(operation -> operation.kind() == OperationKind.ACTIVATION && !relus.contains(operation))
                .map(Operation::plainName)
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
        Explanation.Builder explanation = run.evaluator().explain(run.propagate());
        if (!others.isEmpty()) {
            explanation.notice(method + " changes ReLUs alone; these keep their derivative: " + others);
        }
        return explanation;
    }

    static RuleSet rules(BackwardRule rule) {
        return RuleSet.relus(rule);
    }
}
