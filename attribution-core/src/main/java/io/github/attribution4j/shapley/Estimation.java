// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.Rounds;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;

/** Estimates Shapley values of all examples within a {@link Budget}. */
final class Estimation {
    /** The x and the baseline of an example, which no design draws. */
    private static final int ENDS = 2;

    private final Coalitions coalitions;
    private final double[] scores;
    private final double[] baselineScores;
    private final List<CoalitionDesign> designs = new ArrayList<>();
    private final Rounds rounds;

    /**
     * Starts an estimation.
     *
     * @param bySamples the most evaluations of an example if the budget gives none
     * @param designs for each example its design
     */
    Estimation(
            Coalitions coalitions, Budget budget, IntToLongFunction bySamples, IntFunction<CoalitionDesign> designs) {
        this.coalitions = coalitions;
        Run run = coalitions.evaluator().run();
        for (int example = 0; example < coalitions.evaluator().examples(); example++) {
            this.designs.add(designs.apply(example));
        }
        this.rounds = new Rounds(budget, run, ENDS, bySamples, this.designs);
        this.scores = coalitions.scores();
        this.baselineScores = coalitions.baselineScores();
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

    /** Evaluates coalitions. */
    private final class Work implements Rounds.Work {
        @Override
        public double[][] scores(int[] first, int[] count) {
            return coalitions.scores(
                    example -> count[example] - first[example],
                    (example, row, kept) -> designs.get(example).fill(first[example] + row, kept));
        }

        @Override
        public Estimate estimate(int example, double[] evaluated) {
            return designs.get(example).estimate(baselineScores[example], evaluated, scores[example]);
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
        coalitions.plan(rounds.planned());
        List<Estimate> estimates = rounds.estimates(new Work());
        Outcome outcome =
                result.outcome(estimates.stream().map(Estimate::values).toArray(double[][]::new), baselineScores);
        if (estimates.stream().allMatch(Estimate::hasErrors)) {
            outcome = outcome.standardErrors(
                    result.spread(estimates.stream().map(Estimate::errors).toArray(double[][]::new)));
        } else {
            coalitions.evaluator().notice(withoutErrors);
        }
        return outcome.reached(rounds.reached(), coalitions.evaluator());
    }
}
