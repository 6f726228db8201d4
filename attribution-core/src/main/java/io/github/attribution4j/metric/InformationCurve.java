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
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Performance information curves: how soon the model recognizes an image of which only the most relevant pixels are
 * sharp, over the information that this image holds.
 *
 * <p>The most relevant pixels of an example are put into a blurred copy, 0, 0.5, 1, 2, 3, 4, 5, 7, 10, 13, 21, 34, 50
 * and 75 % of them. With I the information of an image and x⁽⁰⁾ the blurred copy, each of these images x⁽ᵏ⁾ makes a
 * point, each coordinate limited to 0 to 1:
 *
 * <pre>
 * share = (I(x⁽ᵏ⁾) − I(x⁽⁰⁾)) / (I(x) − I(x⁽⁰⁾))      score = (F(x⁽ᵏ⁾) − F(x⁽⁰⁾)) / (F(x) − F(x⁽⁰⁾))
 * </pre>
 *
 * <p>Information is the entropy of what a lossless compression has to store: elements in 256 levels, less the
 * prediction of PNG's Paeth filter from three neighbors, each channel by itself.
 *
 * <p>The points are put in the order of their information, with (0, 0) before and (1, 1) after them, and a score that
 * is below one before it is raised to that. The score of an example is the area under its curve. Higher is better.
 *
 * <ul>
 *   <li>{@link #softmax} (SIC): F is the score that was explained: give {@code Target.probability(c)};
 *   <li>{@link #accuracy} (AIC): F is 1 where the most likely class is that of the example, else 0, whatever
 *       the target.
 * </ul>
 *
 * <p>The papers report the area under the median of all curves: {@link Curve#median}.
 *
 * <p>An example is not judged, its score is NaN and a notice says so, if its own score is below 0.8, if the blurred
 * copy scores as high, or if it has no less information.
 *
 * <p><b>When it misleads.</b> Small dispersed areas cost more information than their pixels hold, since their edges
 * do not predict each other: coarse maps have an advantage. Blur as strongly as needed for the model to lose the
 * class.
 *
 * <p><b>Cost.</b> A forward row for each point of each example, and one for the example.
 *
 * <p><b>Paper.</b> Kapishnikov, Bolukbasi, Viégas and Terry, <i>XRAI: Better Attributions Through Regions</i>, 2019.
 * There information is the size of a compressed file (WebP in the authors' code, whose blurred images are interpolated
 * from 1 % of the pixels). Here it is computed without a codec, so that it is the same on each machine.
 */
public final class InformationCurve extends DescribedRecipe<InformationCurve> implements Metric {
    private static final Curve NONE = new Curve(new double[0], new double[0]);

    private static final Setting<Points> POINTS = Setting.of(
                    "points",
                    Points.KIND,
                    Points.shares(0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.13, 0.21, 0.34, 0.5, 0.75),
                    "shares of the pixels that are sharp")
            .trial(Points.shares(0.5));
    private static final Setting<Double> LEAST =
            Setting.of("least-score", Kind.NUMBER, 0.8, "score of an example below which it is not judged");
    private static final Setting<FeatureMask> MASK =
            Setting.of("mask", FeatureMask.KIND, FeatureMask.patches(1, 1), "the elements that are put in together");
    private static final Setting<Baseline> BASELINE =
            Setting.of("baseline", Baseline.KIND, Baseline.blurred(10), "the blurred copy");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        SOFTMAX("softmax-information-curve", "area under the score over the information; higher is better"),
        ACCURACY("accuracy-information-curve", "area under the accuracy over the information; higher is better");

        private final Description<InformationCurve> description;

        Variation(String name, String claim) {
            description = Description.of(
                    name,
                    Need.FORWARD,
                    claim,
                    given -> new InformationCurve(this, given),
                    POINTS,
                    LEAST,
                    MASK,
                    BASELINE);
        }
    }

    private final Variation variation;

    private InformationCurve(Variation variation, Settings<InformationCurve> settings) {
        super(settings);
        this.variation = variation;
    }

    /** Returns the descriptions of both. */
    public static List<Description<InformationCurve>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /** Returns the area under the curve of the score (SIC). */
    public static InformationCurve softmax() {
        return Variation.SOFTMAX.description.defaults().method();
    }

    /** Returns the area under the curve of the accuracy (AIC). */
    public static InformationCurve accuracy() {
        return Variation.ACCURACY.description.defaults().method();
    }

    /** Returns a copy with other shares of sharp pixels; none and all are always there. */
    public InformationCurve points(Points points) {
        return with(POINTS, points);
    }

    /** Returns a copy that judges examples of at least this score; 0.8 unless set. Accuracy is 1 for each example. */
    public InformationCurve leastScore(double score) {
        return with(LEAST, score);
    }

    /** Returns a copy that puts other groups in; all channels of a pixel unless set. */
    public InformationCurve mask(FeatureMask mask) {
        return with(MASK, mask);
    }

    /** Returns a copy with another blurred copy: one reference for each example; blurred by 10 pixels unless set. */
    public InformationCurve baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }

    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            ElementScores.check(explanation, inputs, problems);
            Planes.check(name(), inputs, problems);
            problems.collect(() -> value(BASELINE).checkSingle(name(), inputs, problems));
            problems.throwIfAny();
            Target asked = variation == Variation.ACCURACY ? new Decision() : target;
            Coalitions coalitions = Coalitions.start(this, model, inputs, asked, run, value(MASK), value(BASELINE));
            CurvePlan plan = CurvePlan.of(explanation, coalitions, Relevance.SUM, value(POINTS), true, true);
            double[][] scores = coalitions.scores(plan::rows, plan::fill);
            double[] full = coalitions.scores();
            List<Curve> curves = new ArrayList<>();
            double[] judged = new double[full.length];
            for (int example = 0; example < judged.length; example++) {
                Curve curve = curve(coalitions, plan, example, scores[example], full[example]);
                curves.add(curve);
                judged[example] = curve.shares().length == 0 ? Double.NaN : curve.area();
            }
            return Judgement.of(coalitions.evaluator(), this, judged, curves, explanation.provenance());
        }
    }

    /** Returns the curve of an example; one of no points if it is not judged. */
    private Curve curve(Coalitions coalitions, CurvePlan plan, int example, double[] scores, double full) {
        if (full < value(LEAST)) {
            coalitions.evaluator().notice("examples of a score below " + value(LEAST) + " are not judged");
            return NONE;
        }
        double rise = full - scores[0];
        if (!(rise > 0)) {
            coalitions
                    .evaluator()
                    .notice("examples whose blurred copy has no lower score are not judged; blur more strongly");
            return NONE;
        }
        Planes planes = Planes.of(coalitions, example);
        List<double[]> blurred = new ArrayList<>();
        for (Tensor reference : coalitions.background()) {
            blurred.add(Planes.row(reference, example));
        }
        boolean[] kept = new boolean[coalitions.groups(example)];
        double[] bits = new double[scores.length];
        for (int row = 0; row < bits.length; row++) {
            plan.fill(example, row, kept);
            bits[row] = planes.bits(blurred, kept);
        }
        Arrays.fill(kept, true);
        double more = planes.bits(blurred, kept) - bits[0];
        if (!(more > 0)) {
            coalitions
                    .evaluator()
                    .notice("examples that have no more information than their blurred copy are not judged");
            return NONE;
        }
        double[][] points = new double[scores.length][];
        for (int row = 0; row < points.length; row++) {
            points[row] =
                    new double[] {limited((bits[row] - bits[0]) / more), limited((scores[row] - scores[0]) / rise)};
        }
        return rising(points);
    }

    private static double limited(double value) {
        return Math.max(0, Math.min(1, value));
    }

    /** Returns the points by their information, between (0, 0) and (1, 1), none below one before it. */
    private static Curve rising(double[][] points) {
        Arrays.sort(
                points, Comparator.<double[]>comparingDouble(point -> point[0]).thenComparingDouble(point -> point[1]));
        double[] shares = new double[points.length + 2];
        double[] scores = new double[points.length + 2];
        for (int i = 0; i < points.length; i++) {
            shares[i + 1] = points[i][0];
            scores[i + 1] = Math.max(scores[i], points[i][1]);
        }
        shares[points.length + 1] = 1;
        scores[points.length + 1] = 1;
        return new Curve(shares, scores);
    }
}
