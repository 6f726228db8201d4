// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Moments;
import io.github.attribution4j.mask.CoalitionMethod;
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
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;

/**
 * What the score loses when one group of elements is taken from another example, all others staying: permutation
 * importance, example by example, which needs no baseline.
 *
 * <pre>
 * attribution(g) of example i = mean over shuffles π of  F(xᵢ) − F(xᵢ with group g of x at π(i))
 * </pre>
 *
 * <p>Shuffles are single random cycles, so that every example gets the group of another one, each other one equally
 * likely. Groups are shuffled one at a time and independently. Attributions depend on which examples are explained
 * together; the mean over examples is the usual importance of a feature.
 *
 * <p>The attribution of a group stands at each of its elements.
 *
 * <p>{@link #importance} is the importance by loss over a labelled set: how much larger the loss becomes.
 *
 * <p><b>Standard errors</b> are those of the mean over shuffles; with a single one, the default, there are none.
 *
 * <p><b>Shapes.</b> At least two examples. Attributions have the inputs' shapes. Their type is the input's, or for
 * inputs of an integer type float32 (float64 if the model's output is).
 *
 * <p><b>Cost.</b> 1 + shuffles · M forward rows for each example.
 *
 * <p><b>Differences to Captum.</b> Captum's shuffles may leave examples in place (which get 0), and there is one only.
 * It refuses to be wrapped by a method that explains copies of examples, such as a noise tunnel.
 *
 * <p>Breiman, "Random Forests", 2001; Fisher, Rudin and Dominici, "All Models are Wrong, but Many are Useful", 2019.
 */
public final class FeaturePermutation extends Described<Model, FeaturePermutation> implements Attribution.Forward {
    private static final long PURPOSE = 0xF9E4;

    private static final Setting<Integer> SHUFFLES =
            Setting.count("shuffles", 1, 1, "how often each group is shuffled").trial(1);

    /** What the method says of itself. */
    public static final Description<FeaturePermutation> DESCRIPTION = Description.<FeaturePermutation>of(
                    "feature-permutation",
                    Need.FORWARD,
                    "what the score loses when a group takes its values from another example; two examples at least",
                    FeaturePermutation::new,
                    SHUFFLES,
                    CoalitionMethod.MASK)
            .ofExamples(2)
            .advising(CoalitionMethod::betterWithMask);

    private final int shuffles;

    private FeaturePermutation(Settings<FeaturePermutation> settings) {
        super(settings);
        shuffles = settings.get(SHUFFLES);
    }

    /** Creates the method with one shuffle, element by element. */
    public FeaturePermutation() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy that shuffles each group this often, at least 1; 1 unless set. */
    public FeaturePermutation shuffles(int newShuffles) {
        return with(SHUFFLES, newShuffles);
    }

    /** Returns a copy with other groups; every element its own unless set. */
    public FeaturePermutation mask(FeatureMask mask) {
        return with(CoalitionMethod.MASK, mask);
    }

    /** What the inputs of a request become when groups take their values from other examples. */
    private Coalitions coalitions(Model model, Inputs inputs, Target target, Run run) {
        Problems problems = new Problems();
        problems.collect(() -> checkExamples(inputs, problems));
        return Coalitions.amongExamples(
                this, model, inputs, target, run.started(), value(CoalitionMethod.MASK), problems);
    }

    /** Returns for each example, for each shuffle of its first group, then of its second and so on, the score. */
    private double[][] shuffled(Coalitions coalitions) {
        int[][] partners = partners(coalitions.evaluator(), coalitions.mostGroups());
        return coalitions.scores(
                example -> shuffles * coalitions.groups(example),
                (example, row, kept) -> {
                    Arrays.fill(kept, true);
                    kept[row / shuffles] = false;
                },
                (example, row) -> partners[row][example]);
    }

    /**
     * Returns the importance of each group over a labelled set: how much larger the mean loss becomes when the group is
     * shuffled between the examples, once for each shuffle. Give several shuffles for the spread.
     *
     * <pre>{@code
     * new FeaturePermutation().shuffles(10).importance(model, inputs, Target.loss(Loss.crossEntropy(), labels), run)
     * }</pre>
     *
     * @param loss of each example, such as {@link Target#loss}; what is smaller for better models
     * @throws io.github.attribution4j.run.InvalidRequestException if a request is wrong, or examples have different
     *     groups
     */
    public PermutationImportance importance(Model model, Inputs inputs, Target loss, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Coalitions coalitions = coalitions(model, inputs, loss, run);
            List<String> names = coalitions.labels(0);
            Problems problems = new Problems();
            problems.require(
                    coalitions.areAlike(),
                    "feature-permutation: the mask " + value(CoalitionMethod.MASK) + " makes other groups in each"
                            + " example, and importance is that of the same groups in all; give a mask that serves all"
                            + " examples");
            problems.throwIfAny();
            double[] losses = coalitions.evaluator().scores();
            double[][] shuffled = shuffled(coalitions);
            double[][] increases = new double[names.size()][shuffles];
            double mean = 0;
            for (int example = 0; example < losses.length; example++) {
                mean += losses[example] / losses.length;
                for (int row = 0; row < shuffled[example].length; row++) {
                    increases[row / shuffles][row % shuffles] +=
                            (shuffled[example][row] - losses[example]) / losses.length;
                }
            }
            coalitions.evaluator().run().finished(name());
            return new PermutationImportance(names, mean, increases);
        }
    }

    @Override
    public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Coalitions coalitions = coalitions(model, inputs, target, run);
            double[] scores = coalitions.evaluator().scores();
            double[][] shuffled = shuffled(coalitions);
            double[][] values = new double[scores.length][coalitions.mostGroups()];
            double[][] errors = new double[scores.length][coalitions.mostGroups()];
            for (int example = 0; example < scores.length; example++) {
                for (int group = 0; group < coalitions.groups(example); group++) {
                    Moments moments = new Moments(1);
                    for (int shuffle = 0; shuffle < shuffles; shuffle++) {
                        double other = shuffled[example][group * shuffles + shuffle];
                        moments.add(new double[] {scores[example] - other});
                    }
                    values[example][group] = moments.mean()[0];
                    errors[example][group] = moments.standardError()[0];
                }
            }
            Outcome outcome = coalitions.outcome(values);
            return Explanation.of(
                    coalitions.evaluator(),
                    shuffles == 1 ? outcome : outcome.standardErrors(coalitions.spread(errors)));
        }
    }

    private static void checkExamples(Inputs inputs, Problems problems) {
        boolean whole = inputs.sources() == inputs.rows();
        for (long row = 0; row < inputs.rows(); row++) {
            whole &= inputs.source(row) == row;
        }
        problems.require(
                whole,
                "feature-permutation: it exchanges groups between the examples of a request and was given copies of"
                        + " some of them, by a method that wraps it; use it by itself");
        problems.require(
                inputs.rows() > 1,
                "feature-permutation: " + inputs.rows()
                        + " example given; it takes groups from other examples, so give "
                        + "at least 2, or use feature-ablation with a baseline");
    }

    /** Returns for each shuffle of each group from which example each example takes it. */
    private int[][] partners(Evaluator evaluator, int groups) {
        int examples = evaluator.examples();
        int[][] partners = new int[groups * shuffles][examples];
        for (int local = 0; local < partners.length; local++) {
            int[] order = RandomStream.permutation(
                    evaluator.run().random(PURPOSE, local / shuffles, local % shuffles), examples);
            for (int i = 0; i < examples; i++) {
                partners[local][order[i]] = order[(i + 1) % examples];
            }
        }
        return partners;
    }
}
