// SPDX-License-Identifier: Apache-2.0
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
        Explanation.Builder explanation = Explanation.of(run.evaluator(), run.propagate());
        if (!others.isEmpty()) {
            explanation.notice(method + " changes ReLUs alone; these keep their derivative: " + others);
        }
        return explanation;
    }

    static RuleSet rules(BackwardRule rule) {
        return RuleSet.relus(rule);
    }
}
