// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.internal.numeric.SymmetricEigen;
import java.util.function.UnaryOperator;

/**
 * Computes the singular vector of the largest singular value, by Lanczos iteration with full reorthogonalization on the
 * smaller of AAᵀ and AᵀA, restarted from the best vector so far. The same matrix gives the same bits.
 *
 * <p>Golub and Van Loan, <i>Matrix Computations</i>, section 10.1.
 */
final class SingularVector {
    private static final int BASIS = 32;
    private static final int RESTARTS = 200;
    private static final double TOLERANCE = 1e-14;

    private SingularVector() {}

    /**
     * Returns the unit vector over channels; zeros if the matrix is zero.
     *
     * @param matrix by [channel][position]
     */
    static double[] ofChannels(double[][] matrix) {
        int channels = matrix.length;
        int places = matrix[0].length;
        if (channels <= places) {
            return largest(channels, v -> toChannels(matrix, toPlaces(matrix, v)));
        }
        double[] overPlaces = largest(places, u -> toPlaces(matrix, toChannels(matrix, u)));
        double[] direction = toChannels(matrix, overPlaces);
        scale(direction, norm(direction));
        return direction;
    }

    private static double[] toPlaces(double[][] matrix, double[] v) {
        double[] result = new double[matrix[0].length];
        for (int k = 0; k < v.length; k++) {
            for (int p = 0; p < result.length; p++) {
                result[p] += v[k] * matrix[k][p];
            }
        }
        return result;
    }

    private static double[] toChannels(double[][] matrix, double[] u) {
        double[] result = new double[matrix.length];
        for (int k = 0; k < result.length; k++) {
            result[k] = dot(matrix[k], u);
        }
        return result;
    }

    /**
     * Returns the unit eigenvector of the largest eigenvalue of a positive semidefinite operator; zeros if that is
     * zero.
     */
    static double[] largest(int size, UnaryOperator<double[]> operator) {
        double[] best = start(size);
        for (int restart = 0; restart < RESTARTS; restart++) {
            int most = Math.min(size, BASIS);
            double[][] basis = new double[most + 1][];
            double[][] projected = new double[most][most];
            basis[0] = best;
            int steps = 0;
            double rest = 0;
            while (steps < most) {
                double[] next = operator.apply(basis[steps]);
                projected[steps][steps] = dot(next, basis[steps]);
                // Two passes are enough (Kahan and Parlett).
                for (int pass = 0; pass < 2; pass++) {
                    for (int i = 0; i <= steps; i++) {
                        subtract(next, dot(next, basis[i]), basis[i]);
                    }
                }
                rest = norm(next);
                steps++;
                if (rest <= TOLERANCE * projected[0][0]) {
                    break;
                }
                scale(next, rest);
                basis[steps] = next;
                if (steps < most) {
                    projected[steps][steps - 1] = rest;
                    projected[steps - 1][steps] = rest;
                }
            }
            double[] weights = new double[steps];
            double value = largestOfSmall(projected, steps, weights);
            if (value <= 0) {
                return new double[size];
            }
            best = new double[size];
            for (int i = 0; i < steps; i++) {
                subtract(best, -weights[i], basis[i]);
            }
            scale(best, norm(best));
            if (steps == size || rest * Math.abs(weights[steps - 1]) <= TOLERANCE * value) {
                break;
            }
        }
        return best;
    }

    /** Returns a start vector that is orthogonal to no vector that occurs in practice. */
    private static double[] start(int size) {
        double[] start = new double[size];
        for (int i = 0; i < size; i++) {
            start[i] = 1 + (i + 1) * 0.6180339887498949 % 1;
        }
        scale(start, norm(start));
        return start;
    }

    /**
     * Returns the largest eigenvalue of the leading block of a symmetric matrix; fills its eigenvector.
     */
    private static double largestOfSmall(double[][] matrix, int size, double[] vector) {
        SymmetricEigen eigen = SymmetricEigen.of(matrix, size);
        int best = 0;
        for (int i = 1; i < size; i++) {
            best = eigen.values()[i] > eigen.values()[best] ? i : best;
        }
        for (int i = 0; i < size; i++) {
            vector[i] = eigen.vectors()[i][best];
        }
        return eigen.values()[best];
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }

    private static void subtract(double[] from, double factor, double[] what) {
        for (int i = 0; i < from.length; i++) {
            from[i] -= factor * what[i];
        }
    }

    private static void scale(double[] values, double divisor) {
        for (int i = 0; divisor > 0 && i < values.length; i++) {
            values[i] /= divisor;
        }
    }
}
