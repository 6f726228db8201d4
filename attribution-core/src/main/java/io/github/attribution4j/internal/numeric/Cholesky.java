// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import java.util.Arrays;
import java.util.Optional;

/** The Cholesky factor of a symmetric, positive definite matrix. Immutable. */
public final class Cholesky {
    private final double[][] factor;

    private Cholesky(double[][] factor) {
        this.factor = factor;
    }

    /**
     * Factorizes a matrix plus a multiple of the identity.
     *
     * @param matrix of which only the lower triangle is read
     * @param ridge what is added to the diagonal
     * @param least what pivots must exceed
     * @return nothing if a pivot does not
     */
    public static Optional<Cholesky> of(double[][] matrix, double ridge, double least) {
        int n = matrix.length;
        double[][] factor = new double[n][];
        for (int i = 0; i < n; i++) {
            double[] row = new double[i + 1];
            for (int j = 0; j < i; j++) {
                row[j] = (matrix[i][j] - dot(row, factor[j], j)) / factor[j][j];
            }
            double pivot = matrix[i][i] + ridge - dot(row, row, i);
            if (!(pivot > least)) {
                return Optional.empty();
            }
            row[i] = Math.sqrt(pivot);
            factor[i] = row;
        }
        return Optional.of(new Cholesky(factor));
    }

    /** Returns the sum of the first products; four at a time, so that none waits for the one before. */
    public static double dot(double[] a, double[] b, int length) {
        double first = 0;
        double second = 0;
        double third = 0;
        double fourth = 0;
        int i = 0;
        for (; i <= length - 4; i += 4) {
            first += a[i] * b[i];
            second += a[i + 1] * b[i + 1];
            third += a[i + 2] * b[i + 2];
            fourth += a[i + 3] * b[i + 3];
        }
        for (; i < length; i++) {
            first += a[i] * b[i];
        }
        return first + second + (third + fourth);
    }

    /** Returns the solution of the factor alone, whose squares add up to y · (inverse matrix) · y. */
    public double[] half(double[] y) {
        double[] x = y.clone();
        for (int i = 0; i < factor.length; i++) {
            x[i] = (x[i] - dot(factor[i], x, i)) / factor[i][i];
        }
        return x;
    }

    /** Returns the inverse matrix times y. */
    public double[] solve(double[] y) {
        double[] x = half(y);
        for (int i = factor.length - 1; i >= 0; i--) {
            x[i] /= factor[i][i];
            for (int j = 0; j < i; j++) {
                x[j] -= factor[i][j] * x[i];
            }
        }
        return x;
    }

    /** Returns the factor, row by row, with the zeros above its diagonal. */
    public double[][] rows() {
        double[][] rows = new double[factor.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOf(factor[i], factor.length);
        }
        return rows;
    }

    /** Returns the logarithm of the determinant of the matrix. */
    public double logDeterminant() {
        double sum = 0;
        for (int i = 0; i < factor.length; i++) {
            sum += 2 * Math.log(factor[i][i]);
        }
        return sum;
    }
}
