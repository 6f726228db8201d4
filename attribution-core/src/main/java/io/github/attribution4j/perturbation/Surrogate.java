// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.internal.numeric.LeastSquares;
import java.util.Arrays;

/**
 * A linear model fitted to scores of coalitions.
 *
 * @param intercept its value without any group
 * @param coefficients what each group adds
 * @param rSquared the part of the weighted variance of the scores that it explains; 1 where scores do not vary
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record Surrogate(double intercept, double[] coefficients, double rSquared) {
    private static final int MOST_SWEEPS = 100_000;
    private static final double CONVERGED = 1e-14;

    /** Returns its value for groups that are kept. */
    double of(boolean[] kept) {
        double sum = intercept;
        for (int group = 0; group < kept.length; group++) {
            sum += kept[group] ? coefficients[group] : 0;
        }
        return sum;
    }

    /**
     * Fits.
     *
     * @param strength of the penalty, as {@link Lime} says
     * @param kept for each row which groups it keeps
     * @param weights for each row, at least 0
     * @param responses for each row its score
     */
    static Surrogate fit(Lime.Fit fit, double strength, boolean[][] kept, double[] weights, double[] responses) {
        int groups = kept[0].length;
        double total = Arrays.stream(weights).sum();
        double[] means = new double[groups];
        double mean = 0;
        for (int row = 0; row < kept.length && total > 0; row++) {
            for (int group = 0; group < groups; group++) {
                means[group] += kept[row][group] ? weights[row] / total : 0;
            }
            mean += weights[row] / total * responses[row];
        }
        for (int group = 0; group < groups; group++) {
            means[group] = exact(means[group], kept, group);
        }
        double[][] rows = new double[kept.length][groups];
        double[] centered = new double[kept.length];
        for (int row = 0; row < kept.length; row++) {
            for (int group = 0; group < groups; group++) {
                rows[row][group] = (kept[row][group] ? 1 : 0) - means[group];
            }
            centered[row] = responses[row] - mean;
        }
        double[] coefficients = switch (fit) {
            case LEAST_SQUARES -> ridge(0, rows, weights, centered);
            case RIDGE -> ridge(strength, rows, weights, centered);
            case LASSO -> lasso(strength, rows, weights, centered, total);
        };
        double left = 0;
        double variance = 0;
        for (int row = 0; row < rows.length; row++) {
            double residual = centered[row] - dot(rows[row], coefficients);
            left += weights[row] * residual * residual;
            variance += weights[row] * centered[row] * centered[row];
        }
        return new Surrogate(mean - dot(means, coefficients), coefficients, variance == 0 ? 1 : 1 - left / variance);
    }

    /** Returns 0 or 1 where all rows agree, so that rounding is not taken for a difference; else the mean. */
    private static double exact(double mean, boolean[][] kept, int group) {
        for (boolean[] row : kept) {
            if (row[group] != kept[0][group]) {
                return mean;
            }
        }
        return kept[0][group] ? 1 : 0;
    }

    /** Least squares of the rows, and of one more row for each coefficient, which pulls it to 0. */
    private static double[] ridge(double strength, double[][] rows, double[] weights, double[] responses) {
        int groups = rows[0].length;
        int more = strength > 0 ? groups : 0;
        double[][] all = Arrays.copyOf(rows, rows.length + more);
        double[] counts = Arrays.copyOf(weights, all.length);
        for (int group = 0; group < more; group++) {
            all[rows.length + group] = new double[groups];
            all[rows.length + group][group] = 1;
            counts[rows.length + group] = strength;
        }
        return new LeastSquares(all, counts, groups).solve(Arrays.copyOf(responses, all.length));
    }

    /** Coordinate descent on the normal equations: min Σ w r² / (2 Σ w) + strength · Σ|β|. */
    private static double[] lasso(
            double strength, double[][] rows, double[] weights, double[] responses, double total) {
        int groups = rows[0].length;
        double[][] gram = new double[groups][groups];
        double[] target = new double[groups];
        for (int row = 0; row < rows.length && total > 0; row++) {
            double weight = weights[row] / total;
            for (int i = 0; i < groups; i++) {
                double scaled = weight * rows[row][i];
                target[i] += scaled * responses[row];
                for (int j = 0; j <= i; j++) {
                    gram[i][j] += scaled * rows[row][j];
                }
            }
        }
        for (int i = 0; i < groups; i++) {
            for (int j = i + 1; j < groups; j++) {
                gram[i][j] = gram[j][i];
            }
        }
        double[] coefficients = new double[groups];
        double change = Double.POSITIVE_INFINITY;
        double largest = 0;
        for (int sweep = 0; sweep < MOST_SWEEPS && change > CONVERGED * largest; sweep++) {
            change = 0;
            largest = 0;
            for (int group = 0; group < groups; group++) {
                double slope =
                        target[group] - dot(gram[group], coefficients) + gram[group][group] * coefficients[group];
                double next = gram[group][group] > 0 ? shrunk(slope, strength) / gram[group][group] : 0;
                change = Math.max(change, Math.abs(next - coefficients[group]));
                largest = Math.max(largest, Math.abs(next));
                coefficients[group] = next;
            }
        }
        return coefficients;
    }

    private static double shrunk(double value, double by) {
        return value > by ? value - by : value < -by ? value + by : 0;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < b.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
