// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;

/**
 * How far an explanation is from what its attributions are said to be. Lower is better, and 0 is best.
 *
 * <ul>
 *   <li>{@link #completeness}: |Σ Aᵢ − (F(x) − F(b))|, over all features, with the baseline b;
 *   <li>{@link #nonSensitivity}: the number of features that are in one of two sets and not in the other: features
 *       whose attribution has a magnitude of at most a threshold, and features that change the score by at most the
 *       threshold when they are replaced. Features are the groups of a {@link FeatureMask}; the attribution of a group
 *       is the sum over its elements; the change is the root of the mean of (F(x) − F(x with the group replaced))² over
 *       the samples of the baseline.
 * </ul>
 *
 * <p>{@link InputInvariance} is a third.
 *
 * <p><b>When it misleads.</b> Attributions can add up to the score and be wrong each: all of it on one feature is
 * complete. A gradient claims no completeness. With one reference, a feature that has its baseline's value changes
 * nothing, and the model may depend on it.
 *
 * <p><b>Cost.</b> Completeness: two forward rows for each example. Non-sensitivity: one for each example, and for each
 * of its features one for each sample of the baseline.
 *
 * <p><b>Papers.</b> Sundararajan, Taly and Yan, <i>Axiomatic Attribution for Deep Networks</i>, 2017 (completeness);
 * Nguyen and Martínez, <i>On Quantitative Aspects of Model Interpretability</i>, 2020 (non-sensitivity).
 */
public final class Axiom extends DescribedRecipe<Axiom> implements Metric {
    private static final Setting<Baseline> BASELINE =
            Setting.of("baseline", Baseline.KIND, Baseline.zeros(), "what the example is compared with");
    private static final Setting<Double> THRESHOLD = Setting.of(
                    "threshold", Kind.NUMBER, 1e-5, "magnitude up to which an attribution, or a change, counts as none")
            .where("0 or more", threshold -> threshold >= 0);
    private static final Setting<Integer> SAMPLES = Setting.count(
                    "samples", 10, 1, "draws of a baseline that is a distribution")
            .trial(1);
    private static final Setting<FeatureMask> MASK =
            Setting.of("mask", FeatureMask.KIND, FeatureMask.perElement(), "the groups that are replaced together");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        COMPLETENESS(
                "completeness",
                "difference of the sum of attributions from the change of the score; lower is better",
                BASELINE),
        NON_SENSITIVITY(
                "non-sensitivity",
                "number of features of which attribution and score disagree whether they matter; lower is better",
                THRESHOLD,
                SAMPLES,
                MASK,
                BASELINE);

        private final Description<Axiom> description;

        Variation(String name, String claim, Setting<?>... settings) {
            description = Description.of(name, Need.FORWARD, claim, given -> new Axiom(this, given), settings);
        }
    }

    private final Variation variation;

    private Axiom(Variation variation, Settings<Axiom> settings) {
        super(settings);
        this.variation = variation;
    }

    /** Returns the descriptions of both. */
    public static List<Description<Axiom>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /** Returns how far the sum of the attributions is from the change of the score; baseline zeros unless set. */
    public static Axiom completeness() {
        return Variation.COMPLETENESS.description.defaults().method();
    }

    /** Returns of how many features attribution and score disagree whether they matter; up to 10⁻⁵ unless set. */
    public static Axiom nonSensitivity() {
        return Variation.NON_SENSITIVITY.description.defaults().method();
    }

    /**
     * Returns a copy that compares with this baseline. That of completeness is one reference for each example; that of
     * non-sensitivity may be a set of samples too, or a distribution.
     */
    public Axiom baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    /**
     * Returns a copy with another magnitude up to which an attribution, or a change of the score, counts as none.
     *
     * @throws IllegalArgumentException for completeness, which has none
     */
    public Axiom threshold(double threshold) {
        return with(THRESHOLD, threshold);
    }

    /**
     * Returns a copy that draws so often from a baseline that is a distribution without a list of samples.
     *
     * @throws IllegalArgumentException for completeness, which draws none
     */
    public Axiom samples(int count) {
        return with(SAMPLES, count);
    }

    /**
     * Returns a copy with other groups; every element its own unless set.
     *
     * @throws IllegalArgumentException for completeness, which sums over all
     */
    public Axiom mask(FeatureMask mask) {
        return with(MASK, mask);
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }

    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            ElementScores.check(explanation, inputs, problems);
            return variation == Variation.COMPLETENESS
                    ? complete(model, inputs, target, explanation, run, problems)
                    : nonSensitive(model, inputs, target, explanation, run, problems);
        }
    }

    private Judgement complete(
            Model model, Inputs inputs, Target target, Explanation explanation, Run run, Problems problems) {
        problems.collect(() -> value(BASELINE).checkSingle(name(), inputs, problems));
        Evaluator evaluator = Evaluator.start(this, model, inputs, target, run.started(), problems);
        double[] absent = evaluator.scoresAt(value(BASELINE).references(evaluator.inputs(), evaluator.run()));
        double[] full = evaluator.scores();
        double[] judged = new double[full.length];
        Arrays.setAll(
                judged, example -> Math.abs(explanation.features(example).sum() - (full[example] - absent[example])));
        return Judgement.of(evaluator, this, judged, List.of(), explanation.provenance());
    }

    private Judgement nonSensitive(
            Model model, Inputs inputs, Target target, Explanation explanation, Run run, Problems problems) {
        problems.collect(() -> value(BASELINE).check(inputs, problems));
        Coalitions coalitions =
                Coalitions.amongExamples(this, model, inputs, target, run.started(), value(MASK), problems);
        double[][] squares = new SingleChanges(value(BASELINE), value(SAMPLES)).meanSquares(coalitions);
        double[] judged = new double[squares.length];
        for (int example = 0; example < judged.length; example++) {
            double[] relevance = ElementScores.byGroup(explanation, coalitions, example);
            for (int group = 0; group < relevance.length; group++) {
                boolean named = Math.abs(relevance[group]) > value(THRESHOLD);
                boolean matters = Math.sqrt(squares[example][group]) > value(THRESHOLD);
                judged[example] += named == matters ? 0 : 1;
            }
        }
        return Judgement.of(coalitions.evaluator(), this, judged, List.of(), explanation.provenance());
    }
}
