// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.Cholesky;
import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.LeastSquares;
import io.github.attribution4j.internal.numeric.Moments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;

/**
 * Pairs of a coalition and its complement, drawn without replacement in proportion to leverage scores, and the
 * regression that has the Shapley values as its solution.
 *
 * <p>The regression. Shapley values minimize Σ over S of k(S) (Σ over g in S of φ(g) − (v(S) − v(∅)))² subject to Σ φ =
 * Δ = v(all) − v(∅), with k(S) = 1 / (C(M, s) s (M − s)), s = |S| (Charnes et al., 1988). With φ = Δ/M + x, Σ x = 0,
 * and u(S) the indicator of S less its mean s/M, the residual of S is u(S)·x − (v(S) − v(∅) − Δ s/M). The complement
 * has −u(S): the two residuals differ only in what no x can change, so that a pair is one row with twice the weight,
 * response (v(S) − v(Sᶜ) − Δ (2s − M)/M) / 2.
 *
 * <p>The sample. The leverage score of S in this regression is 1/C(M, s) (Musco and Witter, 2025): every size gets the
 * same number of coalitions, up to all there are. Pairs of size s ≤ M/2 form a stratum of C(M, s) (half as many for s =
 * M/2), from which n(s) are drawn uniformly. Weighting by population over sample makes each normal equation unbiased:
 * C(M, s) cancels, and a row weighs 2 / (n(s) s (M − s)), half of that for s = M/2.
 */
final class LeverageDesign implements CoalitionDesign {
    /** From this many pairs for each group on, the regression tells when to stop. */
    private static final int ENOUGH_FOR_EACH = 3;

    private static final int ENOUGH = 16;

    /** What the regression leaves of responses below this part of them is rounding. */
    private static final double ROUNDING = 1e-12;

    /** A size of the smaller half of pairs, and what was drawn of it. */
    static final class Stratum {
        private final int size;
        private final double share;
        private final CoalitionSampler sampler;
        private int drawn;

        Stratum(int groups, int size, RandomGenerator random) {
            this.size = size;
            this.share = 2 * size == groups ? 0.5 : 1;
            this.sampler = new CoalitionSampler(groups, size, random);
        }

        double need() {
            return (drawn + 1) / share;
        }

        boolean hasMore() {
            return drawn < sampler.population();
        }

        int drawn() {
            return drawn;
        }

        double population() {
            return sampler.population();
        }

        double share() {
            return share;
        }

        /** Returns what all pairs of this size together weigh in the regression. */
        double weight(int groups) {
            return 2 * share * groups / ((double) size * (groups - size));
        }

        /** Returns the part of the pairs of this size that was not drawn. */
        double unseen() {
            return 1 - drawn / sampler.population();
        }
    }

    private final int groups;
    private final boolean adjusted;
    private final PriorityQueue<Stratum> open;
    private final List<BitSet> halves = new ArrayList<>();
    /** The stratum of each pair. */
    private final List<Stratum> strata = new ArrayList<>();

    /**
     * Creates a sample; nothing is drawn yet.
     *
     * @param groups M, at least 2
     * @param adjusted whether the regression only adjusts a mean, see {@link AdjustedMean}
     * @param random random numbers for each size
     */
    LeverageDesign(int groups, boolean adjusted, LongFunction<RandomGenerator> random) {
        this.groups = groups;
        this.adjusted = adjusted;
        // A model needs to know each group alone before it tells what groups add together.
        Comparator<Stratum> singlesFirst = Comparator.comparing(stratum -> !adjusted || stratum.size > 1);
        this.open = new PriorityQueue<>(
                singlesFirst.thenComparingDouble(Stratum::need).thenComparingInt(stratum -> stratum.size));
        for (int size = 1; size <= groups / 2; size++) {
            open.add(new Stratum(groups, size, random.apply(size)));
        }
    }

    @Override
    public long enough() {
        return 2L * (ENOUGH + ENOUGH_FOR_EACH * groups);
    }

    @Override
    public void grow(long evaluations) {
        while (2L * (halves.size() + 1) <= evaluations && !open.isEmpty()) {
            Stratum next = open.remove();
            halves.add(next.sampler.next());
            strata.add(next);
            next.drawn++;
            if (next.hasMore()) {
                open.add(next);
            }
        }
    }

