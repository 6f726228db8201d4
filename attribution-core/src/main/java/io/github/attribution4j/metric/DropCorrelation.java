// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.internal.numeric.Correlation;
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
import java.util.random.RandomGenerator;

/**
 * Whether features whose attributions sum to more cost the model more when they go: the correlation, over sets S of
 * features, of the sum of their attributions with the drop of the score without them.
 *
 * <p>Features are the groups of a {@link FeatureMask}; the attribution of a group is the sum over its elements. With
 * drop(S) = F(x) − F(x with the groups of S replaced by the baseline), the score of an example is Pearson's correlation
 * of Σ_{i ∈ S} Aᵢ and drop(S):
 *
 * <ul>
 *   <li>{@link #faithfulnessCorrelation}: over 100 random sets of one size, a quarter of the groups;
 *   <li>{@link #sensitivityN}: the mean of that correlation over ten sizes, from one group to four fifths of them, with
 *       100 random sets each;
 *   <li>{@link #faithfulnessEstimate}: over all sets of one group, without chance;
 *   <li>{@link #monotonicityCorrelation}: over the same sets Spearman's correlation, which compares ranks only, of |Aᵢ|
 *       and the mean of drop(S)² over what replaces the group: samples of the baseline, or draws from it. The paper
 *       replaces by other values of the feature: give rows of the training data, {@code Baseline.samples(rows)}.
 * </ul>
 *
 * <p>1 is best, and −1 worst. Where all sums or all drops are equal, there is no correlation: the score is 0, and a
 * notice says so. A correlation does not see the scale of attributions, nor a constant added to all of them where sets
 * have one size.
 *
 * <p><b>When it misleads.</b> As {@link PerturbationCurve}: replaced features make inputs that the model has not seen.
 *
 * <p><b>Cost.</b> A forward row for each set of each example, and one for the example; times the samples of a baseline
 * that is a set.
 *
 * <p><b>Papers.</b> Bhatt, Weller and Moura, <i>Evaluating and Aggregating Feature-based Model Explanations</i>, 2020
 * (faithfulness correlation); Ancona, Ceolini, Öztireli and Gross, <i>Towards Better Understanding of Gradient-based
 * Attribution Methods for Deep Neural Networks</i>, 2018 (sensitivity-n); Alvarez-Melis and Jaakkola, <i>Towards Robust
 * Interpretability with Self-Explaining Neural Networks</i>, 2018 (faithfulness estimate); Nguyen and Martínez, <i>On
 * Quantitative Aspects of Model Interpretability</i>, 2020 (monotonicity correlation).
 */
public final class DropCorrelation extends DescribedRecipe<DropCorrelation> implements Metric {
    private static final long PURPOSE = 0xD20C;
    private static final int SIZES = 10;

    private static final Setting<Integer> SETS = Setting.count("sets", 100, 2, "random sets of features of each size")
            .trial(3);
    private static final Setting<Double> SHARE = Setting.of("share", Kind.NUMBER, 0.25, "share of the groups in a set")
            .where("above 0 and at most 1", share -> share > 0 && share <= 1);
    private static final Setting<Double> LARGEST = Setting.of(
                    "share", Kind.NUMBER, 0.8, "share of the groups in the largest sets")
            .where("above 0 and at most 1", share -> share > 0 && share <= 1);
    private static final Setting<Integer> SAMPLES = Setting.count(
                    "samples", 100, 1, "draws of a baseline that is a distribution")
            .trial(2);
    private static final Setting<Baseline> REPLACEMENT =
            Setting.of("baseline", Baseline.KIND, Baseline.zeros(), "what a feature is replaced by");
    private static final Setting<FeatureMask> MASK =
            Setting.of("mask", FeatureMask.KIND, FeatureMask.perElement(), "the groups that go absent together");
    private static final Setting<Baseline> BASELINE =
            Setting.of("baseline", Coalitions.BASELINES, Baseline.zeros(), "what stands in the place of absent groups");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        CORRELATION(
                "faithfulness-correlation",
                "correlation of attributions with drops of the score without random features; higher is better",
                SETS,
                SHARE,
                MASK,
                BASELINE),
        SENSITIVITY_N(
                "sensitivity-n",
                "the same, averaged over numbers of features; higher is better",
                SETS,
                LARGEST,
                MASK,
                BASELINE),
        ESTIMATE(
                "faithfulness-estimate",
                "correlation of attributions with drops of the score without single features; higher is better",
                MASK,
                BASELINE),
        MONOTONICITY(
                "monotonicity-correlation",
                "rank correlation of magnitudes with squared changes of the score by single features; higher is better",
                SAMPLES,
                MASK,
                REPLACEMENT);

