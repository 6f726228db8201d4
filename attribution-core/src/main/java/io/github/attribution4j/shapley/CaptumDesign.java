// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.LeastSquares;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Captum's sample: sizes drawn with probability proportional to (M − 1) / (s (M − s)), then a uniform coalition of the
 * size, with replacement; ordinary least squares with an intercept, in which the empty and the full coalition weigh 10⁶
 * times as much as the others.
 */
final class CaptumDesign implements CoalitionDesign {
    private static final double TRIVIAL_WEIGHT = 1e6;
    /** From this many draws for each group on, the regression tells when to stop. */
    private static final int ENOUGH_FOR_EACH = 10;

    private final int groups;
    private final List<BitSet> distinct = new ArrayList<>();
    private final RandomGenerator random;
    private final double[] cumulative;
    private final Map<BitSet, Integer> rows = new HashMap<>();
    private int[] draws = {};

    /**
     * Creates a sample; nothing is drawn yet.
     *
     * @param groups M, at least 2
     */
    CaptumDesign(int groups, RandomGenerator random) {
        this.groups = groups;
        this.random = random;
        this.cumulative = new double[groups];
        for (int size = 1; size < groups; size++) {
            cumulative[size] = cumulative[size - 1] + 1.0 / ((double) size * (groups - size));
        }
    }

    @Override
    public long enough() {
        return (long) ENOUGH_FOR_EACH * groups;
    }

    @Override
    public boolean isExhausted() {
        return false;
    }

    @Override
    public void grow(long evaluations) {
        int from = draws.length;
        draws = Arrays.copyOf(draws, Math.max(from, Math.toIntExact(evaluations)));
        for (int i = from; i < draws.length; i++) {
            double at = random.nextDouble() * cumulative[groups - 1];
            int size = 1;
            while (size < groups - 1 && cumulative[size] <= at) {
                size++;
            }
            BitSet coalition = CoalitionSampler.subset(groups, size, 0, random);
            Integer row = rows.putIfAbsent(coalition, distinct.size());
            draws[i] = row == null ? distinct.size() : row;
            if (row == null) {
                distinct.add(coalition);
            }
        }
    }

    @Override
    public int count() {
        return distinct.size();
    }

    @Override
    public void fill(int coalition, boolean[] kept) {
        distinct.get(coalition).stream().forEach(group -> kept[group] = true);
    }

    @Override
    public Estimate estimate(double empty, double[] scores, double full) {
        int n = draws.length + 2;
        double[][] rows = new double[n][groups];
        double[] weights = new double[n];
        double[] responses = new double[n];
        for (int i = 0; i < draws.length; i++) {
            double[] row = rows[i];
            distinct.get(draws[i]).stream().forEach(group -> row[group] = 1);
            weights[i] = 1;
            responses[i] = scores[draws[i]];
        }
        responses[n - 2] = empty;
        responses[n - 1] = full;
        Arrays.fill(rows[n - 1], 1);
        weights[n - 2] = TRIVIAL_WEIGHT;
        weights[n - 1] = TRIVIAL_WEIGHT;
        centre(rows, weights, responses);
        LeastSquares regression = new LeastSquares(rows, weights, groups);
        double[] values = regression.solve(responses);
        return new Estimate(values, errors(regression, responses, values), draws.length - 1.0 - groups);
    }

    /** Subtracts weighted means, which takes the intercept out of the regression. */
    private void centre(double[][] rows, double[] weights, double[] responses) {
        double total = Arrays.stream(weights).sum();
        double[] means = new double[groups];
        double response = 0;
        for (int i = 0; i < rows.length; i++) {
            for (int group = 0; group < groups; group++) {
                means[group] += weights[i] * rows[i][group] / total;
            }
            response += weights[i] * responses[i] / total;
        }
        for (int i = 0; i < rows.length; i++) {
            for (int group = 0; group < groups; group++) {
                rows[i][group] -= means[group];
            }
            responses[i] -= response;
        }
    }

    /** Standard errors by the sandwich formula for independent draws; the two certain coalitions add nothing. */
    private double[] errors(LeastSquares regression, double[] responses, double[] values) {
        double[] variances = new double[groups];
        for (int i = 0; i < draws.length; i++) {
            Optional<double[]> influence = regression.influence(i, values, responses[i]);
            if (influence.isEmpty()) {
                Arrays.fill(variances, Double.NaN);
                return variances;
            }
            for (int group = 0; group < groups; group++) {
                variances[group] += influence.get()[group] * influence.get()[group];
            }
        }
        return Arrays.stream(variances).map(Math::sqrt).toArray();
    }
}
