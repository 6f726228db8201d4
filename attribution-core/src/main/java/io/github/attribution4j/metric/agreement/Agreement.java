// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.agreement;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.numeric.Correlation;
import io.github.attribution4j.metric.ElementScores;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.metric.randomization.Similarity;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How much two explanations of the same inputs say the same.
 *
 * <pre>{@code
 * double[] each = Agreement.spearman().between(one, other);                     // of two explanations
 * Agreement.spearman().reference(new KernelShap()).judge(model, inputs, ...)    // a metric against a method
 * }</pre>
 *
 * <p>With x and y the attributions of an example's features in both, and T(x) its k features of the largest magnitude,
 * 10 or all unless set, the score is
 *
 * <ul>
 *   <li>{@link #pearson}, {@link #spearman}, {@link #kendall}: correlations, of ranks for the last two (τ-b), −1 to 1;
 *   <li>{@link #topFeatures}: |T(x) ∩ T(y)| / k;
 *   <li>{@link #topRanks}: those of T(x) ∩ T(y) with the same rank in both, / k;
 *   <li>{@link #topSigns}: those of T(x) ∩ T(y) with the same sign in both, / k;
 *   <li>{@link #signs}: the share of all features with the same sign in both, 0 a sign of its own;
 *   <li>{@link #ssim}: the mean structural similarity of the maps in windows of 7 × 7 positions; see {@link
 *       Similarity#SSIM}.
 * </ul>
 *
 * <p>1 is best: both say the same. Correlations of equal numbers do not exist: the score is 0, or 1 where both have
 * equal numbers only, and the judgement has a notice. Of features of one magnitude the first counts as larger.
 *
 * <p><b>When it misleads.</b> Two explanations can agree and both be wrong. Correlations over all elements of an image
 * are those of its many small attributions; the first features are what people see. The structural similarity was made
 * for pictures: of a map and its opposite it can be near 1, since the signs of its two factors cancel.
 *
 * <p><b>Cost.</b> Between explanations none; as a metric that of the reference method.
 *
 * <p><b>Papers.</b> Krishna, Han, Gu, Wu, Jabbari and Lakkaraju, <i>The Disagreement Problem in Explainable Machine
 * Learning</i>, 2022 (features, ranks, signs); Kendall, <i>The treatment of ties in ranking problems</i>, 1945; Wang,
 * Bovik, Sheikh and Simoncelli, <i>Image quality assessment: from error visibility to structural similarity</i>, 2004.
 */
public final class Agreement extends DescribedRecipe<Agreement> implements Metric {
    private static final Setting<Integer> TOP =
            Setting.count("top", 10, 1, "how many features of the largest magnitude, at most all");
    /** The method of reference; made from text where all methods are known. */
    public static final Setting<Optional<Attribution<?>>> REFERENCE = Setting.of(
            "reference",
            Kind.<Optional<Attribution<?>>>of("none, or the name of a method", text -> {
                        if (text.strip().equals("none")) {
                            return Optional.empty();
                        }
                        throw new IllegalArgumentException("a name is not a method; give the method");
                    })
                    .said(method -> method.map(Attribution::name).orElse("none"))
                    .withParts(method -> method.map(Attribution::settings).orElse(Map.of())),
            Optional.empty(),
            "the method with whose explanation others are compared; its settings are reference.NAME");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        PEARSON("pearson-agreement", "correlation of the attributions"),
        SPEARMAN("spearman-agreement", "correlation of the ranks"),
        KENDALL("kendall-agreement", "pairs in the same order less pairs in opposite orders"),
        FEATURES("feature-agreement", "share of the first features that both name", TOP),
        RANKS("rank-agreement", "share of the first features that both name at one rank", TOP),
        TOP_SIGNS("signed-feature-agreement", "share of the first features that both name with one sign", TOP),
        SIGNS("sign-agreement", "share of all features with the same sign"),
        SSIM("ssim-agreement", "structural similarity of the maps");

        private final Description<Agreement> description;

        Variation(String name, String claim, Setting<?>... more) {
            Setting<?>[] all = Arrays.copyOf(more, more.length + 1);
            all[more.length] = REFERENCE;
            description = Description.of(
                    name, Need.METHOD, claim + "; higher is better", given -> new Agreement(this, given), all);
        }
    }

    private final Variation variation;

    private Agreement(Variation variation, Settings<Agreement> settings) {
        super(settings);
        this.variation = variation;
    }

    private static Agreement of(Variation variation) {
        return variation.description.defaults().method();
    }

    /** Returns the descriptions of all. */
    public static List<Description<Agreement>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /** Returns Pearson's correlation. */
    public static Agreement pearson() {
        return of(Variation.PEARSON);
    }

    /** Returns Spearman's correlation: that of the ranks. */
    public static Agreement spearman() {
        return of(Variation.SPEARMAN);
    }

    /** Returns Kendall's correlation τ-b. */
    public static Agreement kendall() {
        return of(Variation.KENDALL);
    }

    /** Returns the share of the first features that both name. */
    public static Agreement topFeatures(int top) {
        return of(Variation.FEATURES).with(TOP, top);
    }

    /** Returns the share of the first features that both name at the same rank. */
    public static Agreement topRanks(int top) {
        return of(Variation.RANKS).with(TOP, top);
    }

    /** Returns the share of the first features that both name with the same sign. */
    public static Agreement topSigns(int top) {
        return of(Variation.TOP_SIGNS).with(TOP, top);
    }

    /** Returns the share of all features with the same sign. */
    public static Agreement signs() {
        return of(Variation.SIGNS);
    }

    /** Returns the structural similarity of maps; see {@link Similarity#SSIM}. */
    public static Agreement ssim() {
        return of(Variation.SSIM);
    }

    /** Returns a copy that compares with the explanation of this method, so that it is a metric. */
    public Agreement reference(Attribution<?> method) {
        return with(REFERENCE, Optional.of(method));
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }

    /** Returns what the method of reference needs. */
    @Override
    public Need need() {
        return value(REFERENCE).map(Attribution::need).orElseGet(super::need);
    }

    /**
     * Returns the score of each example between two explanations.
     *
     * @param one not closed
     * @param other of the same inputs, with features of the same number; not closed
     * @throws InvalidRequestException if they do not fit
     */
    public double[] between(Explanation one, Explanation other) {
        Problems problems = new Problems();
        int examples = one.scores().length;
        problems.require(
                one.names().equals(other.names()) && examples == other.scores().length,
                "explanations: one is of " + examples + " examples of " + one.names() + ", the other of "
                        + other.scores().length + " of " + other.names() + "; give two of the same inputs");
        checkSettings(problems);
        problems.throwIfAny();
        double[] scores = new double[examples];
        for (int example = 0; example < examples; example++) {
            double[] x = one.features(example).contributions();
            double[] y = other.features(example).contributions();
            if (x.length != y.length) {
                throw new InvalidRequestException(List.of("explanations: example " + example + " has " + x.length
                        + " features in one and " + y.length + " in the other; give both the same mask"));
            }
            scores[example] = variation == Variation.SSIM ? similarity(one, other, example) : score(x, y, notice -> {});
        }
        return scores;
    }

    private static double similarity(Explanation one, Explanation other, int example) {
        for (int i = 0; i < one.attributions().size(); i++) {
            Shape shape = one.attributions().get(i).shape();
            Shape there = other.attributions().get(i).shape();
            if (!shape.equals(there)) {
                throw new InvalidRequestException(List.of("explanations: attributions have shapes " + shape + " and "
                        + there + "; structures are compared of maps of one shape"));
            }
        }
        return Similarity.SSIM.of(one, other, example, false);
    }

    private double score(double[] x, double[] y, Consumer<String> notices) {
        return switch (variation) {
            case PEARSON -> defined(Correlation.pearson(x, y), x, y, notices);
            case SPEARMAN -> defined(Correlation.spearman(x, y), x, y, notices);
            case KENDALL -> defined(Rankings.kendall(x, y), x, y, notices);
            case FEATURES -> Rankings.common(x, y, Math.min(value(TOP), x.length), false, false);
            case RANKS -> Rankings.common(x, y, Math.min(value(TOP), x.length), true, false);
            case TOP_SIGNS -> Rankings.common(x, y, Math.min(value(TOP), x.length), false, true);
            case SIGNS -> {
                int same = 0;
                for (int i = 0; i < x.length; i++) {
                    same += Math.signum(x[i]) == Math.signum(y[i]) ? 1 : 0;
                }
                yield (double) same / x.length;
            }
            case SSIM -> throw new IllegalStateException("maps are compared as such");
        };
    }

    private static double defined(double correlation, double[] x, double[] y, Consumer<String> notices) {
        if (!Double.isNaN(correlation)) {
            return correlation;
        }
        notices.accept("attributions: those of some examples are all equal, so that they correlate with nothing");
        return isConstant(x) && isConstant(y) ? 1 : 0;
    }

    private static boolean isConstant(double[] values) {
        return Arrays.stream(values).allMatch(value -> value == values[0]);
    }

    /**
     * Judges an explanation by that of the reference method.
     *
     * @throws InvalidRequestException also if there is no reference, or the model cannot do what it needs
     */
    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            ElementScores.check(explanation, inputs, problems);
            value(REFERENCE)
                    .ifPresentOrElse(
                            method -> check(method, model, problems),
                            () -> problems.add("reference: none given; give a method with reference(...), or two"
                                    + " explanations to between(...)"));
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run, problems);
            Attribution<Model> method = of(value(REFERENCE).orElseThrow());
            int examples = evaluator.examples();
            evaluator.run().plan(2L * examples);
            Target decided = evaluator.target();
            double[] scores = new double[examples];
            try (Explanation reference = method.attribute(
                    model,
                    evaluator.inputs(),
                    decided,
                    evaluator.run().part(examples).nested())) {
                evaluator.count(reference.counts());
                reference.notices().forEach(evaluator::notice);
                Problems unfit = new Problems();
                ElementScores.check(reference, "reference " + method.name(), inputs, unfit);
                unfit.throwIfAny();
                for (int example = 0; example < examples; example++) {
                    scores[example] = variation == Variation.SSIM
                            ? similarity(explanation, reference, example)
                            : score(
                                    ElementScores.of(explanation, inputs, example),
                                    ElementScores.of(reference, inputs, example),
                                    evaluator::notice);
                }
            }
            return Judgement.of(evaluator, this, scores, List.of(), explanation.provenance());
        }
    }

    @SuppressWarnings("unchecked") // The model has what the method needs: that was checked.
    private static Attribution<Model> of(Attribution<?> method) {
        return (Attribution<Model>) method;
    }

    private static void check(Attribution<?> method, Model model, Problems problems) {
        boolean able = switch (method.need()) {
            case GRADIENTS -> model instanceof DifferentiableModel;
            case LAYERS -> model instanceof LayeredModel;
            case RULES -> model instanceof RuledModel;
            case FORWARD, METHOD -> true;
        };
        problems.require(
                able,
                "reference " + method.name() + ": " + method.need().meaning() + ", which model '"
                        + model.identity().name() + "' does not offer; choose another method");
        problems.require(
                method.ownScore().isEmpty(),
                "reference " + method.name() + ": explains a score of its own; give a method that explains the target");
    }
}
