// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.LeastSquares;
import io.github.attribution4j.internal.numeric.Moments;
import io.github.attribution4j.shapley.LeverageDesign.Stratum;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The regression-adjusted mean over the pairs of a {@link LeverageDesign} (Witter, Liu and Musco, 2025).
 *
 * <p>With x = φ − Δ/M, u a row and y its response as there, x is the mean of a gain over all pairs of a size, added up
 * over sizes: x = Σ over s of E(g), g = c(s) y u, with c(s) the weight of the size. The sample mean of g estimates it,
 * with much noise. A model ŷ takes most of it away: what ĝ adds up to over all pairs is known from the model, and only
 * the mean of g − ĝ is estimated. The model here is u · x̂ by least squares, with Σ over s of E(ĝ) = x̂, and a
 * {@link CoalitionCurve} through what that leaves, whose Shapley values are known.
 *
 * <p>The model must not have seen the pairs whose residuals it leaves. So pairs are dealt into {@value #FOLDS} folds,
 * and each fold has the model of the others. Given the others, a fold is a sample of the pairs that they lack; what
 * they have is known. Hence for each fold, for N pairs of a size, n of them in other folds,
 *
 * <pre>
 * E(g) ≈ E(ĝ) + (Σ over others of (g − ĝ) + (N − n) · mean over the fold of (g − ĝ)) / N
 * </pre>
 *
 * <p>which is unbiased, and exact where all pairs of a size were drawn. The estimate is the mean over folds. Only the
 * rate, power and noise of the curve, three numbers of a few, are chosen with all pairs.
 *
 * <p>Standard errors are those of the mean of a stratified sample without replacement, of residuals that their model
 * has not seen.
 */
final class AdjustedMean {
    private static final int FOLDS = 6;
    /** Models of the folds share pairs, so that their errors do not average out; measured, this makes up for it. */
    private static final double SHARED = FOLDS / (FOLDS - 1.0);
    /** With this many pairs for each group, each size has a pair in each fold. */
    private static final int LEAST_FOR_EACH = 3;
    /** Pairs times groups that are worth a curve; more evaluations need none. */
    private static final long MOST_WORK = 250_000;
    /** Residuals below this part of the responses are rounding, and no curve. */
    private static final double ROUNDING = 1e-12;

    private final int groups;
    private final List<Stratum> strata;
    private final boolean[][] sets;
    private final double[][] rows;
    private final double[] responses;
    private final int pairs;
    /** For each pair, which of its size it is. */
    private final int[] order;

    /**
     * Creates the mean.
     *
     * @param strata the size of each pair
     * @param sets one coalition of each pair
     * @param rows u of each pair; it may be longer
     * @param responses y of each pair; it may be longer
     */
    AdjustedMean(int groups, List<Stratum> strata, boolean[][] sets, double[][] rows, double[] responses) {
        this.groups = groups;
        this.strata = strata;
        this.sets = sets;
        this.rows = rows;
        this.responses = responses;
        this.pairs = strata.size();
        this.order = new int[pairs];
        Map<Stratum, Integer> met = new LinkedHashMap<>();
        for (int pair = 0; pair < pairs; pair++) {
            order[pair] = met.merge(strata.get(pair), 1, Integer::sum) - 1;
        }
    }

    /** Returns whether there are enough pairs to keep some from a model, and not so many that a curve takes long. */
    static boolean suits(int groups, int pairs) {
        return pairs >= LEAST_FOR_EACH * groups && (long) pairs * groups <= MOST_WORK;
    }

    /** Returns the attributions, which add up to the difference of scores. */
    Estimate estimate(double difference) {
        double[] values = new double[groups];
        Arrays.fill(values, difference / groups);
        double[] all = linear(-1);
        double[] importance = Arrays.stream(all).map(Math::abs).toArray();
        Training whole = new Training(-1, all);
        CoalitionCurve likeliest = CoalitionCurve.likeliest(importance, whole.sets, whole.values);
        Map<Stratum, Moments> residuals = new LinkedHashMap<>();
        for (int fold = 0; fold < FOLDS; fold++) {
            addFold(fold, likeliest, values, residuals);
        }
        double[] variances = new double[groups];
        double degrees = 0;
        for (Map.Entry<Stratum, Moments> entry : residuals.entrySet()) {
            Stratum stratum = entry.getKey();
            if (stratum.unseen() > 0) {
                double n = stratum.drawn();
                double[] errors = entry.getValue().standardError();
                // The variance of a weighted sum of a sample without replacement, whose weights add up to 1.
                double spread = SHARED * n * (squaredWeights(stratum) - 1 / stratum.population());
                degrees += n - 1;
                for (int group = 0; group < groups; group++) {
                    variances[group] += spread * errors[group] * errors[group];
                }
            }
        }
        double[] errors = Arrays.stream(variances).map(Math::sqrt).toArray();
        return new Estimate(values, errors, degrees == 0 ? Double.POSITIVE_INFINITY : degrees);
    }

    /** Returns the squares of what the pairs of a size count in the mean over folds, added up. */
    private static double squaredWeights(Stratum stratum) {
        double squares = 0;
        for (int fold = 0; fold < FOLDS; fold++) {
            int own = own(stratum, fold);
            if (own > 0) {
                double left = stratum.population() - stratum.drawn() + own;
                double weight = (left / own + FOLDS - 1) / stratum.population() / FOLDS;
                squares += own * weight * weight;
            }
        }
        return squares;
    }

    /** Returns how many pairs of a size are in a fold. */
    private static int own(Stratum stratum, int fold) {
        return fold < 0 ? 0 : (stratum.drawn() - fold + FOLDS - 1) / FOLDS;
    }

    /** What a model is fitted to: the pairs of other folds, and x with the baseline, of which nothing is left. */
    private final class Training {
        private final boolean[][] sets;
        private final double[] values;

        Training(int without, double[] linear) {
            int count = 1;
            for (int pair = 0; pair < pairs; pair++) {
                count += isIn(pair, without) ? 0 : 1;
            }
            sets = new boolean[count][];
            values = new double[count];
            sets[0] = new boolean[groups];
            Arrays.fill(sets[0], true);
            int at = 1;
            double largest = 0;
            double response = 0;
            for (int pair = 0; pair < pairs; pair++) {
                if (!isIn(pair, without)) {
                    sets[at] = AdjustedMean.this.sets[pair];
                    values[at] = responses[pair] - dot(rows[pair], linear);
                    largest = Math.max(largest, Math.abs(values[at++]));
                    response = Math.max(response, Math.abs(responses[pair]));
                }
            }
            if (largest <= ROUNDING * response) {
                Arrays.fill(values, 0);
            }
        }
    }

    private void addFold(int fold, CoalitionCurve likeliest, double[] values, Map<Stratum, Moments> residuals) {
        double[] linear = linear(fold);
        Training training = new Training(fold, linear);
        CoalitionCurve curve = likeliest.through(training.sets, training.values);
        double[] curved = curve.shapley();
        double ends = 2 * curve.at(training.sets[0]) / groups;
        for (int group = 0; group < groups; group++) {
            values[group] += (linear[group] + curved[group] - ends) / FOLDS;
        }
        for (int pair = 0; pair < pairs; pair++) {
            Stratum stratum = strata.get(pair);
            int own = own(stratum, fold);
            int others = stratum.drawn() - own;
            double left = isIn(pair, fold) ? (stratum.population() - others) / own : 1;
            // A size of fewer pairs than folds was drawn as a whole: where a fold has none, the others are all.
            double weight = own == 0 ? 1.0 / others : left / stratum.population();
            double residual = responses[pair] - dot(rows[pair], linear) - curve.at(sets[pair]);
            double[] terms = new double[groups];
            for (int group = 0; group < groups; group++) {
                terms[group] = residual * stratum.weight(groups) * rows[pair][group];
                values[group] += weight * terms[group] / FOLDS;
            }
            if (isIn(pair, fold)) {
                residuals.computeIfAbsent(stratum, any -> new Moments(groups)).add(terms);
            }
        }
    }

    private boolean isIn(int pair, int fold) {
        return order[pair] % FOLDS == fold;
    }

    private static double dot(double[] row, double[] model) {
        double sum = 0;
        for (int group = 0; group < model.length; group++) {
            sum += row[group] * model[group];
        }
        return sum;
    }

    /** Returns x̂ of the pairs of other folds; it adds up to 0. */
    private double[] linear(int without) {
        int count = 0;
        for (int pair = 0; pair < pairs; pair++) {
            count += isIn(pair, without) ? 0 : 1;
        }
        double[][] kept = new double[count + 1][];
        double[] weights = new double[count + 1];
        double[] seen = new double[count + 1];
        int at = 0;
        for (int pair = 0; pair < pairs; pair++) {
            if (!isIn(pair, without)) {
                Stratum stratum = strata.get(pair);
                kept[at] = rows[pair];
                weights[at] = stratum.weight(groups) / (stratum.drawn() - own(stratum, without));
                seen[at++] = responses[pair];
            }
        }
        kept[count] = new double[groups];
        Arrays.fill(kept[count], 1);
        weights[count] = 1.0 / groups;
        double[] model = new LeastSquares(kept, weights, groups).solve(seen);
        double mean = Arrays.stream(model).sum() / groups;
        return Arrays.stream(model).map(one -> one - mean).toArray();
    }
}
