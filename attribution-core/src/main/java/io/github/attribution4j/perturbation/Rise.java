// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.Moments;
import io.github.attribution4j.internal.numeric.Rounds;
import io.github.attribution4j.internal.numeric.SampleCount;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Randomized input sampling: the score under random smooth masks, credited to what each mask let through.
 *
 * <pre>
 * xₖ = mₖ ∘ x + (1 − mₖ) ∘ b
 * attribution(i) = Σₖ F(xₖ) · mₖ(i) / (samples · keep)
 * </pre>
 *
 * <p><b>Masks.</b> A grid of cells, each 1 with probability {@code keep} and else 0, is resized linearly to (cells + 1)
 * times ⌈extent / cells⌉ elements along each axis (as PyTorch's {@code interpolate} does with
 * {@code align_corners=False}), and cut out at a shift drawn uniformly from 0 to ⌈extent / cells⌉ − 1. The expectation
 * of a mask is {@code keep} at every element.
 *
 * <p><b>Cells.</b> One number counts for each axis of positions: all but the first two, or the second where an input
 * has only two; channels share their mask. Else there is a number for each axis but the first, and a 1 shares the mask:
 * {@code cells(7, 1)} lays 7 cells along the time of {@code (examples, time, channels)}. An axis with fewer elements
 * has a cell for each. With several attributed inputs each has masks of its own, and all are masked at once.
 *
 * <p><b>{@link Estimator#PAPER}</b>, the default, is the formula above. It estimates the expected score where element i
 * is kept: an element that does not matter gets the expected score of a masked input, E F, not 0, and only differences
 * between elements mean something. <b>{@link Estimator#CENTERED}</b> subtracts the mean of the scores, {@code Σₖ (F(xₖ)
 * − F̄) · mₖ(i) / ((samples − 1) · keep)}: the unbiased estimate of the covariance of score and mask, divided by
 * {@code keep}. That is the same map less E F: an element that does not matter gets 0, and positive speaks for the
 * target. It has far less noise, too, where scores are far from 0 compared with how much they vary.
 *
 * <p>In neither do attributions add up to the score. Neighbors share cells, and so each other's attributions, over the
 * size of a cell.
 *
 * <p><b>Standard errors</b> are those of the mean over independent masks. For CENTERED the noise of F̄ is left out,
 * which matters the less the more samples there are.
 *
 * <p><b>{@link #budget Budget}.</b> In place of a number of samples: the error that is good enough for all elements
 * together.
 *
 * <p><b>Shapes.</b> Attributions have the inputs' shapes and types. Inputs must be of a floating type, because masks
 * between 0 and 1 mix them with the baseline, and hold no missing values.
 *
 * <p><b>Cost.</b> samples + 1 forward rows for each example. Masks are drawn anew where they are needed and not kept:
 * memory does not grow with the samples, but for one score each.
 *
 * <p><b>Differences to others.</b> Captum has none. The authors' code draws one set of masks for all images; here every
 * example has its own. Their baseline is zero. They explain probabilities: {@code Target.probability(class)}.
 *
 * <p>Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", 2018.
 */
public final class Rise extends Described<Model, Rise> implements Attribution.Forward {
    /** What becomes of the scores. */
    public enum Estimator {
        /** The formula of the paper: the expected score where an element is kept. */
        PAPER,
        /** Less the mean score: 0 for elements that do not matter. */
        CENTERED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Setting<Integer> SAMPLES =
            Setting.count("samples", 4000, 2, "masks for each example").trial(4);
    private static final Setting<List<Shape>> CELLS = Setting.of(
            "cells",
            Kind.of(
                            "a number, or one for each axis but the first, such as 1,7,7; more inputs after ';'",
                            Windows::shapes)
                    .said(Windows::text),
            List.of(Shape.of(7)),
            "cells of a mask: one number for every axis of positions, or one for each axis, where 1 shares the mask");
    private static final Setting<Double> KEEP = Setting.of(
                    "keep", Kind.NUMBER, 0.5, "probability that a cell lets the input through")
            .where("more than 0 and less than 1", keep -> keep > 0 && keep < 1);
    private static final Setting<Estimator> ESTIMATOR = Setting.of(
            "estimator",
            Kind.choice(Estimator.class),
            Estimator.PAPER,
            "paper gives the expected score where an element is kept; centered subtracts the mean score");
    private static final Setting<Baseline> BASELINE = Setting.of(
            "baseline",
            Baseline.KIND,
            Baseline.zeros(),
            "what shows where a mask is 0: one reference for each example, not a distribution");

    /** What the method says of itself. */
    public static final Description<Rise> DESCRIPTION = Description.of(
            "rise",
            Need.FORWARD,
            "the score under random smooth masks, credited to what each let through",
            Rise::new,
            SAMPLES,
            CELLS,
            KEEP,
            ESTIMATOR,
            Budget.SETTING,
            BASELINE);

    /** Evaluations of the input and of two masks. */
    private static final int LEAST = 3;

    /** With this many masks means are nearly normal. */
    private static final int ENOUGH = 100;

    private final int samples;
    private final double keep;
    private final List<Shape> cells;

    private Rise(Settings<Rise> settings) {
        super(settings);
        samples = settings.get(SAMPLES);
        keep = settings.get(KEEP);
        cells = settings.get(CELLS);
    }

    /** Creates the method with 4000 masks of 7 cells along each axis of positions, half of them kept; baseline zero. */
    public Rise() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy with this many masks for each example, at least 2; 4000 unless set. */
    public Rise samples(int newSamples) {
        return with(SAMPLES, newSamples);
    }

    /**
     * Returns a copy with other cells; 7 along every axis of positions unless set.
     *
     * @param newCells one number for every axis of positions, or a number for each axis of an input but the first,
     *     where 1 shares the mask along the axis
     */
    public Rise cells(long... newCells) {
        return cells(Shape.of(newCells));
    }

    /** Returns a copy with cells for each attributed input, as {@link #cells(long...)}; one alone counts for all. */
    public Rise cells(Shape... perInput) {
        return with(CELLS, List.of(perInput));
    }

    /** Returns a copy that keeps cells with another probability, more than 0 and less than 1; 0.5 unless set. */
    public Rise keep(double probability) {
        return with(KEEP, probability);
    }

    /** Returns a copy that makes something else of the scores; as in the paper unless set. */
    public Rise estimator(Estimator newEstimator) {
        return with(ESTIMATOR, newEstimator);
    }

    /**
     * Returns a copy that ends by another rule than its number of masks: after a number of evaluations, of x and of a
     * mask each, when the error is small enough, or both.
     */
    public Rise budget(Budget newBudget) {
        return with(Budget.SETTING, newBudget);
    }

    /** Returns a copy that shows something else where a mask is 0; zeros unless set. */
    public Rise baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    @Override
    public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(
                    this,
                    model,
                    inputs,
                    target,
                    run,
                    problems -> value(BASELINE).checkSingle(name(), inputs, problems),
                    problems -> check(inputs, problems));
            List<Tensor> attributed = evaluator.inputs().attributed();
            List<RandomGrid> grids = new ArrayList<>();
            for (int input = 0; input < attributed.size(); input++) {
                Shape row = attributed.get(input).shape().row();
                grids.add(RandomGrid.of(row, perAxis(input, row)));
            }
            List<Tensor> references = value(BASELINE).references(evaluator.inputs(), evaluator.run());
            evaluator.scores();
            RandomMasks masks = new RandomMasks(evaluator.run(), grids, keep);
            Rounds rounds = new Rounds(
                    value(Budget.SETTING),
                    evaluator.run(),
                    1,
                    example -> samples + 1L,
                    Stream.generate(() -> new SampleCount(ENOUGH))
                            .limit(evaluator.examples())
                            .toList());
            evaluator.run().plan(rounds.planned());
            List<Estimate> estimates = rounds.estimates(new Credit(evaluator, references, masks));
            Outcome outcome = Outcome.of(tensors(attributed, grids, estimates, Estimate::values))
                    .standardErrors(tensors(attributed, grids, estimates, Estimate::errors));
            return Explanation.of(evaluator, outcome.reached(rounds.reached(), evaluator));
        }
    }

    /** Scores masks, and credits scores to elements. */
    private final class Credit implements Rounds.Work {
        private final Evaluator evaluator;
        private final List<Tensor> references;
        private final RandomMasks masks;

        Credit(Evaluator evaluator, List<Tensor> references, RandomMasks masks) {
            this.evaluator = evaluator;
            this.references = references;
            this.masks = masks;
        }

        @Override
        public double[][] scores(int[] first, int[] end) {
            double[] all = evaluator.scores(new MaskedSamples(evaluator, references, masks, first, end));
            double[][] perExample = new double[first.length][];
            int from = 0;
            for (int example = 0; example < first.length; example++) {
                int to = from + end[example] - first[example];
                perExample[example] = Arrays.copyOfRange(all, from, to);
                from = to;
            }
            return perExample;
        }

        /** Returns mean and standard error, over the masks of an example, of what they credit to each element. */
        @Override
        public Estimate estimate(int example, double[] scores) {
            int count = scores.length;
            boolean centered = value(ESTIMATOR) == Estimator.CENTERED;
            double subtracted = centered ? Arrays.stream(scores).average().orElseThrow() : 0;
            // The mask less its expectation gives the same sum as the mask, because centered scores add up to 0.
            double expected = centered ? keep : 0;
            double scale = (centered ? count / (count - 1.0) : 1) / keep;
            double[][] mask = masks.arrays(1);
            double[] terms =
                    new double[Arrays.stream(mask).mapToInt(one -> one.length).sum()];
            Moments moments = new Moments(terms.length);
            for (int number = 0; number < count; number++) {
                evaluator.run().check(name(), count, count);
                masks.draw(example, number, mask, 0);
                double weight = (scores[number] - subtracted) * scale;
                int at = 0;
                for (double[] ofInput : mask) {
                    for (double let : ofInput) {
                        terms[at++] = weight * (let - expected);
                    }
                }
                moments.add(terms);
            }
            return new Estimate(moments.mean(), moments.standardError(), count - 1.0);
        }
    }

    private static List<Tensor> tensors(
            List<Tensor> attributed,
            List<RandomGrid> grids,
            List<Estimate> estimates,
            Function<Estimate, double[]> numbers) {
        List<Tensor> tensors = new ArrayList<>();
        int at = 0;
        for (int input = 0; input < attributed.size(); input++) {
            int size = grids.get(input).size();
            double[] values = new double[Math.multiplyExact(estimates.size(), size)];
            for (int example = 0; example < estimates.size(); example++) {
                System.arraycopy(numbers.apply(estimates.get(example)), at, values, example * size, size);
            }
            at += size;
            Tensor like = attributed.get(input);
            Shape shape = grids.get(input).shape(like.shape().dim(0));
            tensors.add(like.tensors().of(values, like.dataType(), shape).broadcast(like.shape()));
        }
        return tensors;
    }

    private Shape given(int input) {
        return cells.get(cells.size() == 1 ? 0 : input);
    }

    /** Returns the cells for each axis of a row. */
    private long[] perAxis(int input, Shape row) {
        Shape given = given(input);
        if (given.rank() == row.rank()) {
            return given.dims();
        }
        long[] all = new long[row.rank()];
        Arrays.fill(all, given.dim(0));
        if (all.length > 0) {
            // Rows of more than one axis have their channels on the first.
            all[0] = 1;
        }
        return all;
    }

    private void check(Inputs inputs, Problems problems) {
        Budget budget = value(Budget.SETTING);
        problems.require(
                budget.most(LEAST) >= LEAST,
                "rise: budget " + budget + " does not pay for two masks and the input; give at least " + LEAST
                        + " evaluations");
        List<Inputs.Input> attributed = inputs.attributedInputs();
        for (Inputs.Input input : attributed) {
            Tensor tensor = input.tensor();
            boolean floating = tensor.dataType().isFloating();
            problems.require(
                    floating,
                    "rise: input '" + input.name() + "' is of type " + tensor.dataType()
                            + ", and masks between 0 and 1 mix it with the baseline; convert it with"
                            + " to(DataType.FLOAT32), or use feature-ablation or shapley-sampling, which replace whole"
                            + " values");
            problems.require(
                    !floating || !inputs.allowsMissing() || tensor.isFinite(),
                    "rise: input '" + input.name() + "' has missing values, and masks between 0 and 1 mix it with the"
                            + " baseline; use feature-ablation or shapley-sampling, which replace whole values");
        }
        if (cells.size() != 1 && cells.size() != attributed.size()) {
            problems.add("rise: cells " + Windows.text(cells) + " are for " + cells.size() + " inputs, and "
                    + attributed.size() + " are attributed; give cells for each, or once for all");
            return;
        }
        for (int i = 0; i < attributed.size(); i++) {
            Shape shape = attributed.get(i).tensor().shape();
            Shape given = given(i);
            boolean fits = given.rank() == 1 || given.rank() == shape.rank() - 1;
            problems.require(
                    fits && Arrays.stream(given.dims()).allMatch(count -> count >= 1),
                    "rise: cells " + Windows.text(List.of(given)) + " for input '"
                            + attributed.get(i).name() + "' of shape "
                            + shape + "; give one number, or one for each axis but that of the examples, "
                            + (shape.rank() - 1) + ", each at least 1");
        }
    }
}
