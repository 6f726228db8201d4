// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;

/**
 * A method that is written with {@link Coalitions}: some groups of elements stay, all others are replaced by a
 * baseline. It has the settings {@code baseline}, {@code link} and {@code mask}; a method of your own lists them in its
 * description.
 *
 * @param <S> the method itself
 */
public abstract class CoalitionMethod<S extends CoalitionMethod<S>> extends Described<Model, S>
        implements Attribution.Forward {
    /** The setting of {@link #baseline}. */
    public static final Setting<Baseline> BASELINE = Setting.of(
            "baseline",
            Coalitions.BASELINES,
            Baseline.zeros(),
            "what absent groups are replaced by: one reference for each example, or a set of samples, over which the"
                    + " score is averaged");
    /** The setting of {@link #link}. */
    public static final Setting<Coalitions.Link> LINK = Setting.of(
            "link",
            Coalitions.Link.KIND,
            Coalitions.Link.IDENTITY,
            "what mean scores are seen through: identity, or logit for attributions of a probability in log odds");
    /** The setting of {@link #mask}. */
    public static final Setting<FeatureMask> MASK = Setting.of(
            "mask", FeatureMask.KIND, FeatureMask.perElement(), "the groups of elements that go absent together");

    /** Creates the method with these settings. */
    protected CoalitionMethod(Settings<S> settings) {
        super(settings);
    }

    /**
     * Returns a copy that replaces absent groups by this; zeros unless set. A set of samples ({@link Baseline#samples},
     * {@link Baseline#kMeans}) makes the score of a coalition the mean over all samples, the interventional value
     * function, and each coalition cost as many rows.
     */
    public final S baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    /** Returns a copy that explains mean scores through this link; {@link Coalitions.Link#IDENTITY} unless set. */
    public final S link(Coalitions.Link link) {
        return with(LINK, link);
    }

    /**
     * Returns a copy with other groups; every element its own unless set. {@code shapley-values} takes at most 24
     * for each example, {@code kernel-shap} 2048.
     */
    public final S mask(FeatureMask mask) {
        return with(MASK, mask);
    }

    /**
     * Adds what is wrong with the number of groups, the largest of any example; any will do unless it says otherwise.
     */
    protected void check(Problems problems, int groups) {}

    /** Computes. */
    protected abstract Outcome explain(Coalitions coalitions);

    /** Returns advice for methods that take the groups one by one. */
    public static String betterWithMask(long elements) {
        return elements > 1000 ? "better with a --mask: there are " + elements + " elements" : "";
    }

    @Override
    public final Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Coalitions coalitions = Coalitions.start(
                            this, model, inputs, target, run, value(MASK), value(BASELINE), this::check)
                    .through(value(LINK));
            return Explanation.of(coalitions.evaluator(), explain(coalitions));
        }
    }
}