    @Override
    public boolean isExhausted() {
        return open.isEmpty();
    }

    @Override
    public int count() {
        return 2 * halves.size();
    }

    @Override
    public void fill(int coalition, boolean[] kept) {
        BitSet half = halves.get(coalition / 2);
        boolean inside = coalition % 2 == 0;
        for (int group = 0; group < groups; group++) {
            kept[group] = half.get(group) == inside;
        }
    }

    @Override
    public Estimate estimate(double empty, double[] scores, double full) {
        int pairs = halves.size();
        double difference = full - empty;
        double[][] rows = new double[pairs + 1][];
        double[] weights = new double[pairs + 1];
        double[] responses = new double[pairs + 1];
        for (int row = 0; row < pairs; row++) {
            Stratum stratum = strata.get(row);
            int size = stratum.size;
            double[] centred = new double[groups];
            Arrays.fill(centred, -size / (double) groups);
            halves.get(row).stream().forEach(group -> centred[group] += 1);
            rows[row] = centred;
            weights[row] = stratum.weight(groups) / stratum.drawn;
            double gain = scores[2 * row] - scores[2 * row + 1];
            responses[row] = (gain - difference * (2.0 * size - groups) / groups) / 2;
        }
        rows[pairs] = new double[groups];
        Arrays.fill(rows[pairs], 1);
        weights[pairs] = 1.0 / groups;
        LeastSquares regression = new LeastSquares(rows, weights, groups);
        double[] solution = regression.solve(responses);
        if (adjusted && !isExhausted() && AdjustedMean.suits(groups, pairs) && isRough(rows, responses, solution)) {
            List<long[]> sets = new ArrayList<>();
            for (BitSet half : halves) {
                sets.add(Arrays.copyOf(half.toLongArray(), (groups + Long.SIZE - 1) / Long.SIZE));
            }
            int fewest = open.stream().mapToInt(Stratum::drawn).min().orElseThrow();
            return new AdjustedMean(groups, strata, fewest, sets, rows, responses).estimate(difference);
        }
        double mean = Arrays.stream(solution).sum() / groups;
        double[] values = new double[groups];
        for (int group = 0; group < groups; group++) {
            values[group] = solution[group] - mean + difference / groups;
        }
        return new Estimate(values, errors(regression, responses, solution), pairs - groups + 1.0);
    }

    /** Returns whether the regression leaves more than rounding. */
    private boolean isRough(double[][] rows, double[] responses, double[] solution) {
        double most = 0;
        double left = 0;
        for (int pair = 0; pair < halves.size(); pair++) {
            most = Math.max(most, Math.abs(responses[pair]));
            left = Math.max(left, Math.abs(responses[pair] - Cholesky.dot(rows[pair], solution, groups)));
        }
        return left > ROUNDING * most;
    }

    /**
     * Standard errors by linearization (sandwich) for a stratified sample without replacement (Binder, 1983): the
     * variance of the rows' influences within strata, times (1 − n/N).
     */
    private double[] errors(LeastSquares regression, double[] responses, double[] solution) {
        Map<Stratum, Moments> influences = new LinkedHashMap<>();
        for (int row = 0; row < halves.size(); row++) {
            Stratum stratum = strata.get(row);
            if (stratum.unseen() > 0) {
                Optional<double[]> influence = regression.influence(row, solution, responses[row]);
                if (influence.isEmpty()) {
                    double[] unknown = new double[groups];
                    Arrays.fill(unknown, Double.NaN);
                    return unknown;
                }
                influences.computeIfAbsent(stratum, any -> new Moments(groups)).add(influence.get());
            }
        }
        double[] variances = new double[groups];
        influences.forEach((stratum, moments) -> {
            double n = stratum.drawn;
            double[] errors = n < 2 ? moments.mean() : moments.standardError();
            for (int group = 0; group < groups; group++) {
                variances[group] += stratum.unseen() * n * n * errors[group] * errors[group];
            }
        });
        return Arrays.stream(variances).map(Math::sqrt).toArray();
    }
}
