// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description.Settings;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Guided backpropagation and deconvolution: another rule at ReLUs, derivatives elsewhere.
 *
 * @param <S> the method itself
 */
abstract sealed class ReluMethod<S extends ReluMethod<S>> extends Propagation<S> permits GuidedBackprop, Deconvolution {
    private final RuleSet rules;

    ReluMethod(Settings<S> settings, BackwardRule rule) {
        super(settings);
        this.rules = RuleSet.relus(rule);
    }

    @Override
    public final RuleSet rules() {
        return rules;
    }

    @Override
    final void check(Inputs inputs, Problems problems) {}

    @Override
    final Outcome explain(RuledRun run) {
        List<Operation> all = run.operations();
        List<Operation> relus = rules.selected(all);
        if (relus.isEmpty()) {
            throw new UnsupportedModelException(
                    name() + " changes what ReLUs give back, and this model has none among its " + all.size()
                            + " operations, so it would be the plain gradient; use Saliency, or another method");
        }
        String others = all.stream()
                .filter(operation -> operation.kind() == Operation.Kind.ACTIVATION && !relus.contains(operation))
                .map(Operation::plainName)
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
        Outcome outcome = Outcome.of(run.propagate());
        if (!others.isEmpty()) {
            run.evaluator().notice(name() + " changes ReLUs alone; these keep their derivative: " + others);
        }
        return outcome;
    }
}
