// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.internal.numeric.Rounds;
import io.github.attribution4j.mask.CoalitionMethod;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.mask.Hierarchy;
import io.github.attribution4j.mask.Hierarchy.Tree;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import java.util.List;

/**
 * Owen values: Shapley values over a tree of groups. Groups that belong together join together, so that each competes
 * with its siblings, and their trees compete as wholes.
 *
 * <p>A group's attribution is what it adds to the score, averaged over all orders of the groups in which no tree is
 * interrupted by a group outside it:
 *
 * <pre>
 * attribution(g) = mean over the orders π that keep every tree together of  v(before g in π, and g) − v(before g in π)
 * </pre>
 *
 * <p>With two levels this is the Owen value, with more the value of Winter; with the hierarchy
 * {@link Hierarchy#flat} the Shapley value. Attributions of the groups of a tree add up to the attribution of the tree
 * as a whole, and all of them to F(x) − F(b), the completeness gap apart. Coalitions are more natural than those of
 * Shapley values (half of a picture, a sentence, columns that are correlated) and far fewer: about M² instead of 2^M
 * for a tree of halves.
 *
 * <p>Values are exact where that costs no more evaluations than the sample would, else estimated from random orders
 * that keep trees together, in antithetic pairs: each order and its reverse. The estimate is unbiased, and every pair
 * is complete.
 *
 * <p><b>Standard errors</b> are those of the mean over pairs; 0 where values are exact. They need at least 2 pairs;
 * with fewer there are none and the explanation says so.
 *
 * <p>If the baseline is a set of samples, every score above but F(x) is the mean over all of them, and each coalition
 * costs as many rows; see {@link Coalitions}.
 *
 * <p><b>Shapes.</b> Attributions have the inputs' shapes; that of a group stands at each of its elements, and
 * completeness counts it once. Their type is the input's, or for inputs of an integer type float32 (float64 if the
 * model's output is).
 *
 * <p><b>Cost.</b> At most samples · (M − 1) + 2 forward rows for each example.
 *
 * <p><b>Differences to SHAP.</b> Captum has no such method. SHAP's {@code PartitionExplainer} computes the same values
 * of a tree of pairs, if its budget suffices. If not, it splits the trees with the largest differences first and
 * divides what is left evenly, which is biased, and reports no error. Its trees of images are {@link Hierarchy#halves}
 * of elements.
 *
 * <p>Owen, "Values of Games with a Priori Unions", 1977; Winter, "A Value for Cooperative Games with Levels Structure
 * of Cooperation", 1989.
 */
public final class OwenValues extends CoalitionMethod<OwenValues> {
    private static final long PURPOSE = 0x03E2;
    /** A sample that grows until its error is small gives way to exact values of at most so many coalitions. */
    private static final long MOST_LISTED = 1 << 16;

    private static final Setting<Integer> SAMPLES = Setting.count(
                    "samples", 100, 2, "orders of the groups, unless exact values cost less")
            .trial(4);
    private static final Setting<Hierarchy> HIERARCHY =
            Setting.of("hierarchy", Hierarchy.KIND, Hierarchy.halves(), "how groups belong together");

    /** What the method says of itself. */
    public static final Description<OwenValues> DESCRIPTION = Description.<OwenValues>of(
                    "owen-values",
                    Need.FORWARD,
                    "Shapley values over a tree of groups, exact or with standard errors",
                    OwenValues::new,
                    HIERARCHY,
                    SAMPLES,
                    Budget.SETTING,
                    BASELINE,
                    LINK,
                    MASK)
            .advising(CoalitionMethod::betterWithMask);

    private final int samples;
    private final Budget budget;

    private OwenValues(Settings<OwenValues> settings) {
        super(settings);
        samples = settings.get(SAMPLES);
        budget = settings.get(Budget.SETTING);
    }

    /** Creates the method with the hierarchy of halves, 100 orders, a baseline of zeros, element by element. */
    public OwenValues() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy with another tree of groups; {@link Hierarchy#halves} unless set. */
    public OwenValues hierarchy(Hierarchy hierarchy) {
        return with(HIERARCHY, hierarchy);
    }

    /** Returns a copy with this many orders, an even number, at least 2; 100 unless set. */
    public OwenValues samples(int newSamples) {
        return with(SAMPLES, newSamples);
    }

    /**
     * Returns a copy that ends by another rule than its number of orders: after a number of evaluations, when the error
     * is small enough, or both.
     */
    public OwenValues budget(Budget newBudget) {
        return with(Budget.SETTING, newBudget);
    }

    @Override
    protected void check(Problems problems, int groups) {
        problems.require(samples % 2 == 0, "samples " + samples + ": orders come in pairs; give an even number");
        long least = 2 * (groups - 1L) + 2;
        problems.require(
                budget.most(least) >= least,
                "budget " + budget + ": " + groups + " groups need at least " + least
                        + " evaluations, a pair of orders, the input and the baseline; give that many");
    }

    @Override
    protected Outcome explain(Coalitions coalitions) {
        Run run = coalitions.evaluator().run();
        boolean inRounds = Rounds.areNeeded(budget, run);
        List<Tree> trees = coalitions.trees(value(HIERARCHY));
        Estimation estimation = new Estimation(coalitions, budget, example -> cost(trees.get(example)), example -> {
            Tree tree = trees.get(example);
            long key = run.exampleKey(example);
            CoalitionDesign sample =
                    Walks.along(tree.size(), pair -> TreeOrder.draw(tree, run.random(PURPOSE, key, pair)));
            long most = budget.most(cost(tree)) - 2;
            return EveryContext.within(tree, inRounds ? Math.min(most, MOST_LISTED) : most)
                    .<CoalitionDesign>map(exact -> new UpToExact(tree.size(), sample, exact))
                    .orElse(sample);
        });
        return estimation.outcome("no standard errors: they need at least 2 pairs of orders, samples 4");
    }

    private long cost(Tree tree) {
        return samples * (tree.size() - 1L) + 2;
    }
}
