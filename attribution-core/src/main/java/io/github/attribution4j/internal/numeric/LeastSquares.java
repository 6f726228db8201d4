// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import java.util.Optional;

/**
 * Weighted linear least squares: minimizes Σ w (a · x − b)² over x.
 *
 * <p>Normal equations by Cholesky, then iterative refinement on the residuals of the rows, so that the answer is as
 * good as the rows allow, not as their squares do. Where rows leave a direction open, a ridge that refinement takes
 * back out leaves it at zero: the solution of least norm.
 */
public final class LeastSquares {
    /** A pivot below this part of the mean diagonal counts as zero. */
    private static final double DEFICIENT = 1e-11;

    private static final double RIDGE = 1e-7;
    /** A row of which the fit leaves less than this part is fitted exactly: its residual tells nothing. */
    private static final double DETERMINED = 1e-9;

    private static final double CONVERGED = 1e-14;
    private static final int REFINEMENTS = 200;

    private final double[][] rows;
    private final double[] weights;
    private final int unknowns;
    private final Optional<Cholesky> factor;
    private final boolean deficient;

    /**
     * Factorizes.
     *
     * @param rows a, each of {@code unknowns} numbers
     * @param weights w, each more than 0
     */
    public LeastSquares(double[][] rows, double[] weights, int unknowns) {
        this.rows = rows;
        this.weights = weights;
        this.unknowns = unknowns;
        double[][] gram = gram();
        double scale = 0;
        for (int i = 0; i < unknowns; i++) {
            scale += gram[i][i] / unknowns;
        }
        Optional<Cholesky> tried = Cholesky.of(gram, 0, DEFICIENT * scale);
        deficient = tried.isEmpty();
        factor = deficient ? Cholesky.of(gram, RIDGE * scale, 0) : tried;
    }

    private double[][] gram() {
        double[][] gram = new double[unknowns][unknowns];
        for (int r = 0; r < rows.length; r++) {
            double[] row = rows[r];
            for (int i = 0; i < unknowns; i++) {
                double scaled = weights[r] * row[i];
                double[] into = gram[i];
                for (int j = 0; j <= i; j++) {
                    into[j] += scaled * row[j];
                }
            }
        }
        return gram;
    }

    /** Returns whether the rows leave a direction open. */
    public boolean isDeficient() {
        return deficient;
    }

    /** Returns (Σ w a aᵀ)⁻¹ y. */
    private double[] inverseGram(double[] y) {
        return factor.map(known -> known.solve(y)).orElseGet(() -> new double[unknowns]);
    }

    /** Returns the solution x for right-hand sides b. */
    public double[] solve(double[] b) {
        double[] x = new double[unknowns];
        double[] best = x.clone();
        double last = Double.POSITIVE_INFINITY;
        for (int step = 0; step < REFINEMENTS; step++) {
            double[] gradient = new double[unknowns];
            for (int r = 0; r < rows.length; r++) {
                double residual = weights[r] * (b[r] - Cholesky.dot(rows[r], x, unknowns));
                for (int i = 0; i < unknowns; i++) {
                    gradient[i] += residual * rows[r][i];
                }
            }
            double[] correction = inverseGram(gradient);
            double size = largest(correction);
            if (!(size < last)) {
                break;
            }
            last = size;
            for (int i = 0; i < unknowns; i++) {
                x[i] += correction[i];
            }
            best = x.clone();
            if (size <= CONVERGED * largest(x)) {
                break;
            }
        }
        return best;
    }

    private static double largest(double[] values) {
        double largest = 0;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** Returns how much of the residual of a row its own part in the fit has left: 1 − w a · (Σ w a aᵀ)⁻¹ a. */
    private double left(int row, double[] inverse) {
        return 1 - weights[row] * Cholesky.dot(rows[row], inverse, unknowns);
    }

    /**
     * Returns what a row adds to the solution: (Σ w a aᵀ)⁻¹ w a e, with its residual e divided by 1 − leverage
     * (MacKinnon and White, 1985, HC3), because the fit has pulled itself towards the rows that it saw.
     *
     * @return nothing if the rows do not determine the solution, or not without this one
     */
    public Optional<double[]> influence(int row, double[] solution, double response) {
        double[] influence = inverseGram(rows[row]);
        double left = left(row, influence);
        if (deficient || left < DETERMINED) {
            return Optional.empty();
        }
        double scale = weights[row] * (response - Cholesky.dot(rows[row], solution, unknowns)) / left;
        for (int i = 0; i < unknowns; i++) {
            influence[i] *= scale;
        }
        return Optional.of(influence);
    }
}
