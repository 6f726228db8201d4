// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.internal.RowIndex;
import io.github.attribution4j.mask.Hierarchy.Tree;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Scores of coalitions: some groups of elements stay, and all others are replaced by a baseline. What a method that
 * perturbs groups is written with.
 *
 * <p>The score v(S) of a coalition S is that of one row if the baseline is one reference, x within S and b outside (the
 * baseline value function). If the baseline is a set of samples, it is the mean over all of them, by their weights (the
 * interventional value function):
 *
 * <pre>
 * v(S) = link(Σ_k w_k F(x within S, b_k outside))
 * </pre>
 *
 * <p>Values outside S always come from one row of the set, never from an average.
 *
 * <pre>{@code
 * try (TensorScope scope = TensorScope.open()) {
 *     Coalitions coalitions = Coalitions.start(this, model, inputs, target, run, mask, baseline);
 *     double[] scores = coalitions.scores();
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
    /** Baselines as values of a setting of a method that averages over all samples of a set; their text says so. */
    public static final Kind<Baseline> BASELINES = Baseline.KIND.said(
            baseline -> baseline.sampleCount() > 0 ? Baseline.MEAN_OVER + baseline.describe() : baseline.describe());

    private static final double[] NONE = {};
    /** Scores of rows that are held at once, where a mean is taken over them. */
    private static final long CHUNK = 1 << 20;

    private final Evaluator evaluator;
    private final Groups groups;
    private final Background background;
    private final Link link;
    private double @Nullable [] scores;

    private Coalitions(Evaluator evaluator, Groups groups, Background background, Link link) {
        this.evaluator = evaluator;
        this.groups = groups;
        this.background = background;
        this.link = link;
    }

    /** What a mean score is seen through before attributions are computed. */
    public enum Link {
        /** The score itself. */
        IDENTITY {
            @Override
            double of(double score) {
                return score;
            }
        },
        /** Log odds, ln(p / (1 − p)), of a score that is a probability. Attributions are in log odds. */
        LOGIT {
            @Override
            double of(double score) {
                if (!(score > 0 && score < 1)) {
                    throw new ModelException("link logit: a score is " + score
                            + ", and log odds need a probability between 0 and 1, both excluded; explain the"
                            + " probability of a class, or the sigmoid of a logit, or use link identity");
                }
                return Math.log(score / (1 - score));
            }
        };

        /** The kind of a setting whose value is a link. */
        public static final Kind<Link> KIND = Kind.choice(Link.class);

        abstract double of(double score);

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
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

    /** Says of which sample of the baseline each group of a row has its values. */
    @FunctionalInterface
    public interface Mixing {
        /**
         * Says it for one row. Must not depend on other rows.
         *
         * @param example the example
         * @param row number of the row among those of its example, from 0
         * @param samples takes for each group the number of a sample; it may be longer than the example has groups
         */
        void fill(int example, int row, int[] samples);
    }

    /**
     * Starts a computation against a baseline; all that is wrong is reported together.
     *
     * @param recipe the method, or anything else that is computed
     * @param baseline one reference for each example, or a set of samples that lists them
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
        problems.collect(() -> baseline.checkListed(recipe.name(), inputs, problems));
        Optional<Groups> groups = problems.found(() -> mask.resolve(inputs, problems));
        for (ObjIntConsumer<Problems> check : checks) {
            groups.ifPresent(found -> problems.collect(() -> check.accept(problems, found.most())));
        }
        Evaluator evaluator = Evaluator.start(recipe, model, inputs, target, started, problems);
        return new Coalitions(evaluator, groups.orElseThrow(), Background.of(baseline, evaluator), Link.IDENTITY);
    }

    /**
     * Starts a computation in which other examples stand in for absent groups; all that is wrong is reported together.
     *
     * @param recipe the method, or anything else that is computed
     * @param problems what the method found wrong itself
     * @throws InvalidRequestException listing all that is wrong
     */
    public static Coalitions amongExamples(
            Recipe recipe, Model model, Inputs inputs, Target target, Run run, FeatureMask mask, Problems problems) {
        Optional<Groups> groups = problems.found(() -> mask.resolve(inputs, problems));
        Evaluator evaluator = Evaluator.start(recipe, model, inputs, target, run, problems);
        return new Coalitions(evaluator, groups.orElseThrow(), Background.NONE, Link.IDENTITY);
    }

    /** Returns a copy whose scores are seen through a link; {@link Link#IDENTITY} unless set. */
    public Coalitions through(Link newLink) {
        return new Coalitions(evaluator, groups, background, newLink);
    }

    /** Returns what runs the model: for scores at the inputs themselves, random numbers, notices. */
    public Evaluator evaluator() {
        return evaluator;
    }

    /** Returns the number of groups of an example. */
    public int groups(int example) {
        return groups.count(example);
    }

    /**
     * Returns the groups of each example in a tree.
     *
     * @throws InvalidRequestException if the hierarchy does not fit the groups
     */
    public List<Tree> trees(Hierarchy hierarchy) {
        Problems problems = new Problems();
        List<Tree> trees = hierarchy.trees(groups, evaluator.inputs(), problems);
        problems.throwIfAny();
        return trees;
    }

    /** Returns whether the groups are made of the same elements in all examples. */
    public boolean areAlike() {
        return groups.areAlike();
    }

    /**
     * Returns what the groups of an example are called: the mask's names, or the names of the elements of groups that
     * have one; blank where neither is known.
     */
    public List<String> labels(int example) {
        return groups.labels(example);
    }

    /** Returns the largest number of groups of any example. */
    public int mostGroups() {
        return groups.most();
    }

    /** Returns the number of samples of the baseline: the forward rows of a coalition. */
    public int samples() {
        return background.size();
    }

    /**
     * Says that so many coalitions are still to come, for progress.
     *
     * @param coalitions over all examples
     */
    public void plan(long coalitions) {
        evaluator.run().plan(coalitions * samples());
    }

    /** Returns the score of each example, seen through the link; evaluated once. */
    public double[] scores() {
        if (scores == null) {
            scores = linked(evaluator.scores());
        }
        return scores.clone();
    }

    private double[] linked(double[] scores) {
        return Arrays.stream(scores).map(link::of).toArray();
    }

    /**
     * Returns the scores of coalitions; absent groups are replaced by the baseline. {@link #samples} forward rows each.
     *
     * @param rows for each example how many
     * @param keeping which groups each keeps
     * @return for each example the score of each of its rows
     */
    public double[][] scores(IntUnaryOperator rows, Keeping keeping) {
        if (background.size() == 0) {
            throw new IllegalStateException("no baseline was given: say which examples stand in for absent groups");
        }
        return scores(rows, keeping, background);
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
        return scores(rows, keeping, (input, examples, local, samples) -> {
            long[] others = new long[examples.length];
            for (int r = 0; r < others.length; r++) {
                others[r] = donor.applyAsInt(Math.toIntExact(examples[r]), local[r]);
            }
            return evaluator.inputs().attributed().get(input).select(0, others);
        });
    }

    /**
     * Returns the scores of coalitions whose absent groups take given values. {@link #samples} forward rows each.
     *
     * @param rows for each example how many
     * @param keeping which groups each keeps
     * @param filling the values of the others
     * @return for each example the score of each of its rows
     */
    public double[][] scores(IntUnaryOperator rows, Keeping keeping, Filling filling) {
        RowIndex index = RowIndex.of(evaluator.examples(), rows);
        int repeats = Math.max(1, background.size());
        return perExample(
                index, means(new CoalitionRows(evaluator.inputs(), filling, groups, index, repeats, keeping)));
    }

    /**
     * Returns the scores of rows that have nothing of the example: each group takes its values from a sample of the
     * baseline, each from one of its own. One forward row each.
     *
     * @param rows for each example how many
     * @param mixing of which sample each group is
     * @return for each example the score of each of its rows, seen through the link
     * @throws IllegalStateException if the baseline is one reference
     */
    public double[][] mixedScores(IntUnaryOperator rows, Mixing mixing) {
        if (background.isSingle()) {
            throw new IllegalStateException("the baseline is one reference; rows are mixed from a set of samples");
        }
        RowIndex index = RowIndex.of(evaluator.examples(), rows);
        return perExample(index, linked(evaluator.scores(new MixedRows(background.tensors(), groups, index, mixing))));
    }

    private double[][] perExample(RowIndex index, double[] all) {
        double[][] perExample = new double[evaluator.examples()][];
        for (int example = 0; example < perExample.length; example++) {
            int from = index.start(example);
            int to = index.start(example + 1);
            perExample[example] = from == to ? NONE : Arrays.copyOfRange(all, from, to);
        }
        return perExample;
    }

    private double[] means(CoalitionRows rows) {
        int size = background.size();
        if (background.isSingle()) {
            return linked(evaluator.scores(rows));
        }
        double[] means = new double[Math.toIntExact(rows.count() / size)];
        long perChunk = Math.max(1, CHUNK / size) * size;
        evaluator.run().stage(rows.count());
        for (long from = 0; from < rows.count(); from += perChunk) {
            double[] scores = evaluator.scores(rows.range(from, Math.min(rows.count(), from + perChunk)));
            for (int i = 0; i < scores.length / size; i++) {
                means[(int) (from / size) + i] = link.of(background.mean(scores, i * size));
            }
        }
        return means;
    }

    /**
     * Returns the score of each example's baseline: v of the empty coalition. One forward row, or one for each example;
     * of a set {@link #samples} for each example.
     */
    public double[] baselineScores() {
        if (background.isSingle()) {
            return linked(evaluator.scoresAt(background.tensors()));
        }
        double[] scores = new double[evaluator.examples()];
        double[][] empty = scores(example -> 1, (example, row, kept) -> {});
        Arrays.setAll(scores, example -> empty[example][0]);
        return scores;
    }

    /**
     * Returns for each group of an example sums over its elements: of x · x; and then for each sample of the baseline,
     * or for the one reference, of x · b and of b · b. Distances between x and rows of coalitions follow from these.
     *
     * @return 1 + 2 {@link #samples} arrays
     */
    public double[][] products(int example) {
        long[] rows = new long[samples()];
        Arrays.setAll(rows, sample -> background.isSingle() ? example : sample);
        return groups.products(example, background.tensors(), rows);
    }

    /**
     * Returns for each attributed input, in order, the samples of the baseline; or its references, one for each example
     * or one for all. Owned by the evaluation.
     */
    public List<Tensor> background() {
        return background.tensors();
    }

    /**
     * Returns the group of every element of an example, row-major.
     *
     * @param input position among the attributed inputs
     */
    public long[] groupNumbers(int input, int example) {
        return groups.numbers(input, example);
    }

    /** Returns the weight of a sample of the baseline; 1 for one reference. */
    public double weight(int sample) {
        return background.weight(sample);
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
     * Returns attributions whose features are the groups, each under a condition.
     *
     * @param values for each example the attribution of each group
     * @param conditions for each example that of each group, blank where there is none; see {@link Outcome#conditions}
     */
    public Outcome outcome(double[][] values, List<List<String>> conditions) {
        return outcome(values).conditions(groups.byFeature(conditions));
    }

    /**
     * Returns the outcome of a method that claims that attributions of groups add up to score − baseline score, and
     * sets the completeness gap.
     *
     * @param values for each example the attribution of each group
     * @param baselineScores for each example
     */
    public Outcome complete(double[][] values, double[] baselineScores) {
        double[] scores = scores();
        double[] gap = new double[scores.length];
        for (int example = 0; example < gap.length; example++) {
            for (int group = 0; group < groups.count(example); group++) {
                gap[example] += values[example][group];
            }
            gap[example] -= scores[example] - baselineScores[example];
        }
        return outcome(values).scores(scores).baselineScores(baselineScores).completenessGap(gap);
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
