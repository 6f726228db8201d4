// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.path.Path.Quadrature;
import java.util.Arrays;

/**
 * A smooth function of coalitions that changes sign with the complement, through given values: the mean of a Gaussian
 * process.
 *
 * <p>Its kernel for coalitions S and T is p(S, T) − p(S, Tᶜ), where p is the product, over the groups that are in one
 * of the two and not in the other, of exp(−rate · importance^power of the group); and a linear one beside it. It holds
 * interactions of every odd order; those of even order cancel in pairs of complements. Rate, power and noise are those
 * of a few with the largest likelihood of the first values.
 *
 * <p>Shapley values of the function are known: p is a product over groups, whose Shapley values are the integral, over
 * t from 0 to 1, of what a group adds where each other group is in with probability t (Owen, 1972). That is a
 * polynomial in t, which Gauss-Legendre integrates exactly.
 */
final class CoalitionCurve {
    private static final double[] POWERS = {0.5, 1};
    private static final double[] RATES = {0.05, 0.1, 0.2, 0.4};
    private static final double[] NOISES = {1e-4, 1e-2};
    /** Values that the likelihood is computed of. */
    private static final int JUDGED = 150;
    /** Values that a function goes through. */
    private static final int MOST_VALUES = 500;
    /** Groups without importance count this much of the most important. */
    private static final double LEAST_IMPORTANCE = 1e-3;

    /** Logarithms of what a group multiplies with. */
    private final double[] logs;

    private final double noise;
    private final double allLogs;
    private boolean[][] sets = {};
    private double[] coefficients = {};

    private CoalitionCurve(double[] logs, double noise) {
        this.logs = logs;
        this.noise = noise;
        this.allLogs = Arrays.stream(logs).sum();
    }

    /**
     * Returns the likeliest function, which goes through nothing yet.
     *
     * @param importance of each group, at least 0
     * @param sets coalitions
     * @param values at these
     */
    static CoalitionCurve likeliest(double[] importance, boolean[][] sets, double[] values) {
        int judged = Math.min(JUDGED, sets.length);
        double most = Arrays.stream(importance).max().orElse(0);
        double mean = Arrays.stream(importance).average().orElse(0) + LEAST_IMPORTANCE * most;
        CoalitionCurve best = new CoalitionCurve(new double[importance.length], 0);
        double likeliest = Double.NEGATIVE_INFINITY;
        for (double power : POWERS) {
            double[] relative = Arrays.stream(importance)
                    .map(one -> mean == 0 ? 1 : Math.pow((one + LEAST_IMPORTANCE * most) / mean, power))
                    .toArray();
            for (double rate : RATES) {
                double[] logs = Arrays.stream(relative).map(one -> -rate * one).toArray();
                for (double noise : NOISES) {
                    CoalitionCurve tried = new CoalitionCurve(logs, noise);
                    double likelihood = tried.fit(sets, values, judged);
                    if (likelihood > likeliest) {
                        likeliest = likelihood;
                        best = tried;
                    }
                }
            }
        }
        return best;
    }

    /** Returns a function with the same rate, power and noise through other values, the first {@value #MOST_VALUES}. */
    CoalitionCurve through(boolean[][] newSets, double[] values) {
        CoalitionCurve curve = new CoalitionCurve(logs, noise);
        curve.fit(newSets, values, Math.min(MOST_VALUES, newSets.length));
        return curve;
    }

    /** Solves for the coefficients by Cholesky, and returns the logarithm of the likelihood, but for a constant. */
    private double fit(boolean[][] through, double[] values, int n) {
        sets = Arrays.copyOf(through, n);
        coefficients = Arrays.copyOf(values, n);
        double[][] factor = new double[n][];
        double determinant = 0;
        for (int i = 0; i < n; i++) {
            double[] row = new double[i + 1];
            for (int j = 0; j <= i; j++) {
                double sum = kernel(sets[i], sets[j]) + (i == j ? noise : 0);
                double[] other = j == i ? row : factor[j];
                for (int k = 0; k < j; k++) {
                    sum -= row[k] * other[k];
                }
                row[j] = j == i ? Math.sqrt(Math.max(sum, Double.MIN_NORMAL)) : sum / other[j];
            }
            factor[i] = row;
            determinant += Math.log(row[i]);
        }
        double square = 0;
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < i; k++) {
                coefficients[i] -= factor[i][k] * coefficients[k];
            }
            coefficients[i] /= factor[i][i];
            square += coefficients[i] * coefficients[i];
        }
        for (int i = n - 1; i >= 0; i--) {
            coefficients[i] /= factor[i][i];
            for (int k = 0; k < i; k++) {
                coefficients[k] -= factor[i][k] * coefficients[i];
            }
        }
        return square == 0 ? 0 : -n / 2.0 * Math.log(square / n) - determinant;
    }

    private double kernel(boolean[] one, boolean[] other) {
        double sum = 0;
        int agreements = 0;
        for (int group = 0; group < logs.length; group++) {
            boolean agree = one[group] == other[group];
            agreements += agree ? 1 : -1;
            sum += agree ? 0 : logs[group];
        }
        return agreements + Math.exp(sum) - Math.exp(allLogs - sum);
    }

    /** Returns the value at a coalition; at its complement it is the negative. */
    double at(boolean[] set) {
        double sum = 0;
        for (int i = 0; i < sets.length; i++) {
            sum += coefficients[i] * kernel(set, sets[i]);
        }
        return sum;
    }

    /** Returns the Shapley value of each group. */
    double[] shapley() {
        int groups = logs.length;
        double[] outside = Arrays.stream(logs).map(Math::exp).toArray();
        double[] values = new double[groups];
        double[] means = new double[groups];
        Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule((groups + 1) / 2);
        for (int i = 0; i < sets.length; i++) {
            for (int group = 0; group < groups; group++) {
                values[group] += 2 * coefficients[i] * (sets[i][group] ? 1 : -1);
            }
            for (int node = 0; node < rule.nodes().length; node++) {
                double t = rule.nodes()[node];
                double product = 1;
                for (int group = 0; group < groups; group++) {
                    double in = sets[i][group] ? 1 : outside[group];
                    double out = sets[i][group] ? outside[group] : 1;
                    means[group] = t * in + (1 - t) * out;
                    product *= means[group];
                }
                // Twice, because p(S, Tᶜ) = p(Sᶜ, T) has the opposite Shapley values.
                double weight = 2 * coefficients[i] * rule.weights()[node] * product;
                for (int group = 0; group < groups; group++) {
                    double gain = sets[i][group] ? 1 - outside[group] : outside[group] - 1;
                    values[group] += weight * gain / means[group];
                }
            }
        }
        return values;
    }
}