        private final Description<DropCorrelation> description;

        Variation(String name, String claim, Setting<?>... settings) {
            description =
                    Description.of(name, Need.FORWARD, claim, given -> new DropCorrelation(this, given), settings);
        }
    }

    private final Variation variation;

    private DropCorrelation(Variation variation, Settings<DropCorrelation> settings) {
        super(settings);
        this.variation = variation;
    }

    private static DropCorrelation of(Variation variation) {
        return variation.description.defaults().method();
    }

    /** Returns the descriptions of the four. */
    public static List<Description<DropCorrelation>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /** Returns the correlation over random sets of one size. */
    public static DropCorrelation faithfulnessCorrelation() {
        return of(Variation.CORRELATION);
    }

    /** Returns the mean correlation over random sets of ten sizes. */
    public static DropCorrelation sensitivityN() {
        return of(Variation.SENSITIVITY_N);
    }

    /** Returns the correlation over single features. */
    public static DropCorrelation faithfulnessEstimate() {
        return of(Variation.ESTIMATE);
    }

    /** Returns the rank correlation of magnitudes with squared changes of the score by single features. */
    public static DropCorrelation monotonicityCorrelation() {
        return of(Variation.MONOTONICITY);
    }

    /**
     * Returns a copy that draws so often from a baseline that is a distribution without a list of samples.
     *
     * @throws IllegalArgumentException if this metric takes no such baseline
     */
    public DropCorrelation samples(int count) {
        return with(SAMPLES, count);
    }

    /**
     * Returns a copy that draws this many sets of each size; at least 2.
     *
     * @throws IllegalArgumentException if this metric draws none
     */
    public DropCorrelation sets(int count) {
        return with(SETS, count);
    }

    /**
     * Returns a copy whose sets, or whose largest sets, hold this share of the groups, at least one.
     *
     * @throws IllegalArgumentException if this metric draws none
     */
    public DropCorrelation share(double share) {
        return with(variation == Variation.SENSITIVITY_N ? LARGEST : SHARE, share);
    }

    /** Returns a copy with other groups; every element its own unless set. */
    public DropCorrelation mask(FeatureMask mask) {
        return with(MASK, mask);
    }

    /**
     * Returns a copy with another baseline: one reference, or a set of samples, over which scores are averaged. That of
     * the monotonicity correlation may be a distribution, too.
     */
    public DropCorrelation baseline(Baseline baseline) {
        return with(variation == Variation.MONOTONICITY ? REPLACEMENT : BASELINE, baseline);
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
            if (variation == Variation.MONOTONICITY) {
                return monotonicity(model, inputs, target, explanation, run.started(), problems);
            }
            problems.throwIfAny();
            Coalitions coalitions = Coalitions.start(this, model, inputs, target, run, value(MASK), value(BASELINE));
            Run started = coalitions.evaluator().run();
            Sets sets = new Sets(coalitions, started);
            double[][] without = coalitions.scores(sets::count, (example, row, kept) -> {
                Arrays.fill(kept, true);
                sets.fill(example, row, kept, false);
            });
            double[] full = coalitions.scores();
            double[] judged = new double[full.length];
            for (int example = 0; example < judged.length; example++) {
                double[] relevance = ElementScores.byGroup(explanation, coalitions, example);
                double[] sums = new double[without[example].length];
                double[] drops = new double[sums.length];
                for (int row = 0; row < sums.length; row++) {
                    boolean[] absent = new boolean[relevance.length];
                    sets.fill(example, row, absent, true);
                    for (int group = 0; group < absent.length; group++) {
                        sums[row] += absent[group] ? relevance[group] : 0;
                    }
                    drops[row] = full[example] - without[example][row];
                }
                judged[example] = mean(sums, drops, sets.perSize(example), coalitions);
            }
            return Judgement.of(coalitions.evaluator(), this, judged, List.of(), explanation.provenance());
        }
    }

    private Judgement monotonicity(
            Model model, Inputs inputs, Target target, Explanation explanation, Run run, Problems problems) {
        problems.collect(() -> value(REPLACEMENT).check(inputs, problems));
        Coalitions coalitions = Coalitions.amongExamples(this, model, inputs, target, run, value(MASK), problems);
        double[][] squares = new SingleChanges(value(REPLACEMENT), value(SAMPLES)).meanSquares(coalitions);
        double[] judged = new double[squares.length];
        for (int example = 0; example < judged.length; example++) {
            double[] relevance = ElementScores.byGroup(explanation, coalitions, example);
            double[] magnitudes = Arrays.stream(relevance).map(Math::abs).toArray();
            judged[example] = defined(Correlation.spearman(magnitudes, squares[example]), coalitions);
        }
        return Judgement.of(coalitions.evaluator(), this, judged, List.of(), explanation.provenance());
    }

    /** Returns a correlation, or 0 with a notice where there is none. */
    private static double defined(double correlation, Coalitions coalitions) {
        if (!Double.isNaN(correlation)) {
            return correlation;
        }
        coalitions
                .evaluator()
                .notice("all attributions of some sets of features are equal, or the score does not drop"
                        + " without them, so that there is no correlation; it counts as 0");
        return 0;
    }

    /** Returns the mean correlation over consecutive blocks of sets of one size. */
    private static double mean(double[] sums, double[] drops, int perSize, Coalitions coalitions) {
        double mean = 0;
        int sizes = sums.length / perSize;
        for (int size = 0; size < sizes; size++) {
            double correlation = Correlation.pearson(
                    Arrays.copyOfRange(sums, size * perSize, (size + 1) * perSize),
                    Arrays.copyOfRange(drops, size * perSize, (size + 1) * perSize));
            mean += defined(correlation, coalitions) / sizes;
        }
        return mean;
    }

    /** The sets of features of each example, in blocks of one size. */
    private final class Sets {
        private final Coalitions coalitions;
        private final Run run;

        Sets(Coalitions coalitions, Run run) {
            this.coalitions = coalitions;
            this.run = run;
        }

        int count(int example) {
            return variation == Variation.SENSITIVITY_N ? SIZES * value(SETS) : perSize(example);
        }

        int perSize(int example) {
            return variation == Variation.ESTIMATE ? coalitions.groups(example) : value(SETS);
        }

        /** Says of the groups of a set that they are absent, or present. */
        void fill(int example, int row, boolean[] into, boolean says) {
            if (variation == Variation.ESTIMATE) {
                into[row] = says;
                return;
            }
            int groups = coalitions.groups(example);
            RandomGenerator random = run.random(PURPOSE, run.exampleKey(example), row);
            int[] shuffled = new int[groups];
            Arrays.setAll(shuffled, group -> group);
            int size = size(groups, row);
            for (int i = 0; i < size; i++) {
                int other = i + random.nextInt(groups - i);
                int group = shuffled[other];
                shuffled[other] = shuffled[i];
                into[group] = says;
            }
        }

        private int size(int groups, int row) {
            if (variation == Variation.CORRELATION) {
                return Math.max(1, (int) Math.rint(value(SHARE) * groups));
            }
            int largest = Math.max(1, (int) Math.rint(value(LARGEST) * groups));
            return 1 + (int) Math.rint((largest - 1.0) * (row / value(SETS)) / (SIZES - 1));
        }
    }
}
