// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.internal.numeric.Rounds;
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
 * Shapley values estimated by a regression of scores on coalitions.
 *
 * <p>Shapley values are the solution of a weighted least squares problem over all coalitions S,
 * {@code v(S) ≈ v(∅) + Σ over g in S of φ(g)} with kernel weights {@code (M − 1) / (C(M, s) s (M − s))}, under the
 * constraint that {@code Σ φ = F(x) − F(b)}. KernelSHAP solves it on a sample of coalitions.
 *
 * <p><b>{@link Sampling#LEVERAGE}</b>, the default, draws pairs of a coalition and its complement without replacement,
 * as many of each size as leverage scores say (Leverage SHAP), and holds the constraint exactly: the completeness gap
 * is rounding. Once the budget covers all 2^M coalitions, all are evaluated and the values are exact.
 *
 * <p><b>{@link Estimator#ADJUSTED}</b>, the default, takes all pairs of a single group and the others first, and makes
 * the most of the scores: a model is fitted to them, of which Shapley values are known (the mean of a Gaussian
 * process). With 10 pairs for each group or more, the estimate is the regression-adjusted mean: the model's values, and
 * the mean of what pairs have left that their model has not seen; but for five numbers of the kernel it is unbiased.
 * With fewer pairs it is the model's values, which then err less than a mean of residuals adds; they are biased towards
 * smooth scores, and intervals are wide enough for that. What the regression fits to rounding, such as additive and
 * pairwise scores, it solves exactly. With more than 250,000 / M pairs, it is the regression.
 *
 * <p><b>{@link Estimator#REGRESSION}</b> is the regression's solution: consistent, not unbiased.
 *
 * <p><b>{@link Sampling#CAPTUM}</b> does as Captum 0.8: draws with replacement, no pairs, a regression with intercept
 * in which x and the baseline weigh 10⁶ times as much as the rest. The constraint holds approximately; the gap says how
 * well. Far less exact for the same rows, for comparison with Captum.
 *
 * <p><b>Standard errors</b> tell of the sample of coalitions alone. Those of ADJUSTED are the spread of residuals that
 * their model has not seen, and of the models; without adjustment they are larger than need be. They need two pairs of
 * each size, about 2 M pairs. Those of REGRESSION and of CAPTUM are linearized (a sandwich estimator): of a stratified
 * sample without replacement, or of independent draws, with residuals corrected for leverage (HC3); they are
 * approximate until there are several times as many pairs as groups. Where every coalition was evaluated they are 0.
 * Where the sample is too small to tell there are none, and the explanation says so.
 *
 * <p><b>{@link #budget Budget}.</b> In place of a number of samples: the error that is good enough.
 *
 * <p>The attribution of a group stands at each of its elements; completeness counts each group once.
 *
 * <p>If the baseline is a set of samples, every score above but F(x) is the mean over all of them, and each coalition
 * costs as many rows; see {@link io.github.attribution4j.mask.Coalitions}.
 *
 * <p><b>Shapes.</b> Attributions have the inputs' shapes. Their type is the input's, or for inputs of an integer type
 * float32 (float64 if the model's output is).
 *
 * <p><b>Cost.</b> At most {@code samples} forward rows for each example, F(x) and F(b) among them as in Captum, and
 * about samples · M² multiplications; ADJUSTED takes 0.3 samples³ more, for at most 1400 samples: some milliseconds for
 * 512 and some tens for 1400. LEVERAGE needs samples of at least 2 M; M is at most 2048.
 *
 * <p><b>Differences to Captum.</b> The default sampling and estimator; one group only is answered (Captum fails);
 * coalitions drawn twice are evaluated once; every example has its own coalitions.
 *
 * <p>Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", 2017; pairs: Covert and Lee, "Improving
 * KernelSHAP: Practical Shapley Value Estimation via Linear Regression", 2021; leverage: Musco and Witter, "Provably
 * Accurate Shapley Value Estimation via Leverage Score Sampling", 2025; adjusted: Witter, Liu and Musco,
 * "Regression-Adjusted Monte Carlo Estimators for Shapley Values and Probabilistic Values", 2025.
 */
public final class KernelShap extends CoalitionMethod<KernelShap> {
    /** How coalitions are drawn and weighted. */
    public enum Sampling {
        /** Pairs, in proportion to leverage scores, without replacement; completeness is exact. */
        LEVERAGE,
        /** As Captum 0.8, for comparison. */
        CAPTUM;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What is made of the scores of coalitions. */
    public enum Estimator {
        /** The solution of the regression: for scorers that take no time. */
        REGRESSION,
        /** A mean over pairs, of which a model of other pairs takes the noise away: the least error. */
        ADJUSTED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int MOST_GROUPS = 2048;
    private static final long PURPOSE = 0x5A9;

    private static final Setting<Integer> SAMPLES = Setting.of(
                    "samples",
                    Kind.INTEGER,
                    512,
                    "coalitions evaluated for each example at most, the input and the baseline among them; with"
                            + " leverage at least twice the groups, or all 2^M")
            .where("at least 2, the input and the baseline", samples -> samples >= 2)
            .trial(4);
    private static final Setting<Sampling> SAMPLING = Setting.of(
            "sampling",
            Kind.choice(Sampling.class),
            Sampling.LEVERAGE,
            "how coalitions are drawn: leverage takes a coalition with its complement, without replacement, as many of"
                    + " each size as leverage scores say; captum does as Captum 0.8, for comparison");

    private static final Setting<Estimator> ESTIMATOR = Setting.of(
            "estimator",
            Kind.choice(Estimator.class),
            Estimator.ADJUSTED,
            "what is made of the scores of leverage: adjusted averages over pairs and takes the noise away by a model"
                    + " of other pairs; regression solves it, which takes less time and errs more");

    /** What the method says of itself. */
    public static final Description<KernelShap> DESCRIPTION = Description.<KernelShap>of(
                    "kernel-shap",
                    Need.FORWARD,
                    "Shapley values from a regression on coalitions; exact once the samples cover all",
                    KernelShap::new,
                    SAMPLES,
                    SAMPLING,
                    ESTIMATOR,
                    Budget.SETTING,
                    BASELINE,
                    LINK,
                    MASK)
            .advising(KernelShap::advice);

    private final int samples;
    private final Sampling sampling;
    private final boolean adjusted;
    private final Budget budget;

    private KernelShap(Settings<KernelShap> settings) {
        super(settings);
        samples = settings.get(SAMPLES);
        sampling = settings.get(SAMPLING);
        adjusted = settings.get(ESTIMATOR) == Estimator.ADJUSTED;
        budget = settings.get(Budget.SETTING);
    }

    /** Creates the method with 512 samples, by leverage, a baseline of zeros, element by element. */
    public KernelShap() {
        this(DESCRIPTION.defaults());
    }

    private static String advice(long elements) {
        return elements > MOST_GROUPS
                ? "with a --mask of at most " + MOST_GROUPS + " groups; there are " + elements + " elements"
                : "give at least " + 2 * elements + " samples, better " + 10 * elements + ", or a --mask";
    }

    /**
     * Returns a copy that evaluates this many coalitions for each example at most, x and the baseline among them; 512
     * unless set, at least 2.
     */
    public KernelShap samples(int newSamples) {
        return with(SAMPLES, newSamples);
    }

    /** Returns a copy that draws and weights coalitions in another way; by leverage unless set. */
    public KernelShap sampling(Sampling newSampling) {
        return with(SAMPLING, newSampling);
    }

    /**
     * Returns a copy that makes something else of the scores; adjusted unless set. {@link Sampling#CAPTUM} always has
     * its own regression.
     */
    public KernelShap estimator(Estimator newEstimator) {
        return with(ESTIMATOR, newEstimator);
    }

    /**
     * Returns a copy that ends by another rule than its number of samples: after a number of evaluations, which samples
     * count, too, when the error is small enough, or both.
     */
    public KernelShap budget(Budget newBudget) {
        return with(Budget.SETTING, newBudget);
    }

    /** Returns the most evaluations of an example. */
    private long most() {
        return budget.most(samples);
    }

    @Override
    protected Outcome explain(Coalitions coalitions) {
        Run run = coalitions.evaluator().run();
        Estimation estimation = new Estimation(
                coalitions,
                budget,
                example -> samples,
                example -> design(coalitions.groups(example), run, run.exampleKey(example)));
        return estimation.outcome("no standard errors: " + most() + " samples are too few to tell for "
                + coalitions.mostGroups() + " groups; give more samples, or fewer groups");
    }

    private CoalitionDesign design(int groups, Run run, long key) {
        if (groups == 1 || (sampling == Sampling.LEVERAGE && !Rounds.areNeeded(budget, run) && covers(groups))) {
            return EveryCoalition.shapley(groups);
        }
        return sampling == Sampling.LEVERAGE
                ? new LeverageDesign(groups, adjusted, size -> run.random(PURPOSE, key, size))
                : new CaptumDesign(groups, run.random(PURPOSE, key));
    }

    private boolean covers(int groups) {
        return groups < Integer.SIZE - 1 && most() >= 1 << groups;
    }

    @Override
    protected void check(Problems problems, int most) {
        if (most > MOST_GROUPS) {
            problems.add("kernel-shap: the mask makes " + most + " groups, and the regression has a matrix of " + most
                    + " x " + most + "; give a mask with at most " + MOST_GROUPS + " groups, or use shapley-sampling");
        } else if (sampling == Sampling.LEVERAGE && !covers(most) && most() < 2L * most && most > 1) {
            boolean bySamples = budget.evaluations() == 0;
            problems.add("kernel-shap: "
                    + (bySamples ? "samples " + samples + " do" : "budget " + budget + " does")
                    + " not determine the attributions of " + most + " groups; give at least "
                    + Math.min(2 * most, most < 30 ? 1 << most : Integer.MAX_VALUE)
                    + (bySamples ? " samples" : " evaluations") + ", better " + 10 * most
                    + ", or a mask with fewer groups");
        }
    }
}
