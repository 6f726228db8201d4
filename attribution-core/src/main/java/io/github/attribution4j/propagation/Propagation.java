// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;

/**
 * A method that goes back through a model by other rules than the derivative: the documentation of this package.
 *
 * @param <S> the method itself
 */
abstract sealed class Propagation<S extends Propagation<S>> extends Described<RuledModel, S>
        implements Attribution.Ruled permits GuidedBackprop, DifferencePropagation, Lrp {
    Propagation(Settings<S> settings) {
        super(settings);
    }

    /** Returns the rules that copies of models follow. */
    public abstract RuleSet rules();

    /** Adds the problems of inputs, besides those that every method checks. */
    abstract void check(Inputs inputs, Problems problems);

    /** Computes the explanation. */
    abstract Outcome explain(RuledRun run);

    @Override
    public final Explanation attribute(RuledModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            RuledRun started = RuledRun.start(this, model, null, inputs, target, run);
            return Explanation.of(started.evaluator(), explain(started));
        }
    }

    @Override
    public final Explanation attribute(RuledModel model, RuledCut cut, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            RuledRun started = RuledRun.start(this, model, cut, inputs, target, run);
            List<String> layers = cut.points().stream().map(Cut.Point::toString).toList();
            return Explanation.of(started.evaluator(), explain(started).ofLayers(layers));
        }
    }
}
