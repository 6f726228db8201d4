// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.internal.numeric.Cholesky;
import io.github.attribution4j.internal.numeric.Estimate;
import java.util.Arrays;
import java.util.Optional;

/**
 * How far the coefficients of a surrogate are from those of a sample without end.
 *
 * <p><b>Chance.</b> With rows a less their weighted mean, residuals e and weights w, the coefficients solve Σ w (a e −
 * s) = 0, where s is the pull of the penalty per weight: 0 for least squares, strength · β / Σ w for ridge, the slope
 * between ± strength for lasso. A sample moves them by H⁻¹ w (a e / (1 − h) − s), with H = Σ w a aᵀ, to which ridge
 * adds its strength, and the leverage h of the sample (MacKinnon and White, 1985, HC3). The sum of the squares over all
 * draws is the variance. Lasso's shrinking is not taken into account: it maps errors of least squares to smaller ones,
 * as a projection does, so that these bound its own.
 *
 * <p><b>Drift.</b> The input is a row that no chance drew, and ridge's strength does not grow with the sample. Both
 * matter less the more samples there are. How much is left is the change of the coefficients when each draw counts
 * {@value #MORE} times.
 *
 * <p>An error is the root of variance and squared drift.
 */
final class SurrogateErrors {
    /** With fewer draws that keep a group, or do not, nothing can be told of it. */
    private static final int LEAST = 10;

    private static final double MORE = 100;
    private static final double DEFICIENT = 1e-11;
    private static final double DETERMINED = 1e-9;

    private final Lime.Fit fit;
    private final double strength;
    private final boolean[][] kept;
    private final double[] weights;
    private final int[] times;
    private final double[] responses;

    /**
     * Takes what a surrogate was fitted to; row 0 is the input.
     *
     * @param weights of rows, each the sum over its draws
     * @param times how often chance drew each row
     */
    SurrogateErrors(
            Lime.Fit fit, double strength, boolean[][] kept, double[] weights, int[] times, double[] responses) {
        this.fit = fit;
        this.strength = strength;
        this.kept = kept;
        this.weights = weights;
        this.times = times;
        this.responses = responses;
    }

    /** Returns the rows that a draw and the input itself give. */
    private int parts(int row) {
        return times[row] + (row == 0 ? 1 : 0);
    }

    private double single(int row) {
        return weights[row] / parts(row);
    }

    /**
     * Returns the coefficients with their errors.
     *
     * @param fixed for each group whether all samples agree in it
     */
    Estimate estimate(Surrogate surrogate, boolean[] fixed) {
        double[] coefficients = surrogate.coefficients();
        double degrees = effective() - fixed.length - 1;
        double[] errors = new double[fixed.length];
        Arrays.fill(errors, Double.NaN);
        if (degrees > 0 && isTold(fixed)) {
            variances(surrogate).ifPresent(variances -> {
                double[] far = fit(MORE).coefficients();
                for (int group = 0; group < errors.length; group++) {
                    errors[group] = Math.sqrt(variances[group] + square(far[group] - coefficients[group]));
                }
            });
        }
        return new Estimate(coefficients, errors, degrees);
    }

    private static double square(double x) {
        return x * x;
    }

    /** Returns how many draws of equal weight have the variance of these (Kish, 1965). */
    private double effective() {
        double sum = 0;
        double squares = 0;
        for (int row = 0; row < kept.length; row++) {
            sum += times[row] * single(row);
            squares += times[row] * square(single(row));
        }
        return squares == 0 ? 0 : sum * sum / squares;
    }

    private boolean isTold(boolean[] fixed) {
        int draws = Arrays.stream(times).sum();
        for (int group = 0; group < fixed.length; group++) {
            int keeping = 0;
            for (int row = 0; row < kept.length; row++) {
                keeping += kept[row][group] ? times[row] : 0;
            }
            if (!fixed[group] && Math.min(keeping, draws - keeping) < LEAST) {
                return false;
            }
        }
        return true;
    }

    /** Returns the surrogate if each draw counted so many times. */
    private Surrogate fit(double more) {
        double[] grown = weights.clone();
        for (int row = 0; row < grown.length; row++) {
            grown[row] = single(row) * (parts(row) + (more - 1) * times[row]);
        }
        return Surrogate.fit(fit, strength, kept, grown, responses);
    }

    /** Returns the variance of each coefficient; nothing if the rows do not determine them. */
    private Optional<double[]> variances(Surrogate surrogate) {
        int[] varying = varying();
        int unknowns = varying.length;
        double total = Arrays.stream(weights).sum();
        double[] means = new double[unknowns];
        for (int row = 0; row < kept.length; row++) {
            for (int i = 0; i < unknowns; i++) {
                means[i] += kept[row][varying[i]] ? weights[row] / total : 0;
            }
        }
        double[][] rows = new double[kept.length][unknowns];
        double[] residuals = new double[kept.length];
        double[] pull = new double[unknowns];
        double[][] gram = new double[unknowns][unknowns];
        double scale = 0;
        for (int row = 0; row < kept.length; row++) {
            residuals[row] = responses[row] - surrogate.of(kept[row]);
            for (int i = 0; i < unknowns; i++) {
                rows[row][i] = (kept[row][varying[i]] ? 1 : 0) - means[i];
                double weighted = weights[row] * rows[row][i];
                pull[i] += weighted * residuals[row] / total;
                scale += weighted * rows[row][i] / unknowns;
                for (int j = 0; j <= i; j++) {
                    gram[i][j] += weighted * rows[row][j];
                }
            }
        }
        double ridge = fit == Lime.Fit.RIDGE ? strength : 0;
        double[] variances = new double[kept[0].length];
        if (unknowns == 0) {
            return Optional.of(variances);
        }
        Optional<Cholesky> factor = Cholesky.of(gram, ridge, DEFICIENT * scale);
        if (factor.isEmpty()) {
            return Optional.empty();
        }
        double[] pulled = factor.get().solve(pull);
        for (int row = 0; row < kept.length; row++) {
            double weight = single(row);
            double[] solved = factor.get().solve(rows[row]);
            double left = 1 - weight * (Cholesky.dot(rows[row], solved, unknowns) + 1 / total);
            if (times[row] > 0 && left < DETERMINED) {
                return Optional.empty();
            }
            for (int i = 0; i < unknowns; i++) {
                variances[varying[i]] += times[row] * square(weight * (solved[i] * residuals[row] / left - pulled[i]));
            }
        }
        return Optional.of(variances);
    }

    /** Returns the groups in which rows differ. */
    private int[] varying() {
        int[] varying = new int[kept[0].length];
        int count = 0;
        for (int group = 0; group < varying.length; group++) {
            for (boolean[] row : kept) {
                if (row[group] != kept[0][group]) {
                    varying[count++] = group;
                    break;
                }
            }
        }
        return Arrays.copyOf(varying, count);
    }
}
