// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.function.ToDoubleFunction;

/** Samples of all examples that grow within a {@link Budget}, in rounds where the budget needs them. */
public final class Rounds {
    private static final double GROWTH = 1.25;

    /** What is evaluated of an example. It grows; what was drawn stays, in one step or in many. */
    public interface Growing {
        /** Returns the evaluations, apart from those that are made anyway, from which on errors are good to stop by. */
        long enough();

        /**
         * Draws more.
         *
         * @param evaluations as many as there may be in all, those apart that are made anyway; what was drawn before
         *     counts again, although it is not evaluated again
         */
        void grow(long evaluations);

        /** Returns whether nothing is left to draw: the values are exact. */
        boolean isExhausted();

        /** Returns how many evaluations there are so far, each once. */
        int count();
    }

    /** Evaluates and estimates. */
    public interface Work {
        /** Returns for each example the scores of what was drawn and not evaluated yet: from the first to the count. */
        double[][] scores(int[] first, int[] count);

        /**
         * Returns the estimate of an example.
         *
         * @param scores of all that was drawn
         */
        Estimate estimate(int example, double[] scores);
    }

    private final Budget budget;
    private final Run run;
    private final int ends;
    private final Sample[] samples;
    private int rounds;
    private boolean late;

    /** The sample of one example. */
    private static final class Sample {
        private final Growing design;
        private final long most;
        /** Evaluations that the design may have drawn. */
        private long allowed;

        private double[] scores = {};
        private Estimate estimate = Estimate.exact(new double[0]);
        private boolean finished;

        Sample(Growing design, long most) {
            this.design = design;
            this.most = most;
        }

        /** Draws what the next round evaluates: everything, or a quarter more. */
        void grow(boolean everything) {
            if (!finished) {
                long next = Math.max(design.enough(), (long) Math.ceil(allowed * GROWTH));
                allowed = everything ? most : Math.min(most, next);
                design.grow(allowed);
            }
        }

        double[] scoresWith(double[] more) {
            double[] joined = Arrays.copyOf(scores, scores.length + more.length);
            System.arraycopy(more, 0, joined, scores.length, more.length);
            return joined;
        }

        boolean isReached(double error) {
            return estimate.halfWidth() <= error && (design.isExhausted() || allowed >= design.enough());
        }
    }

    /**
     * Starts with nothing drawn.
     *
     * @param ends evaluations of each example that are made anyway, and count
     * @param bySamples the most evaluations of an example if the budget gives none
     * @param designs for each example
     */
    public Rounds(Budget budget, Run run, int ends, IntToLongFunction bySamples, List<? extends Growing> designs) {
        this.budget = budget;
        this.run = run;
        this.ends = ends;
        Problems problems = new Problems();
        check(budget, run, problems);
        problems.throwIfAny();
        this.samples = new Sample[designs.size()];
        Arrays.setAll(
                samples,
                example -> new Sample(designs.get(example), budget.most(bySamples.applyAsLong(example)) - ends));
    }

    private static void check(Budget budget, Run run, Problems problems) {
        problems.require(
                !budget.isAnytime() || !run.isNested(),
                "budget " + budget + ": an answer at the deadline is given by the method itself, not inside another"
                        + " one, such as a noise tunnel or at a layer; leave anytime out");
        problems.require(
                !run.isRehearsal() || !budget.hasError() || budget.evaluations() > 0,
                "budget " + budget + ": says nothing of how much is evaluated at most; add a number of evaluations,"
                        + " such as 20000,error:" + budget.error());
        if (budget.hasError() || budget.isAnytime()) {
            run.mayEndEarlier();
        }
    }

    /** Returns whether the sample grows in rounds, because it may end before the most evaluations. */
    public static boolean areNeeded(Budget budget, Run run) {
        boolean mayBeLate = budget.isAnytime() && run.hasDeadline();
        return budget.hasError() || budget.rounds() > 0 || mayBeLate;
    }

