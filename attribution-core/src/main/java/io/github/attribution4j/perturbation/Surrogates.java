// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.Rounds;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;

/** Fits the surrogates of all examples to samples that may grow. */
final class Surrogates implements Rounds.Work {
    /** What is said where an example has no errors. */
    static final String WITHOUT_ERRORS = "no standard errors: they need more samples, by their weights, than groups,"
            + " and some that keep each group and some that do not; allow more evaluations, or give a mask with fewer"
            + " groups";

    private final Lime.Fit fit;
    private final double strength;
    private final Lime.Kernel kernel;
    private final Neighbors neighbors;
    private final double[] scores;
    private final boolean withErrors;
    private final Surrogate[] last;

    /**
     * Starts with no surrogate.
     *
     * @param scores of each example
     * @param withErrors whether estimates have errors
     */
    Surrogates(
            Lime.Fit fit,
            double strength,
            Lime.Kernel kernel,
            Neighbors neighbors,
            double[] scores,
            boolean withErrors) {
        this.fit = fit;
        this.strength = strength;
        this.kernel = kernel;
        this.neighbors = neighbors;
        this.scores = scores;
        this.withErrors = withErrors;
        this.last = new Surrogate[scores.length];
    }

    @Override
    public double[][] scores(int[] first, int[] count) {
        return neighbors.scores(first, count);
    }

    @Override
    public Estimate estimate(int example, double[] evaluated) {
        boolean[] fixed = neighbors.fixed(example);
        boolean[][] kept = new boolean[evaluated.length + 1][fixed.length];
        double[] responses = new double[kept.length];
        int[] times = new int[kept.length];
        Arrays.fill(kept[0], true);
        responses[0] = scores[example];
        System.arraycopy(evaluated, 0, responses, 1, evaluated.length);
        for (int row = 0; row < kept.length; row++) {
            if (row > 0) {
                neighbors.keep(example, row - 1, kept[row]);
            }
            times[row] = neighbors.times(example, row);
        }
        double[] weights = neighbors.weights(example, kept, kernel);
        if (neighbors.samples().get(example).isExhausted()) {
            // Each coalition stands for as many samples as one likes, beside which a ridge is nothing.
            Lime.Fit limit = fit == Lime.Fit.RIDGE ? Lime.Fit.LEAST_SQUARES : fit;
            last[example] = Surrogate.fit(limit, strength, kept, weights, responses);
            return Estimate.exact(last[example].coefficients());
        }
        Surrogate surrogate = Surrogate.fit(fit, strength, kept, weights, responses);
        last[example] = surrogate;
        return withErrors
                ? new SurrogateErrors(fit, strength, kept, weights, times, responses).estimate(surrogate, fixed)
                : Estimate.exact(surrogate.coefficients());
    }

    /** Returns a number of the surrogate of each example. */
    double[] each(ToDoubleFunction<Surrogate> number) {
        return Arrays.stream(last).mapToDouble(number).toArray();
    }
}
