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

/**
 * Shapley values estimated from random orders of the groups.
 *
 * <p>A walk starts at the baseline and puts the groups of x in place one by one, in a random order; a group's gain is
 * what the score changes at its step. Attributions are the mean gains over all walks: unbiased for
 * {@link ShapleyValues}, and complete for every single walk, so that the completeness gap is rounding alone, however
 * few there are.
 *
 * <p>Walks are antithetic unless told otherwise: every second one takes the order of the one before backwards, so that
 * a group that came early comes late. Where the score is nearly additive or nearly pairwise, this takes much of the
 * variance away; with two groups a single pair is exact.
 *
 * <p><b>{@link #stratified}</b> walks take each random order twice, the second time from its middle: each group comes
 * once in each half. Where what a group gains depends on how many came before, this takes a fifth to a third of the
 * variance away, at no cost.
 *
 * <p><b>Standard errors</b> are those of the mean over independent blocks of walks: single ones, pairs where they are
 * antithetic, twice as many where they are stratified: {@code sqrt(variance / number)} with the unbiased variance. They
 * need at least 2 blocks; with fewer there are none and the explanation says so.
 *
 * <p><b>{@link #budget Budget}.</b> In place of a number of walks: a number of evaluations, or the error that is good
 * enough. With an error to reach and few groups, walks soon have met every coalition; then the values are exact.
 *
 * <p>The attribution of a group stands at each of its elements; completeness counts each group once.
 *
 * <p>If the baseline is a set of samples, every score above but F(x) is the mean over all of them, and each coalition
 * costs as many rows; see {@link io.github.attribution4j.mask.Coalitions}.
 *
 * <p><b>Shapes.</b> Attributions have the inputs' shapes. Their type is the input's, or for inputs of an integer type
 * float32 (float64 if the model's output is).
 *
 * <p><b>Cost.</b> At most samples · (M − 1) + 2 forward rows for each example: F(x) and F(b) are evaluated once, and so
 * is any coalition that walks meet again (with up to 63 groups).
 *
 * <p><b>Differences to Captum.</b> Captum draws plain walks ({@code antithetic(false)}), evaluates x and every
 * coalition anew on each (samples · M rows), gives no error, and always returns float32. Orders differ from example to
 * example here; there all examples share them.
 *
 * <p>Castro, Gómez and Tejada, "Polynomial calculation of the Shapley value based on sampling", 2009; Štrumbelj and
 * Kononenko, "An Efficient Explanation of Individual Classifications using Game Theory", 2010; antithetic orders:
 * Mitchell, Cooper, Frank and Holmes, "Sampling Permutations for Shapley Value Estimation", 2022.
 */
public final class ShapleySampling extends CoalitionMethod<ShapleySampling> {
    private static final Setting<Integer> SAMPLES =
            Setting.count("samples", 50, 1, "walks through all groups").trial(4);
    private static final Setting<Boolean> ANTITHETIC =
            Setting.of("antithetic", Kind.FLAG, true, "whether every second walk is the one before, backwards");

    private static final Setting<Boolean> STRATIFIED =
            Setting.of("stratified", Kind.FLAG, false, "whether each order is walked from its middle, too");

    /** What the method says of itself. */
    public static final Description<ShapleySampling> DESCRIPTION = Description.<ShapleySampling>of(
                    "shapley-sampling",
                    Need.FORWARD,
                    "Shapley values from sampled orders, unbiased, with standard errors",
                    ShapleySampling::new,
                    SAMPLES,
                    ANTITHETIC,
                    STRATIFIED,
                    Budget.SETTING,
                    BASELINE,
                    LINK,
                    MASK)
            .advising(CoalitionMethod::betterWithMask);

    private final int samples;
    private final boolean antithetic;
    private final boolean stratified;
    private final Budget budget;

    private ShapleySampling(Settings<ShapleySampling> settings) {
        super(settings);
        samples = settings.get(SAMPLES);
        antithetic = settings.get(ANTITHETIC);
        stratified = settings.get(STRATIFIED);
        budget = settings.get(Budget.SETTING);
    }

    /** Creates the method with 50 antithetic walks, a baseline of zeros, element by element. */
    public ShapleySampling() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy with this many walks, at least 1, an even number if they are antithetic; 50 unless set. */
    public ShapleySampling samples(int newSamples) {
        return with(SAMPLES, newSamples);
    }

    /** Returns a copy in which every second walk is the one before, backwards, the default, or not. */
    public ShapleySampling antithetic(boolean newAntithetic) {
        return with(ANTITHETIC, newAntithetic);
    }

    /**
     * Returns a copy in which each order is walked from its middle, too, or not, the default. Walks then come in blocks
     * of 2, of 4 if antithetic; what does not fill a block is left out.
     */
    public ShapleySampling stratified(boolean newStratified) {
        return with(STRATIFIED, newStratified);
    }

    /**
     * Returns a copy that ends by another rule than its number of walks: after a number of evaluations, when the error
     * is small enough, or both.
     */
    public ShapleySampling budget(Budget newBudget) {
        return with(Budget.SETTING, newBudget);
    }

    @Override
    protected void check(Problems problems, int groups) {
        problems.require(
                !antithetic || samples % 2 == 0,
                "samples " + samples + ": antithetic walks come in pairs; give an even number, or antithetic(false)");
        int block = Walks.block(antithetic, stratified);
        problems.require(
                !stratified || samples >= block,
                "samples " + samples + ": stratified walks come in blocks of " + block + "; give at least " + block);
        long least = block * (groups - 1L) + 2;
        problems.require(
                budget.most(least) >= least,
                "budget " + budget + ": " + groups + " groups need at least " + least + " evaluations, " + block
                        + (block == 1 ? " walk" : " walks") + ", the input and the baseline; give that many");
    }

    @Override
    protected Outcome explain(Coalitions coalitions) {
        Run run = coalitions.evaluator().run();
        boolean inRounds = Rounds.areNeeded(budget, run);
        Estimation estimation = new Estimation(
                coalitions,
                budget,
                example -> samples * (coalitions.groups(example) - 1L) + 2,
                example -> new Walks(
                        coalitions.groups(example), antithetic, stratified, inRounds, run, run.exampleKey(example)));
        int two = 2 * Walks.block(antithetic, stratified);
        return estimation.outcome("no standard errors: they need at least "
                + (stratified ? "2 blocks of walks" : antithetic ? "2 pairs of walks" : "2 walks") + ", samples "
                + two);
    }
}