    /** Returns how many evaluations there will be, as far as can be told, for progress. */
    public long planned() {
        long all = 0;
        for (Sample sample : samples) {
            all += budget.most(0) == Budget.MOST_EVALUATIONS ? 2 * sample.design.enough() : sample.most;
        }
        return all;
    }

    /** Returns the estimate of each example. */
    public List<Estimate> estimates(Work work) {
        boolean everything = !areNeeded(budget, run);
        while (!late && Arrays.stream(samples).anyMatch(sample -> !sample.finished)) {
            round(work, everything);
        }
        return Arrays.stream(samples).map(sample -> sample.estimate).toList();
    }

    private void round(Work work, boolean everything) {
        int[] first = new int[samples.length];
        int[] count = new int[samples.length];
        for (int example = 0; example < samples.length; example++) {
            samples[example].grow(everything);
            first[example] = samples[example].scores.length;
            count[example] = samples[example].design.count();
        }
        double[][] scores = new double[samples.length][];
        Estimate[] estimates = new Estimate[samples.length];
        try {
            double[][] more = work.scores(first, count);
            for (int example = 0; example < samples.length; example++) {
                scores[example] = samples[example].scoresWith(more[example]);
                // A deadline may end the next round, whose scores are then not known.
                boolean wanted = isLast(samples[example], rounds + 1) || budget.hasError() || budget.isAnytime();
                estimates[example] = wanted && !samples[example].finished
                        ? work.estimate(example, scores[example])
                        : samples[example].estimate;
            }
        } catch (DeadlineExceededException e) {
            if (!budget.isAnytime() || rounds == 0) {
                throw e;
            }
            late = true;
            return;
        }
        rounds++;
        for (int example = 0; example < samples.length; example++) {
            Sample sample = samples[example];
            sample.scores = scores[example];
            sample.estimate = estimates[example];
            sample.finished |= isLast(sample, rounds) || isNear(sample);
        }
    }

    private boolean isNear(Sample sample) {
        return budget.hasError() && !run.isRehearsal() && sample.isReached(budget.error());
    }

    private boolean isLast(Sample sample, int round) {
        return sample.allowed >= sample.most || sample.design.isExhausted() || round == budget.rounds();
    }

    /** Returns what of the budget was reached; nothing if none was given. */
    public Budget.Reached reached() {
        return new Budget.Reached(measures(), notice(), again());
    }

    private Map<String, double[]> measures() {
        Map<String, double[]> measures = new LinkedHashMap<>();
        if (budget.equals(Budget.unset())) {
            return measures;
        }
        measures.put("evaluations", each(sample -> sample.scores.length + ends));
        if (Double.isFinite(widest())) {
            measures.put("half-width", each(sample -> sample.estimate.halfWidth()));
        }
        if (budget.hasError()) {
            measures.put("error-reached", each(sample -> sample.isReached(budget.error()) ? 1 : 0));
        }
        return measures;
    }

    private Optional<String> notice() {
        List<String> notices = new ArrayList<>();
        if (late) {
            notices.add("the deadline passed after " + rounds + " rounds");
        }
        long missed = Arrays.stream(samples)
                .filter(sample -> !sample.isReached(budget.error()))
                .count();
        if (budget.hasError() && missed > 0) {
            notices.add("the error " + budget.error() + " was not reached for " + missed + " of " + samples.length
                    + " examples" + (Double.isFinite(widest()) ? ": 95 % intervals are up to ± " + widest() : "")
                    + "; allow more evaluations or time");
        }
        return notices.isEmpty()
                ? Optional.empty()
                : Optional.of("budget " + budget + ": " + String.join(", and ", notices));
    }

    private Optional<Budget> again() {
        if (!budget.isAnytime()) {
            return Optional.empty();
        }
        return Optional.of(run.hasDeadline() ? budget.rounds(rounds) : budget.withoutDeadline());
    }

    private double widest() {
        return Arrays.stream(each(sample -> sample.estimate.halfWidth())).max().orElse(0);
    }

    private double[] each(ToDoubleFunction<Sample> number) {
        return Arrays.stream(samples).mapToDouble(number).toArray();
    }
}
