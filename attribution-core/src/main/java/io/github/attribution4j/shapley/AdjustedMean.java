// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.Moments;
import io.github.attribution4j.shapley.LeverageDesign.Stratum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The regression-adjusted mean over the pairs of a {@link LeverageDesign} (Witter, Liu and Musco, 2025).
 *
 * <p>With x = φ − Δ/M, u a row and y its response as there, x is the mean of a gain over all pairs of a size, added up
 * over sizes: x = Σ over s of E(g), g = c(s) y u, with c(s) the weight of the size. The sample mean of g estimates it,
 * with much noise. A model ŷ takes most of it away: what ĝ adds up to over all pairs is known from the model, and only
 * the mean of g − ĝ is estimated. The model here is the mean of a Gaussian process, see {@link CoalitionCurve}.
 *
 * <p>The model must not have seen the pairs whose residuals it leaves. So pairs are dealt into K folds, and each fold
 * has the model of the others. Given the others, a fold is a sample of the pairs that they lack; what they have is
 * known. Hence for each fold, for N pairs of a size, n of them in other folds,
 *
 * <pre>
 * E(g) ≈ E(ĝ) + (Σ over others of (g − ĝ) + (N − n) · mean over the fold of (g − ĝ)) / N
 * </pre>
 *
 * <p>which is unbiased, and exact where all pairs of a size were drawn. The estimate is the mean over folds. Only what
 * the models have in common, the five numbers of the kernel, is chosen with all pairs.
 *
 * <p><b>Standard errors.</b> Let h(k) be the error of fold k. Given the others, its variance V(k) is that of a
 * stratified sample without replacement, of residuals that their model has not seen. Errors of two folds are correlated
 * only through their models: if fold l were drawn anew in the training of k, h(k) would change to h'(k), which is
 * uncorrelated with h(l); by the analysis of variance of h(k) (Efron and Stein, 1981), the covariance is at most half
 * of E (h(k) − h'(k))². And the models of k and l differ in just that: each has the one in place of the other. So the
 * variance of the mean is at most
 *
 * <pre>
 * (Σ over k of V(k) + Σ over k ≠ l of V(ĝ(k) − ĝ(l)) / 2) / K²
 * </pre>
 */
final class AdjustedMean {
    private static final int MOST_FOLDS = 6;
    private static final int NO_FOLD = -1;
    /** With fewer pairs for each group the model itself errs less than what its residuals add to it. */
    private static final int MANY_FOR_EACH = 10;
    /** Pairs times groups that are worth a model; more evaluations need none. */
    private static final long MOST_WORK = 250_000;
    /** Pairs that a model is fitted to; the others only have its residuals. */
    private static final int MOST_FITTED = 700;

    private final int groups;
    private final List<Stratum> strata;
    private final double[][] rows;
    private final double[] responses;
    private final int pairs;
    private final int folds;
    /** For each pair, which of its size it is. */
    private final int[] order;

    /** One coalition of each pair, and last x itself, at which nothing is left. */
    private final List<long[]> sets;

    private final CoalitionCurve curve;
    /** The kernel of what a model is fitted to. */
    private final double[][] gram;
    /** Of what a model is fitted to, the Shapley values of its kernel. */
    private final double[][] shapley;
    /** The pairs that a model is fitted to, and last x. */
    private final int[] fitted;

    /**
     * Creates the mean, and chooses the kernel.
     *
     * @param strata the size of each pair
     * @param fewest pairs of any size of which not all were drawn
     * @param sets one coalition of each pair, as bits
     * @param rows u of each pair; it may be longer
     * @param responses y of each pair; it may be longer
     */
    AdjustedMean(int groups, List<Stratum> strata, int fewest, List<long[]> sets, double[][] rows, double[] responses) {
        this.groups = groups;
        this.strata = strata;
        this.rows = rows;
        this.responses = Arrays.copyOf(responses, strata.size() + 1);
        this.pairs = strata.size();
        this.folds = Math.max(1, Math.min(MOST_FOLDS, fewest));
        this.order = new int[pairs];
        Map<Stratum, Integer> met = new LinkedHashMap<>();
        for (int pair = 0; pair < pairs; pair++) {
            order[pair] = met.merge(strata.get(pair), 1, Integer::sum) - 1;
        }
        this.sets = new ArrayList<>(sets);
        long[] x = new long[sets.get(0).length];
        for (int group = 0; group < groups; group++) {
            x[group / Long.SIZE] |= 1L << group;
        }
        this.sets.add(x);
        int count = Math.min(MOST_FITTED, pairs);
        this.fitted = new int[count + 1];
        Arrays.setAll(fitted, i -> i < count ? i : pairs);
        List<long[]> seen = new ArrayList<>(this.sets.subList(0, count));
        seen.add(x);
        double[] values = new double[count + 1];
        Arrays.setAll(values, i -> this.responses[fitted[i]]);
        this.curve = CoalitionCurve.likeliest(groups, seen, values);
        this.gram = curve.gram(seen);
        this.shapley = new double[count + 1][groups];
        for (int i = 0; i <= count; i++) {
            curve.addShapley(seen.get(i), 1, shapley[i]);
            double mean = Arrays.stream(shapley[i]).average().orElse(0);
            for (int group = 0; group < groups; group++) {
                shapley[i][group] -= mean;
            }
        }
    }

    /** Returns whether pairs are not so many that a model takes long. */
    static boolean suits(int groups, int pairs) {
        return (long) pairs * groups <= MOST_WORK;
    }

    /** The mean of the Gaussian process through the pairs of other folds. */
    private final class Model {
        /** At each pair. */
        private final double[] values = new double[pairs];

        /** Less their mean. */
        private final double[] attributions = new double[groups];

        Model(int without) {
            int[] seen = Arrays.stream(fitted)
                    .filter(one -> one == pairs || !isIn(one, without))
                    .toArray();
            double[][] own = new double[seen.length][];
            double[] through = new double[seen.length];
            int last = gram.length - 1;
            for (int i = 0; i < seen.length; i++) {
                double[] from = gram[Math.min(seen[i], last)];
                own[i] = new double[i + 1];
                for (int j = 0; j <= i; j++) {
                    own[i][j] = from[Math.min(seen[j], last)];
                }
                through[i] = responses[seen[i]];
            }
            double[] weights = curve.through(own, through);
            double[] spread = new double[gram.length];
            for (int i = 0; i < seen.length; i++) {
                int at = Math.min(seen[i], last);
                spread[at] = weights[i];
                for (int group = 0; group < groups; group++) {
                    attributions[group] += weights[i] * shapley[at][group];
                }
            }
            for (int pair = 0; pair < pairs; pair++) {
                values[pair] = pair < last && !isIn(pair, without)
                        ? responses[pair] - curve.noise() * spread[pair]
                        : at(pair, spread);
            }
        }

        private double at(int pair, double[] weights) {
            int last = gram.length - 1;
            double sum = 0;
            for (int i = 0; i <= last; i++) {
                double kernel = pair >= last
                        ? curve.kernel(sets.get(pair), sets.get(fitted[i]))
                        : i <= pair ? gram[pair][i] : gram[i][pair];
                sum += weights[i] * kernel;
            }
            return sum;
        }
    }

    /** Returns the attributions, which add up to the difference of scores. */
    Estimate estimate(double difference) {
        double[] values = new double[groups];
        Arrays.fill(values, difference / groups);
        if (folds < 2) {
            double[] unknown = new double[groups];
            Arrays.fill(unknown, Double.NaN);
            add(values, 1, new Model(NO_FOLD).attributions);
            return new Estimate(values, unknown, 1);
        }
        List<Model> models = IntStream.range(0, folds).mapToObj(Model::new).toList();
        if (pairs < MANY_FOR_EACH * groups) {
            add(values, 1, new Model(NO_FOLD).attributions);
        } else {
            addAdjusted(models, values);
        }
        return withErrors(models, values);
    }

    private void addAdjusted(List<Model> models, double[] values) {
        for (int fold = 0; fold < folds; fold++) {
            Model model = models.get(fold);
            add(values, 1.0 / folds, model.attributions);
            for (int pair = 0; pair < pairs; pair++) {
                double residual = responses[pair] - model.values[pair];
                add(values, residual * weight(pair, fold) * strata.get(pair).weight(groups) / folds, rows[pair]);
            }
        }
    }

    private Estimate withErrors(List<Model> models, double[] values) {
        Map<Stratum, List<Moments>> spreads = new LinkedHashMap<>();
        for (int pair = 0; pair < pairs; pair++) {
            Stratum stratum = strata.get(pair);
            if (stratum.unseen() > 0) {
                List<Moments> moments = spreads.computeIfAbsent(
                        stratum,
                        any -> Stream.generate(() -> new Moments(groups))
                                .limit(1L + folds)
                                .toList());
                double scale = stratum.weight(groups);
                int at = pair;
                double mean = models.stream()
                        .mapToDouble(model -> model.values[at])
                        .average()
                        .orElseThrow();
                double residual = responses[pair] - models.get(order[pair] % folds).values[pair];
                moments.get(folds).add(times(scale * residual, rows[pair]));
                for (int fold = 0; fold < folds; fold++) {
                    moments.get(fold).add(times(scale * (models.get(fold).values[pair] - mean), rows[pair]));
                }
            }
        }
        double[] variances = new double[groups];
        double degrees = 0;
        for (Map.Entry<Stratum, List<Moments>> entry : spreads.entrySet()) {
            Stratum stratum = entry.getKey();
            double n = stratum.drawn();
            // The variance of a weighted sum of a sample without replacement, whose weights add up to 1.
            double spread = n * (squaredWeights(stratum) - 1 / stratum.population());
            degrees += n - 1;
            // Of residuals; and half of the squares of all differences of two are the folds times those from the mean.
            for (Moments moments : entry.getValue()) {
                double[] errors = moments.standardError();
                for (int group = 0; group < groups; group++) {
                    variances[group] += spread * errors[group] * errors[group];
                }
            }
        }
        return new Estimate(values, Arrays.stream(variances).map(Math::sqrt).toArray(), degrees);
    }

    private static void add(double[] sums, double factor, double[] row) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += factor * row[i];
        }
    }

    private static double[] times(double factor, double[] row) {
        double[] product = new double[row.length];
        for (int i = 0; i < product.length; i++) {
            product[i] = factor * row[i];
        }
        return product;
    }

    private boolean isIn(int pair, int fold) {
        return fold != NO_FOLD && order[pair] % folds == fold;
    }

    /** Returns what the residual of a pair counts in the estimate of a fold, as a part of its size. */
    private double weight(int pair, int fold) {
        Stratum stratum = strata.get(pair);
        int own = own(stratum, fold);
        int others = stratum.drawn() - own;
        if (own == 0) {
            // A size of fewer pairs than folds was drawn as a whole: where a fold has none, the others are all.
            return 1.0 / others;
        }
        double left = isIn(pair, fold) ? (stratum.population() - others) / own : 1;
        return left / stratum.population();
    }

    /** Returns the squares of what the pairs of a size count in the mean over folds, added up. */
    private double squaredWeights(Stratum stratum) {
        double squares = 0;
        for (int fold = 0; fold < folds; fold++) {
            int own = own(stratum, fold);
            if (own > 0) {
                double left = stratum.population() - stratum.drawn() + own;
                double weight = (left / own + folds - 1) / stratum.population() / folds;
                squares += own * weight * weight;
            }
        }
        return squares;
    }

    /** Returns how many pairs of a size are in a fold. */
    private int own(Stratum stratum, int fold) {
        return (stratum.drawn() - fold + folds - 1) / folds;
    }
}
