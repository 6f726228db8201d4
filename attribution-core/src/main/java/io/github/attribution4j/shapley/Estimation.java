// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;

/** Estimates Shapley values of all examples within a {@link Budget}, in rounds where the budget needs them. */
final class Estimation {
    /** The setting of all methods that estimate in this way. */
    static final Setting<Budget> BUDGET = Setting.of(
            "budget",
            Budget.KIND,
            Budget.unset(),
            "when the sample is large enough: what samples says, a number of evaluations, the half-width of 95 %"
                    + " intervals, or what a deadline leaves");

    /** The x and the baseline of an example, which no design draws. */
    private static final int ENDS = 2;

    private static final double GROWTH = 1.25;

    private final Coalitions coalitions;
    private final Budget budget;
    private final Run run;
    private final double[] scores;
    private final double[] baselineScores;
    private final Sample[] samples;
    private int rounds;
    private boolean late;

    /**
     * Starts an estimation.
     *
     * @param bySamples the most evaluations of an example if the budget gives none
     * @param designs for each example its design
     */
    Estimation(
            Coalitions coalitions, Budget budget, IntToLongFunction bySamples, IntFunction<CoalitionDesign> designs) {
        this.coalitions = coalitions;
        this.budget = budget;
        this.run = coalitions.evaluator().run();
        Problems problems = new Problems();
        check(budget, run, problems);
        problems.throwIfAny();
        this.scores = coalitions.scores();
        this.baselineScores = coalitions.baselineScores();
        this.samples = new Sample[scores.length];
        for (int example = 0; example < samples.length; example++) {
            long most = budget.most(bySamples.applyAsLong(example)) - ENDS;
            samples[example] = new Sample(designs.apply(example), most);
        }
    }

    private static void check(Budget budget, Run run, Problems problems) {
        problems.require(
                !budget.isAnytime() || !run.isNested(),
                "budget " + budget + ": an answer at the deadline is given by the method itself, not inside another"
                        + " one, such as a noise tunnel or at a layer; leave anytime out");
    }

    /** Returns whether the sample grows in rounds, because it may end before the most evaluations. */
    static boolean inRounds(Budget budget, Run run) {
        boolean mayBeLate = budget.isAnytime() && run.hasDeadline();
        return budget.hasError() || budget.rounds() > 0 || mayBeLate;
    }

    /** Makes attributions of the estimated numbers. */
    interface Result {
        /**
         * Returns the outcome without standard errors.
         *
         * @param values for each example its numbers
         * @param baselineScores for each example
         */
        Outcome outcome(double[][] values, double[] baselineScores);

        /** Returns numbers of each example in the shape of the attributions. */
        List<Tensor> spread(double[][] values);
    }

    /** A number for each group, which add up to the difference of scores. */
    private record OfGroups(Coalitions coalitions) implements Result {
        @Override
        public Outcome outcome(double[][] values, double[] baselineScores) {
            return coalitions.complete(values, baselineScores);
        }

        @Override
        public List<Tensor> spread(double[][] values) {
            return coalitions.spread(values);
        }
    }

    /** The sample of one example. */
    private static final class Sample {
        private final CoalitionDesign design;
        private final long most;
        /** Evaluations that the design may have drawn. */
        private long allowed;

        private double[] scores = {};
        private int evaluated;
        private Estimate estimate = Estimate.exact(new double[0]);
        private boolean finished;

        Sample(CoalitionDesign design, long most) {
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

        int pending() {
            return design.count() - evaluated;
        }

        void take(double[] more) {
            scores = Arrays.copyOf(scores, evaluated + more.length);
            System.arraycopy(more, 0, scores, evaluated, more.length);
            evaluated = scores.length;
        }

        boolean isReached(double error) {
            return estimate.halfWidth() <= error && (design.isExhausted() || allowed >= design.enough());
        }
    }

    /**
     * Evaluates and estimates.
     *
     * @param withoutErrors what the user should know if some example has no standard errors, so that none are given
     */
    Outcome outcome(String withoutErrors) {
        return outcome(new OfGroups(coalitions), withoutErrors);
    }

