// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Recipe;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.ObjIntConsumer;

/**
 * Scores of coalitions: in each row some groups of elements stay, and all others are replaced by a baseline. What a
 * method that perturbs groups is written with.
 *
 * <pre>{@code
 * try (TensorScope scope = TensorScope.open()) {
 *     Coalitions coalitions = Coalitions.start(this, model, inputs, target, run, mask, baseline);
 *     double[] scores = coalitions.evaluator().scores();
 *     double[][] without = coalitions.scores(coalitions::groups, (example, row, kept) -> {
 *         Arrays.fill(kept, true);
 *         kept[row] = false;
 *     });
 *     ...
 *     return Explanation.of(coalitions.evaluator(), coalitions.outcome(values));
 * }
 * }</pre>
 *
 * <p>Open it inside a {@link io.github.attribution4j.tensor.TensorScope}, on the thread that computes. Rows are made
 * when a batch of them is evaluated; only scores are kept. Not thread-safe.
 */
public final class Coalitions {
    private static final double[] NONE = {};

    private final Evaluator evaluator;
    private final Groups groups;
    /** For each attributed input one row or one for each example; none where other examples stand in. */
    private final List<Tensor> references;

    private Coalitions(Evaluator evaluator, Groups groups, List<Tensor> references) {
        this.evaluator = evaluator;
        this.groups = groups;
        this.references = references;
    }

    /** Says which groups a row keeps. */
    @FunctionalInterface
    public interface Keeping {
        /**
         * Says it for one row. Must not depend on other rows.
         *
         * @param example the example
         * @param row number of the row among those of its example, from 0
         * @param kept takes for each group whether it is kept; {@code false} everywhere before. It may be longer than
         *     the example has groups
         */
        void fill(int example, int row, boolean[] kept);
    }

    /**
     * Starts a computation against a baseline; all that is wrong is reported together.
     *
     * @param recipe who asks
     * @param baseline one reference for each example
     * @param checks more checks, of the number of groups, the largest of any example
     * @throws InvalidRequestException listing all that is wrong
     */
    @SafeVarargs
    public static Coalitions start(
            Recipe recipe,
            Model model,
            Inputs inputs,
            Target target,
            Run run,
            FeatureMask mask,
            Baseline baseline,
            ObjIntConsumer<Problems>... checks) {
        Run started = run.started();
        Problems problems = new Problems();
        problems.collect(() -> baseline.checkSingle(recipe.name(), inputs, problems));
        Optional<Groups> groups = problems.found(() -> mask.resolve(inputs, problems));
        for (ObjIntConsumer<Problems> check : checks) {
            groups.ifPresent(found -> problems.collect(() -> check.accept(problems, found.most())));
        }
        Evaluator evaluator = Evaluator.start(recipe, model, inputs, target, started, problems);
        List<Tensor> references = baseline.references(evaluator.inputs(), evaluator.run());
        return new Coalitions(evaluator, groups.orElseThrow(), references);
    }

    /**
     * Starts a computation in which other examples stand in for absent groups; all that is wrong is reported together.
     *
     * @param recipe who asks
     * @param problems what the method found wrong itself
     * @throws InvalidRequestException listing all that is wrong
     */
    public static Coalitions amongExamples(
            Recipe recipe, Model model, Inputs inputs, Target target, Run run, FeatureMask mask, Problems problems) {
        Optional<Groups> groups = problems.found(() -> mask.resolve(inputs, problems));
        Evaluator evaluator = Evaluator.start(recipe, model, inputs, target, run, problems);
        return new Coalitions(evaluator, groups.orElseThrow(), List.of());
    }

    /** Returns what runs the model: for scores at the inputs themselves, random numbers, notices. */
    public Evaluator evaluator() {
        return evaluator;
    }

    /** Returns the number of groups of an example. */
    public int groups(int example) {
        return groups.count(example);
    }

    /** Returns the largest number of groups of any example. */
    public int mostGroups() {
        return groups.most();
    }

    /**
     * Returns the scores of coalitions; absent groups are replaced by the baseline. One forward row each.
     *
     * @param rows for each example how many
     * @param keeping which groups each keeps
     * @return for each example the score of each of its rows
     */
    public double[][] scores(IntUnaryOperator rows, Keeping keeping) {
        if (references.isEmpty()) {
            throw new IllegalStateException("no baseline was given: say which examples stand in for absent groups");
        }
        return scores(rows, keeping, (input, examples, local) -> Rows.ofExamples(references.get(input), examples));
    }

    /**
     * Returns the scores of coalitions whose absent groups take the values of another example. One forward row each.
     *
     * @param rows for each example how many
     * @param keeping which groups each keeps
     * @param donor the other example, for an example and the number of its row
     * @return for each example the score of each of its rows
     */
    public double[][] scores(IntUnaryOperator rows, Keeping keeping, IntBinaryOperator donor) {
        return scores(rows, keeping, (input, examples, local) -> {
            long[] others = new long[examples.length];
            for (int r = 0; r < others.length; r++) {
                others[r] = donor.applyAsInt(Math.toIntExact(examples[r]), local[r]);
            }
            return evaluator.inputs().attributed().get(input).select(0, others);
        });
    }

    private double[][] scores(IntUnaryOperator rows, Keeping keeping, CoalitionRows.Absent absent) {
        RowIndex index = RowIndex.of(evaluator.examples(), rows);
        double[] all = evaluator.scores(new CoalitionRows(evaluator.inputs(), absent, groups, index, keeping));
        double[][] perExample = new double[evaluator.examples()][];
        for (int example = 0; example < perExample.length; example++) {
            int from = index.start(example);
            int to = index.start(example + 1);
            perExample[example] = from == to ? NONE : Arrays.copyOfRange(all, from, to);
        }
        return perExample;
    }

    /** Returns the score of each example's baseline; one forward row, or one for each example. */
    public double[] baselineScores() {
        return evaluator.scoresAt(references);
    }

    /**
     * Returns attributions whose features are the groups.
     *
     * @param values for each example the attribution of each group
     */
    public Outcome outcome(double[][] values) {
        return groups.describe(Outcome.of(spread(values)));
    }

    /**
     * Returns the outcome of a method that claims that attributions of groups add up to score − baseline score, and
     * sets the completeness gap.
     *
     * @param values for each example the attribution of each group
     * @param baselineScores for each example
     */
    public Outcome complete(double[][] values, double[] baselineScores) {
        double[] scores = evaluator.scores();
        double[] gap = new double[scores.length];
        for (int example = 0; example < gap.length; example++) {
            for (int group = 0; group < groups.count(example); group++) {
                gap[example] += values[example][group];
            }
            gap[example] -= scores[example] - baselineScores[example];
        }
        return outcome(values).baselineScores(baselineScores).completenessGap(gap);
    }

    /**
     * Returns values of groups, such as standard errors, as tensors in the shape of the attributed inputs: a group's
     * value stands at each of its elements.
     *
     * @param values for each example a value of each group
     */
    public List<Tensor> spread(double[][] values) {
        return groups.spread(values, evaluator);
    }

    /** Returns who asked, and how many groups there are at most. */
    @Override
    public String toString() {
        return "Coalitions[" + evaluator.recipe().name() + ", " + groups.most() + " groups]";
    }
}
