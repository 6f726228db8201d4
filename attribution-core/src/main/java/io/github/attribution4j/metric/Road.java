// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.internal.numeric.LinearImputation;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.mask.Filling;
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
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Remove and debias (ROAD): deletes the pixels of an image in the order of their attributions, and puts there what the
 * pixels around them suggest, so that neither an edge nor a color tells the model what was deleted.
 *
 * <p>Each deleted pixel becomes the weighted mean of its eight neighbors, direct ones with 1/6, diagonal ones with
 * 1/12, and weights beyond the border divided among the others. Deleted neighbors are unknown, too, so all are the
 * solution of one sparse linear system. Then normal noise is added to the deleted pixels. Each channel has a system of
 * its own; there may be any number of them. Where a whole channel is deleted, it becomes 0 and noise.
 *
 * <p>With x⁽ᵖ⁾ the image with the share p of its pixels deleted, the score of an example is
 *
 * <ul>
 *   <li>{@link #mostRelevantFirst}: the mean over p of F(x⁽ᵖ⁾); lower is better;
 *   <li>{@link #leastRelevantFirst}: the same with the least relevant pixels deleted first; higher is better;
 *   <li>{@link #combined}: half the second less half the first; higher is better, and 0 for attributions that know
 *       nothing of the model.
 * </ul>
 *
 * <p>The paper reports accuracies: {@code accuracy(true)} sets F to 1 where the most likely class is that of the
 * example, and to 0 elsewhere, whatever the target; the mean over examples is then an accuracy, as the curve of the
 * paper has for each p. The paper deletes 10, 20, 30, 40, 50, 70 and 90 %, the default here.
 *
 * <p>Pixels are the groups of a {@link FeatureMask}, with all channels of a pixel together unless set; their relevance
 * is the sum over channels.
 *
 * <p><b>When it misleads.</b> A large deleted area becomes smooth, which the model has not seen either. Where a class
 * shows by texture, neighbors give part of it back.
 *
 * <p><b>Cost.</b> A forward row for each share of each example, twice as many for the combined metric, and one for the
 * example. A linear system for each of these rows and each channel, solved in Java.
 *
 * <p><b>Paper.</b> Rong, Leemann, Borisov, Kasneci and Kasneci, <i>A Consistent and Efficient Evaluation Strategy for
 * Attribution Methods</i>, 2022.
 */
public final class Road extends DescribedRecipe<Road> implements Metric {
    private static final long PURPOSE = 0x20AD;

    private static final Setting<Points> POINTS = Setting.of(
                    "points",
                    Points.KIND,
                    Points.shares(0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9),
                    "shares of the pixels that are deleted")
            .trial(Points.shares(0.5));
    private static final Setting<FeatureMask> MASK =
            Setting.of("mask", FeatureMask.KIND, FeatureMask.patches(1, 1), "the elements that are deleted together");
    private static final Setting<Double> NOISE = Setting.of(
                    "noise", Kind.NUMBER, 0.01, "standard deviation of what is added to deleted pixels")
            .where("0 or more", noise -> noise >= 0);
    private static final Setting<Boolean> ACCURACY =
            Setting.of("accuracy", Kind.FLAG, false, "whether the decision counts, in place of the score");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        MOST("road-most-relevant-first", "mean score without the most relevant pixels; lower is better", false),
        LEAST("road-least-relevant-first", "mean score without the least relevant pixels; higher is better", true),
        COMBINED("road-combined", "half of how far these two are apart; higher is better", true);

        private final boolean higherIsBetter;
        private final Description<Road> description;

        Variation(String name, String claim, boolean higherIsBetter) {
            this.higherIsBetter = higherIsBetter;
            description = Description.of(
                    name, Need.FORWARD, claim, given -> new Road(this, given), POINTS, MASK, NOISE, ACCURACY);
        }
    }

    private final Variation variation;

    private Road(Variation variation, Settings<Road> settings) {
        super(settings);
        this.variation = variation;
    }

    /** Returns the descriptions of the three. */
    public static List<Description<Road>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /** Returns the mean score while the most relevant pixels are deleted; lower is better. */
    public static Road mostRelevantFirst() {
        return Variation.MOST.description.defaults().method();
    }

    /** Returns the mean score while the least relevant pixels are deleted; higher is better. */
    public static Road leastRelevantFirst() {
        return Variation.LEAST.description.defaults().method();
    }

    /** Returns half the difference of the two; higher is better. */
    public static Road combined() {
        return Variation.COMBINED.description.defaults().method();
    }

    /** Returns a copy that deletes other shares of the pixels. */
    public Road points(Points points) {
        return with(POINTS, points);
    }

    /** Returns a copy that deletes other groups, such as superpixels, or each channel of a pixel by itself. */
    public Road mask(FeatureMask mask) {
        return with(MASK, mask);
    }

    /** Returns a copy that adds normal noise of this standard deviation, in the unit of the inputs; 0.01 unless set. */
    public Road noise(double stdev) {
        return with(NOISE, stdev);
    }

    /** Returns a copy that asks whether the most likely class is still that of the example, or not. */
    public Road accuracy(boolean accuracy) {
        return with(ACCURACY, accuracy);
    }

    @Override
    public boolean higherIsBetter() {
        return variation.higherIsBetter;
    }

    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            ElementScores.check(explanation, inputs, problems);
            Planes.check(name(), inputs, problems);
            problems.throwIfAny();
            Target asked = value(ACCURACY) ? new Decision() : target;
            Coalitions coalitions =
                    Coalitions.amongExamples(this, model, inputs, asked, run.started(), value(MASK), problems);
            List<CurvePlan> plans = new ArrayList<>();
            for (boolean mostFirst : new boolean[] {true, false}) {
                if (variation != (mostFirst ? Variation.LEAST : Variation.MOST)) {
                    plans.add(CurvePlan.of(explanation, coalitions, Relevance.SUM, value(POINTS), mostFirst, false));
                }
            }
            double[][] scores = coalitions.scores(
                    example -> plans.size() * plans.get(0).rows(example),
                    (example, row, kept) -> fill(plans, example, row, kept),
                    new Imputed(coalitions, plans));
            double[] full = coalitions.scores();
            List<Curve> curves = new ArrayList<>();
            double[] judged = new double[full.length];
            for (int example = 0; example < judged.length; example++) {
                curves.add(curve(plans, example, scores[example], full[example]));
                judged[example] = Arrays.stream(curves.get(example).scores())
                        .skip(1)
                        .average()
                        .orElse(0);
            }
            return Judgement.of(coalitions.evaluator(), this, judged, curves, explanation.provenance());
        }
    }

    private static void fill(List<CurvePlan> plans, int example, int row, boolean[] kept) {
        int each = plans.get(0).rows(example);
        plans.get(row / each).fill(example, row % each, kept);
    }

    /** Returns the curve of an example, of the combined metric half the difference of both. */
    private static Curve curve(List<CurvePlan> plans, int example, double[] scores, double full) {
        int each = plans.get(0).rows(example);
        Curve first = plans.get(0).curve(example, Arrays.copyOf(scores, each), full);
        if (plans.size() == 1) {
            return first;
        }
        double[] most = first.scores();
        double[] least = plans.get(1)
                .curve(example, Arrays.copyOfRange(scores, each, 2 * each), full)
                .scores();
        double[] half = new double[most.length];
        Arrays.setAll(half, i -> (least[i] - most[i]) / 2);
        return new Curve(first.shares(), half);
    }

    /** Computes deleted pixels from those around them. */
    private final class Imputed implements Filling {
        private final Coalitions coalitions;
        private final List<CurvePlan> plans;
        private final boolean[] kept;
        /** Of the example before, whose rows mostly come one after the other. */
        private Planes planes;

        private int of;

        Imputed(Coalitions coalitions, List<CurvePlan> plans) {
            this.coalitions = coalitions;
            this.plans = plans;
            kept = new boolean[coalitions.mostGroups()];
            planes = Planes.of(coalitions, 0);
        }

        @Override
        public Tensor rows(int input, long[] examples, int[] rows, long[] samples) {
            Tensor given = coalitions.evaluator().inputs().attributed().get(input);
            int size = Math.toIntExact(given.shape().row().size());
            double[] all = new double[Math.multiplyExact(examples.length, size)];
            for (int r = 0; r < rows.length; r++) {
                int example = Math.toIntExact(examples[r]);
                if (example != of) {
                    planes = Planes.of(coalitions, example);
                    of = example;
                }
                fill(plans, example, rows[r], kept);
                impute(input, example, rows[r], all, r * size);
            }
            return given.tensors().of(all, given.dataType(), given.shape().withRows(examples.length));
        }

        private void impute(int input, int example, int row, double[] into, int start) {
            Run run = coalitions.evaluator().run();
            RandomGenerator random = run.random(PURPOSE, run.exampleKey(example), row, input);
            double[] values = planes.rows()[input];
            long[] groups = planes.groups()[input];
            int size = planes.height(input) * planes.width(input);
            boolean[] before = new boolean[0];
            LinearImputation imputation = new LinearImputation(before, 0, 0);
            for (int from = 0; from < values.length; from += size) {
                boolean[] known = new boolean[size];
                for (int i = 0; i < size; i++) {
                    known[i] = kept[(int) groups[from + i]];
                }
                if (!Arrays.equals(known, before)) {
                    imputation = new LinearImputation(known, planes.height(input), planes.width(input));
                    before = known;
                }
                double[] filled = imputation.fill(Arrays.copyOfRange(values, from, from + size));
                for (int i = 0; i < size; i++) {
                    into[start + from + i] = filled[i] + (known[i] ? 0 : value(NOISE) * random.nextGaussian());
                }
            }
        }
    }
}
