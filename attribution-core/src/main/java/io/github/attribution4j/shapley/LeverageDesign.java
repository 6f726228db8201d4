// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.LeastSquares;
import io.github.attribution4j.internal.numeric.Moments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
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
    /** A size of the smaller half of pairs. */
    private record Stratum(int size, double share, double population) {}

    private final int groups;
    private final List<Stratum> strata = new ArrayList<>();
    private final int[] drawn;
    private final List<BitSet> halves = new ArrayList<>();

    /**
     * Draws pairs.
     *
     * @param groups M, at least 2
     * @param pairs how many, at most all there are
     */
    LeverageDesign(int groups, int pairs, RandomGenerator random) {
        this.groups = groups;
        double choices = 1;
        for (int size = 1; size <= groups / 2; size++) {
            choices = choices * (groups - size + 1) / size;
            boolean middle = 2 * size == groups;
            strata.add(new Stratum(size, middle ? 0.5 : 1, Math.rint(middle ? choices / 2 : choices)));
        }
        drawn = allocate(strata, pairs);
        for (int i = 0; i < drawn.length; i++) {
            halves.addAll(CoalitionSampler.draw(
                    groups, strata.get(i).size(), drawn[i], strata.get(i).population(), random));
        }
    }

    /**
     * Gives each stratum its share of the pairs, at most all it has; what does not divide goes to small sizes first.
     */
    private static int[] allocate(List<Stratum> strata, int pairs) {
        int[] drawn = new int[strata.size()];
        boolean[] all = new boolean[strata.size()];
        double rest = pairs;
        double quota = 0;
        boolean changed = true;
        while (changed) {
            double shares = 0;
            for (int i = 0; i < drawn.length; i++) {
                shares += all[i] ? 0 : strata.get(i).share();
            }
            quota = shares == 0 ? 0 : rest / shares;
            changed = false;
            for (int i = 0; i < drawn.length; i++) {
                Stratum stratum = strata.get(i);
                if (!all[i] && stratum.population() <= quota * stratum.share()) {
                    all[i] = true;
                    drawn[i] = (int) stratum.population();
                    rest -= drawn[i];
                    changed = true;
                }
            }
        }
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = all[i] ? drawn[i] : (int) (quota * strata.get(i).share());
        }
        int left = pairs - Arrays.stream(drawn).sum();
        for (int i = 0; left > 0; i = (i + 1) % drawn.length) {
            if (!all[i] && drawn[i] < strata.get(i).population()) {
                drawn[i]++;
                left--;
            }
        }
        return drawn;
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
        int row = 0;
        for (int i = 0; i < drawn.length; i++) {
            int size = strata.get(i).size();
            for (int k = 0; k < drawn[i]; k++, row++) {
                double[] centred = new double[groups];
                Arrays.fill(centred, -size / (double) groups);
                halves.get(row).stream().forEach(group -> centred[group] += 1);
                rows[row] = centred;
                weights[row] = 2 * strata.get(i).share() * groups / ((double) drawn[i] * size * (groups - size));
                double gain = scores[2 * row] - scores[2 * row + 1];
                responses[row] = (gain - difference * (2.0 * size - groups) / groups) / 2;
            }
        }
        rows[pairs] = new double[groups];
        Arrays.fill(rows[pairs], 1);
        weights[pairs] = 1.0 / groups;
        LeastSquares regression = new LeastSquares(rows, weights, groups);
        double[] solution = regression.solve(responses);
        double mean = Arrays.stream(solution).sum() / groups;
        double[] values = new double[groups];
        for (int group = 0; group < groups; group++) {
            values[group] = solution[group] - mean + difference / groups;
        }
        return new Estimate(values, errors(regression, responses, solution));
    }

    /**
     * Standard errors by linearization (sandwich) for a stratified sample without replacement (Binder, 1983): the
     * variance of the rows' influences within strata, times (1 − n/N).
     */
    private double[] errors(LeastSquares regression, double[] responses, double[] solution) {
        double[] variances = new double[groups];
        int row = 0;
        for (int i = 0; i < drawn.length; i++) {
            double unseen = 1 - drawn[i] / strata.get(i).population();
            if (unseen <= 0) {
                row += drawn[i];
                continue;
            }
            Moments moments = new Moments(groups);
            for (int k = 0; k < drawn[i]; k++, row++) {
                Optional<double[]> influence = regression.influence(row, solution, responses[row]);
                if (influence.isEmpty()) {
                    Arrays.fill(variances, Double.NaN);
                    return variances;
                }
                moments.add(influence.get());
            }
            double n = drawn[i];
            double[] errors = n < 2 ? moments.mean() : moments.standardError();
            for (int group = 0; group < groups; group++) {
                variances[group] += unseen * n * n * errors[group] * errors[group];
            }
        }
        return Arrays.stream(variances).map(Math::sqrt).toArray();
    }
}