    /**
     * Evaluates and estimates.
     *
     * @param result what the estimated numbers are
     * @param withoutErrors what the user should know if some example has no standard errors, so that none are given
     */
    Outcome outcome(Result result, String withoutErrors) {
        boolean everything = !inRounds(budget, run);
        planAll();
        while (!late && Arrays.stream(samples).anyMatch(sample -> !sample.finished)) {
            round(everything);
        }
        double[][] values = new double[samples.length][];
        double[][] errors = new double[samples.length][];
        for (int example = 0; example < samples.length; example++) {
            values[example] = samples[example].estimate.values();
            errors[example] = samples[example].estimate.errors();
        }
        Outcome outcome = result.outcome(values, baselineScores);
        if (Arrays.stream(samples).allMatch(sample -> sample.estimate.hasErrors())) {
            outcome = outcome.standardErrors(result.spread(errors));
        } else {
            coalitions.evaluator().notice(withoutErrors);
        }
        return budget.equals(Budget.unset()) ? outcome : reached(outcome);
    }

    private void planAll() {
        long all = 0;
        for (Sample sample : samples) {
            all += budget.most(0) == Budget.MOST_EVALUATIONS ? 2 * sample.design.enough() : sample.most;
        }
        coalitions.plan(all);
    }

    private void round(boolean everything) {
        for (Sample sample : samples) {
            sample.grow(everything);
        }
        double[][] more;
        try {
            more = coalitions.scores(
                    example -> samples[example].pending(),
                    (example, row, kept) -> samples[example].design.fill(samples[example].evaluated + row, kept));
        } catch (DeadlineExceededException e) {
            if (!budget.isAnytime() || rounds == 0) {
                throw e;
            }
            late = true;
            return;
        }
        rounds++;
        for (int example = 0; example < samples.length; example++) {
            settle(samples[example], example, more[example]);
        }
    }

    private void settle(Sample sample, int example, double[] more) {
        if (sample.finished) {
            return;
        }
        sample.take(more);
        boolean last = sample.allowed >= sample.most || sample.design.isExhausted() || rounds == budget.rounds();
        // A deadline may end the next round, whose scores are then not known.
        if (last || budget.hasError() || budget.isAnytime()) {
            sample.estimate = sample.design.estimate(baselineScores[example], sample.scores, scores[example]);
        }
        sample.finished = last || (budget.hasError() && sample.isReached(budget.error()));
    }

    /** Says for each example what was reached. */
    private Outcome reached(Outcome outcome) {
        double[] evaluations = new double[samples.length];
        double[] widths = new double[samples.length];
        double[] errorReached = new double[samples.length];
        for (int example = 0; example < samples.length; example++) {
            evaluations[example] = samples[example].evaluated + ENDS;
            widths[example] = samples[example].estimate.halfWidth();
            errorReached[example] = samples[example].isReached(budget.error()) ? 1 : 0;
        }
        Outcome said = outcome.measure("evaluations", evaluations);
        double widest = Arrays.stream(widths).max().orElse(0);
        if (Double.isFinite(widest)) {
            said = said.measure("half-width", widths);
        }
        List<String> notices = new ArrayList<>();
        if (late) {
            notices.add("the deadline passed after " + rounds + " rounds");
        }
        long missed = Arrays.stream(errorReached).filter(one -> one == 0).count();
        if (budget.hasError()) {
            said = said.measure("error-reached", errorReached);
            if (missed > 0) {
                notices.add("the error " + budget.error() + " was not reached for " + missed + " of " + samples.length
                        + " examples" + (Double.isFinite(widest) ? ": 95 % intervals are up to ± " + widest : "")
                        + "; allow more evaluations or time");
            }
        }
        if (!notices.isEmpty()) {
            coalitions.evaluator().notice("budget " + budget + ": " + String.join(", and ", notices));
        }
        if (!budget.isAnytime()) {
            return said;
        }
        Budget again = run.hasDeadline() ? budget.rounds(rounds) : budget.withoutDeadline();
        return said.recomputedBy(BUDGET.name(), again);
    }
}
