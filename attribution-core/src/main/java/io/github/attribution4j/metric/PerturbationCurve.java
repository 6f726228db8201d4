// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.metric.CurvePlan.Relevance;
import io.github.attribution4j.metric.Judgement.Curve;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Changes features in the order of their attributions, and follows the model's score: if the explanation is right, the
 * score falls as soon as the most relevant features are gone.
 *
 * <p>Features are the groups of a {@link FeatureMask}; the relevance of a group is the sum of the attributions of its
 * elements. With G groups, ranked from the most relevant on, x⁽ᵏ⁾ is the example with the first k groups deleted
 * (replaced by the baseline), or for {@link #insertion} the baseline with the first k groups of the example. The curve
 * is F(x⁽ᵏ⁾) over the share k / G, and the score of an example is a number computed from it:
 *
 * <table>
 * <caption>The metrics, each with its own defaults</caption>
 * <tr><th>metric</th><th>score</th><th>better</th></tr>
 * <tr><td>{@link #deletion}, {@link #pixelFlipping}, {@link #selectivity}</td>
 *     <td>area under F(x⁽ᵏ⁾) by the trapezoid rule</td><td>lower</td></tr>
 * <tr><td>{@link #insertion}</td><td>the same area, of insertion</td><td>higher</td></tr>
 * <tr><td>{@link #regionPerturbation}</td>
 *     <td>mean over all points, k = 0 among them, of F(x) − F(x⁽ᵏ⁾)</td><td>higher</td></tr>
 * <tr><td>{@link #comprehensiveness}</td>
 *     <td>mean over the points after k = 0 of F(x) − F(x⁽ᵏ⁾)</td><td>higher</td></tr>
 * <tr><td>{@link #sufficiency}</td><td>the same mean, of insertion</td><td>lower</td></tr>
 * <tr><td>{@link #monotonicity}</td>
 *     <td>of insertion, from the least relevant group on: 1 if F(x⁽ᵏ⁾) never falls after k = 1, else 0</td>
 *     <td>higher</td></tr>
 * <tr><td>{@link #irof}</td><td>area over F(x⁽ᵏ⁾) / F(x), which is 1 less the area under it</td><td>higher</td></tr>
 * <tr><td>{@link #logOdds}</td><td>mean over the points after k = 0 of ln(F(x⁽ᵏ⁾) / F(x))</td><td>lower</td></tr>
 * </table>
 *
 * <p>Segments of {@link #irof} have different sizes, and are ranked by the mean of their attributions instead, as in
 * the paper. Groups of equal relevance are ranked by their number. With {@link Order#LEAST_RELEVANT_FIRST} all is
 * reversed, also which score is better. {@link #monotonicity} has no other order.
 *
 * <p><b>Choose the score.</b> The metrics were published for probabilities: use {@code Target.probability(c)}
 * for a model that returns logits. Areas of logits are well defined, but examples with large logits count for more.
 *
 * <p><b>When it misleads.</b> Replaced features make inputs that the model has not seen, and its answer to these is
 * part of the score. Another baseline can turn the order of two methods round: compare methods with the same one, and
 * with two. Monotonicity sees little: where no feature lowers the score, every order passes, and where one does, the
 * right order fails. The paper of comprehensiveness divides by the points with k = 0 among them; here its loss, which
 * is 0, does not count.
 *
 * <p><b>Cost.</b> A forward row for each point of the curve of each example, two of them for the example and the
 * baseline; times the samples of a baseline that is a set.
 *
 * <p><b>Papers.</b> Petsiuk, Das and Saenko, <i>RISE</i>, 2018 (deletion, insertion); Bach et al., <i>On Pixel-Wise
 * Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation</i>, 2015 (pixel flipping);
 * Samek, Binder, Montavon, Lapuschkin and Müller, <i>Evaluating the Visualization of What a Deep Neural Network Has
 * Learned</i>, 2017 (region perturbation); Montavon, Samek and Müller, <i>Methods for Interpreting and Understanding
 * Deep Neural Networks</i>, 2018 (selectivity); Rieger and Hansen, <i>IROF: a low resource evaluation metric for
 * explanation methods</i>, 2020; DeYoung et al., <i>ERASER: A Benchmark to Evaluate Rationalized NLP Models</i>, 2020
 * (comprehensiveness, sufficiency); Arya et al., <i>One Explanation Does Not Fit All: A Toolkit and Taxonomy of AI
 * Explainability Techniques</i>, 2019 (monotonicity); Shrikumar, Greenside and Kundaje, <i>Learning Important Features
 * Through Propagating Activation Differences</i>, 2017 (log odds).
 */
public final class PerturbationCurve extends DescribedRecipe<PerturbationCurve> implements Metric {
    /** Which groups come first. */
    public enum Order {
        /** From the largest attribution to the smallest. */
        MOST_RELEVANT_FIRST,
        /** From the smallest attribution, which may be negative, to the largest. */
        LEAST_RELEVANT_FIRST;

        private static final Kind<Order> KIND = Kind.choice(Order.class);

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final Setting<Order> ORDER =
            Setting.of("order", Order.KIND, Order.MOST_RELEVANT_FIRST, "which groups are changed first");
    private static final Setting<Baseline> BASELINE =
            Setting.of("baseline", Coalitions.BASELINES, Baseline.zeros(), "what takes the place of deleted groups");

    /** A published metric: what it makes of the curve, and its defaults. */
    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        DELETION(
                "deletion",
                "area under the score while the most relevant features are deleted; lower is better",
                Points.steps(100),
                FeatureMask.perElement(),
                false,
                false,
                (curve, full) -> curve.area(),
                ORDER),
        INSERTION(
                "insertion",
                "area under the score while the most relevant features are inserted; higher is better",
                Points.steps(100),
                FeatureMask.perElement(),
                true,
                true,
                (curve, full) -> curve.area(),
                ORDER),
        PIXEL_FLIPPING(
                "pixel-flipping",
                "area under the score while single features are deleted; lower is better",
                Points.each(),
                FeatureMask.perElement(),
                false,
                false,
                (curve, full) -> curve.area(),
                ORDER),
        SELECTIVITY(
                "selectivity",
                "area under the score while patches of 8 x 8 are deleted; lower is better",
                Points.each(),
                FeatureMask.patches(8, 8),
                false,
                false,
                (curve, full) -> curve.area(),
                ORDER),
        REGION_PERTURBATION(
                "region-perturbation",
                "mean loss of the score while patches of 9 x 9 are deleted; higher is better",
                Points.each(),
                FeatureMask.patches(9, 9),
                false,
                true,
                Variation::meanLoss,
                ORDER),
        IROF(
                "irof",
                "area over the relative score while superpixels are deleted; higher is better",
                Points.each(),
                FeatureMask.superpixels(100),
                false,
                true,
                Variation::areaOver,
                ORDER),
        COMPREHENSIVENESS(
                "comprehensiveness",
                "mean loss of the score without the most relevant features; higher is better",
                Points.shares(0.01, 0.05, 0.1, 0.2, 0.5),
                FeatureMask.perElement(),
                false,
                true,
                Variation::meanLossAfter,
                ORDER),
        SUFFICIENCY(
                "sufficiency",
                "mean loss of the score with the most relevant features only; lower is better",
                Points.shares(0.01, 0.05, 0.1, 0.2, 0.5),
                FeatureMask.perElement(),
                true,
                false,
                Variation::meanLossAfter,
                ORDER),
        LOG_ODDS(
                "log-odds",
                "mean log ratio of the probability without the most relevant features; lower is better",
                Points.shares(0.2),
                FeatureMask.perElement(),
                false,
                false,
                Variation::meanLogRatio,
                ORDER),
        MONOTONICITY(
                "monotonicity",
                "1 if no inserted feature lowers the score, from the least relevant on, else 0; higher is better",
                Points.each(),
                FeatureMask.perElement(),
                true,
                true,
                Variation::risesOnly);

        private final boolean inserts;
        private final boolean isOrdered;
        private final boolean higherIsBetter;
        private final ScoreOf score;
        private final Setting<Points> points;
        private final Setting<FeatureMask> mask;
        private final Description<PerturbationCurve> description;

        Variation(
                String name,
                String claim,
                Points points,
                FeatureMask mask,
                boolean inserts,
                boolean higherIsBetter,
                ScoreOf score,
                Setting<?>... order) {
            this.inserts = inserts;
            this.isOrdered = order.length > 0;
            this.higherIsBetter = higherIsBetter;
            this.score = score;
            this.points = Setting.of("points", Points.KIND, points, "how many groups are changed at each point")
                    .trial(Points.steps(2));
            this.mask = Setting.of("mask", FeatureMask.KIND, mask, "the groups that are changed together");
            this.description = Description.of(
                    name,
                    Need.FORWARD,
                    claim,
                    settings -> new PerturbationCurve(this, settings),
                    Stream.of(Stream.of(this.points), Stream.of(order), Stream.of(this.mask, BASELINE))
                            .flatMap(stream -> stream)
                            .toArray(Setting<?>[]::new));
        }

        private static double meanLoss(Curve curve, double full) {
            return full - Arrays.stream(curve.scores()).average().orElse(full);
        }

        private static double meanLossAfter(Curve curve, double full) {
            return full - Arrays.stream(curve.scores()).skip(1).average().orElse(full);
        }

        private static double risesOnly(Curve curve, double full) {
            double[] scores = curve.scores();
            boolean rises = true;
            for (int i = 2; i < scores.length; i++) {
                rises &= scores[i] >= scores[i - 1];
            }
            return rises ? 1 : 0;
        }

        private static double areaOver(Curve curve, double full) {
            if (!(full > 0)) {
                throw new ModelException("irof: the score of an example is " + full + ", and relative scores need one"
                        + " above 0; explain the probability of a class");
            }
            return 1 - curve.area() / full;
        }

        private static double meanLogRatio(Curve curve, double full) {
            return Arrays.stream(curve.scores())
                    .skip(1)
                    .map(score -> {
                        if (!(full > 0 && score > 0)) {
                            throw new ModelException("log-odds: a score is " + Math.min(full, score)
                                    + ", and its logarithm needs one above 0; explain the probability of a class");
                        }
                        return Math.log(score / full);
                    })
                    .average()
                    .orElse(0);
        }
    }

    /** Computes the score of an example. */
    @FunctionalInterface
    private interface ScoreOf {
        double of(Curve curve, double full);
    }

    private final Variation variation;

    private PerturbationCurve(Variation variation, Settings<PerturbationCurve> settings) {
        super(settings);
        this.variation = variation;
    }

    private static PerturbationCurve of(Variation variation) {
        return variation.description.defaults().method();
    }

    /** Returns the descriptions of all metrics that are perturbation curves. */
    public static List<Description<PerturbationCurve>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /** Returns the area under the deletion curve of RISE, in 100 steps of elements; lower is better. */
    public static PerturbationCurve deletion() {
        return of(Variation.DELETION);
    }

    /**
     * Returns the area under the insertion curve of RISE, in 100 steps of elements; higher is better. The paper inserts
     * into a blurred image: {@code baseline(Baseline.blurred(sigma))}.
     */
    public static PerturbationCurve insertion() {
        return of(Variation.INSERTION);
    }

    /** Returns the area under the pixel-flipping curve, a point for each element; lower is better. */
    public static PerturbationCurve pixelFlipping() {
        return of(Variation.PIXEL_FLIPPING);
    }

    /** Returns the area under the curve of patches of 8 × 8 pixels; lower is better. */
    public static PerturbationCurve selectivity() {
        return of(Variation.SELECTIVITY);
    }

    /**
     * Returns the area over the perturbation curve (AOPC) of patches of 9 × 9 pixels; higher is better. The paper puts
     * uniform noise there: give images of it, {@code baseline(Baseline.samples(noise))}, over which scores are
     * averaged.
     */
    public static PerturbationCurve regionPerturbation() {
        return of(Variation.REGION_PERTURBATION);
    }

    /** Returns the iterative removal of features: the area over the curve of 100 superpixels; higher is better. */
    public static PerturbationCurve irof() {
        return of(Variation.IROF);
    }

    /** Returns what the score loses without the 1, 5, 10, 20 and 50 % most relevant features; higher is better. */
    public static PerturbationCurve comprehensiveness() {
        return of(Variation.COMPREHENSIVENESS);
    }

    /** Returns what the score loses with the 1, 5, 10, 20 and 50 % most relevant features only; lower is better. */
    public static PerturbationCurve sufficiency() {
        return of(Variation.SUFFICIENCY);
    }

    /** Returns the log ratio of a probability without the 20 % most relevant features; lower is better. */
    public static PerturbationCurve logOdds() {
        return of(Variation.LOG_ODDS);
    }

    /** Returns whether the score never falls while features are inserted, the least relevant first. */
    public static PerturbationCurve monotonicity() {
        return of(Variation.MONOTONICITY);
    }

    /** Returns a copy with other points. */
    public PerturbationCurve points(Points points) {
        return with(variation.points, points);
    }

    /**
     * Returns a copy with another order.
     *
     * @throws IllegalArgumentException for monotonicity, which has one order
     */
    public PerturbationCurve order(Order order) {
        return with(ORDER, order);
    }

    /** Returns a copy with other groups: {@code FeatureMask.patches(1, 1)} makes a pixel of all its channels. */
    public PerturbationCurve mask(FeatureMask mask) {
        return with(variation.mask, mask);
    }

    /** Returns a copy with another baseline: one reference, or a set of samples, over which scores are averaged. */
    public PerturbationCurve baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    @Override
    public boolean higherIsBetter() {
        return variation.higherIsBetter == (!variation.isOrdered || value(ORDER) == Order.MOST_RELEVANT_FIRST);
    }

    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            ElementScores.check(explanation, inputs, problems);
            problems.throwIfAny();
            Coalitions coalitions =
                    Coalitions.start(this, model, inputs, target, run, value(variation.mask), value(BASELINE));
            CurvePlan plan = CurvePlan.of(
                    explanation,
                    coalitions,
                    variation == Variation.IROF ? Relevance.MEAN : Relevance.SUM,
                    value(variation.points),
                    variation.isOrdered && value(ORDER) == Order.MOST_RELEVANT_FIRST,
                    variation.inserts);
            double[][] scores = coalitions.scores(plan::rows, plan::fill);
            double[] full = coalitions.scores();
            List<Curve> curves = new ArrayList<>();
            double[] judged = new double[full.length];
            for (int example = 0; example < judged.length; example++) {
                curves.add(plan.curve(example, scores[example], full[example]));
                judged[example] = variation.score.of(curves.get(example), full[example]);
            }
            return Judgement.of(coalitions.evaluator(), this, judged, curves, explanation.provenance());
        }
    }
}
