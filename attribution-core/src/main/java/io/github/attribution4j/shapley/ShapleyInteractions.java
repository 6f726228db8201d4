// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.mask.CoalitionMethod;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.Locale;

/**
 * Shapley interaction values of pairs: what two groups add to the score together, beyond what each adds.
 *
 * <p>The interaction index of Grabisch and Roubens is
 *
 * <pre>
 * I(i, j) = Σ over S without i and j of  |S|! (M − |S| − 2)! / (M − 1)!
 *                                        · (v(S ∪ {i, j}) − v(S ∪ {i}) − v(S ∪ {j}) + v(S))
 * </pre>
 *
 * <p>The result is a matrix of M × M for each example, whose entries depend on the convention:
 *
 * <ul>
 *   <li>{@link Convention#SHAP}, the default: off the diagonal I(i, j) / 2, half of it at (i, j) and half at (j, i); on
 *       the diagonal what is left of the Shapley value, φ(i) − Σ over j of I(i, j) / 2. So each line adds up to the
 *       Shapley value of its group, and all of the matrix to F(x) − F(b), the completeness gap apart.
 *   <li>{@link Convention#GRABISCH_ROUBENS}: I(i, j) off the diagonal, at both places, and the Shapley value on it.
 *       These do not add up.
 * </ul>
 *
 * <p>{@link io.github.attribution4j.Explanation#features} has each pair once, as {@code age × income}, with the sum of
 * its two entries (the entry under the second convention), that is I(i, j), and each diagonal entry as {@code age}.
 *
 * <p>Values are exact where all 2^M coalitions cost no more evaluations than the sample would. Else they are estimated
 * from rounds: each is a set of random orders of the groups, walked in both directions, in which every two groups are
 * neighbors once. The estimate is unbiased, and every round is complete.
 *
 * <p><b>Standard errors</b> are those of the mean over rounds; 0 where values are exact. They need at least 2 rounds;
 * with fewer there are none and the explanation says so.
 *
 * <p>If the baseline is a set of samples, every score above but F(x) is the mean over all of them, and each coalition
 * costs as many rows; see {@link Coalitions}.
 *
 * <p><b>Shapes.</b> One attribution, {@code interactions}, of shape {@code (examples, M, M)}, with the groups' names on
 * both axes; where examples have different numbers of groups, M is the largest, and what an example does not have is 0.
 * Its type is that of the first attributed input, or float32 for an integer type (float64 if the model's output is).
 *
 * <p><b>Cost.</b> At most samples · M (M − 1) + 2 forward rows for each example, M even; one more counts for an odd
 * number.
 *
 * <p><b>Differences to SHAP.</b> Captum has no such method. SHAP has these values, under the first convention, for
 * trees (their conditional value function) and for its exact explainer.
 *
 * <p>Grabisch and Roubens, "An Axiomatic Approach to the Concept of Interaction among Players in Cooperative Games",
 * 1999; Lundberg, Erion and Lee, "Consistent Individualized Feature Attribution for Tree Ensembles", 2018.
 */
public final class ShapleyInteractions extends CoalitionMethod<ShapleyInteractions> {
    /** What the entries of the matrix are. */
    public enum Convention {
        /** Half of the index at each of both places, the rest of the Shapley values on the diagonal. */
        SHAP {
            @Override
            double[] of(double[] indices, int groups) {
                double[] entries = indices.clone();
                for (int i = 0; i < groups; i++) {
                    for (int j = 0; j < groups; j++) {
                        if (i != j) {
                            entries[i * groups + j] /= 2;
                            entries[i * groups + i] -= entries[i * groups + j];
                        }
                    }
                }
                return entries;
            }
        },
        /** The index at both places, Shapley values on the diagonal. */
        GRABISCH_ROUBENS {
            @Override
            double[] of(double[] indices, int groups) {
                return indices;
            }
        };

        /**
         * Returns the entries.
         *
         * @param indices row-major, Shapley values on the diagonal
         */
        abstract double[] of(double[] indices, int groups);

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final int MOST_GROUPS = 63;
    /** All coalitions are listed for at most so many groups. */
    private static final int MOST_EXACT = 20;

    private static final Setting<Integer> SAMPLES = Setting.count(
                    "samples", 20, 1, "rounds in which every two groups meet, unless exact values cost less")
            .trial(2);
    private static final Setting<Convention> CONVENTION = Setting.of(
            "convention",
            Kind.choice(Convention.class),
            Convention.SHAP,
            "shap: halves that add up to the score; grabisch-roubens: indices");

    /** What the method says of itself. */
    public static final Description<ShapleyInteractions> DESCRIPTION = Description.<ShapleyInteractions>of(
                    "shapley-interactions",
                    Need.FORWARD,
                    "what every two groups add to the score together, beyond what each adds",
                    ShapleyInteractions::new,
                    SAMPLES,
                    CONVENTION,
                    Budget.SETTING,
                    BASELINE,
                    LINK,
                    MASK)
            .advising(elements -> elements > MOST_GROUPS
                    ? "with a --mask of at most " + MOST_GROUPS + " groups; there are " + elements + " elements"
                    : "");

    private final int samples;
    private final Convention convention;
    private final Budget budget;

    private ShapleyInteractions(Settings<ShapleyInteractions> settings) {
        super(settings);
        samples = settings.get(SAMPLES);
        convention = settings.get(CONVENTION);
        budget = settings.get(Budget.SETTING);
    }

    /** Creates the method with 20 rounds, SHAP's convention, a baseline of zeros, element by element. */
    public ShapleyInteractions() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy with this many rounds, at least 1; 20 unless set. */
    public ShapleyInteractions samples(int newSamples) {
        return with(SAMPLES, newSamples);
    }

    /** Returns a copy whose matrix has other entries; {@link Convention#SHAP} unless set. */
    public ShapleyInteractions convention(Convention newConvention) {
        return with(CONVENTION, newConvention);
    }

    /**
     * Returns a copy that ends by another rule than its number of rounds: after a number of evaluations, when the error
     * is small enough, or both.
     */
    public ShapleyInteractions budget(Budget newBudget) {
        return with(Budget.SETTING, newBudget);
    }

    @Override
    protected void check(Problems problems, int groups) {
        problems.require(
                groups <= MOST_GROUPS,
                "shapley-interactions: the mask makes " + groups + " groups, which have "
                        + (long) groups * (groups - 1) / 2 + " pairs; give a mask with at most " + MOST_GROUPS
                        + " groups");
        long least = Math.min(PairWalks.cost(groups) + 2, groups <= MOST_EXACT ? 1L << groups : Long.MAX_VALUE);
        problems.require(
                budget.most(least) >= least,
                "budget " + budget + ": " + groups + " groups need at least " + least
                        + " evaluations, a round, the input and the baseline; give that many");
    }

    @Override
    protected Outcome explain(Coalitions coalitions) {
        Run run = coalitions.evaluator().run();
        Estimation estimation = new Estimation(
                coalitions,
                budget,
                example -> samples * PairWalks.cost(coalitions.groups(example)) + 2,
                example -> design(coalitions.groups(example), run, run.exampleKey(example)));
        boolean sums = convention == Convention.SHAP;
        return estimation.outcome(
                new PairMatrices(coalitions, sums), "no standard errors: they need at least 2 rounds, samples 2");
    }

    private CoalitionDesign design(int groups, Run run, long key) {
        CoalitionDesign sample = new PairWalks(groups, convention, run, key);
        return groups <= MOST_EXACT ? new UpToExact(groups, sample, EveryPair.design(groups, convention)) : sample;
    }
}
