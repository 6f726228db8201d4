// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.ForwardAttribution;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Settings;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;

/**
 * Scores of coalitions: some groups of elements stay, all others are replaced by a baseline. {@link FeatureAblation} asks for those
 * that lack one group, {@link ShapleyValues} for all, {@link ShapleySampling} and {@link KernelShap} for a sample.
 *
 * @param <S> the method itself
 */
abstract sealed class CoalitionMethod<S extends CoalitionMethod<S>> extends Described<Model, S>
        implements ForwardAttribution permits FeatureAblation, ShapleyValues, ShapleySampling, KernelShap {
    static final Setting<Baseline> BASELINE = Setting.of(
            "baseline",
            Baseline.KIND,
            Baseline.zeros(),
            "what absent groups are replaced by: one reference for each example, not a distribution");
    static final Setting<FeatureMask> MASK = Setting.of(
            "mask", FeatureMask.KIND, FeatureMask.perElement(), "the groups of elements that go absent together");

    CoalitionMethod(Settings<S> settings) {
        super(settings);
    }

    /** Returns a copy that replaces absent groups by this; zeros unless set. */
    public final S baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    /**
     * Returns a copy with other groups; every element its own unless set. {@link ShapleyValues} takes at most 24 for each
     * example, {@link KernelShap} 2048.
     */
    public final S mask(FeatureMask mask) {
        return with(MASK, mask);
    }

    /** Adds what is wrong with the groups for this method. */
    abstract void check(Groups groups, Problems problems);

    /** Computes. */
    abstract Outcome explain(Perturbation perturbation);

    @Override
    public final Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Perturbation perturbation =
                    Perturbation.start(this, model, inputs, target, run, value(BASELINE), value(MASK), this::check);
            return Explanation.of(perturbation.evaluator(), explain(perturbation));
        }
    }
}
