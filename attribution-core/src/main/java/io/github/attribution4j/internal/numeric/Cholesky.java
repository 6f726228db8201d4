// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import java.util.Arrays;
import java.util.Optional;

/** The Cholesky factor of a symmetric, positive definite matrix. Immutable. */
public final class Cholesky {
    /** Sums that {@link #dot} adds up side by side. */
    private static final int LANES = 4;

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
        // Row i of the transposed factor, from element i on.
        double[][] columns = new double[n][];
        double[][] sums = new double[LANES][n];
        for (int i = 0; i < n; i++) {
            addProducts(columns, i, sums);
            double pivot = matrix[i][i] + ridge - sum(sums, i);
            if (!(pivot > least)) {
                return Optional.empty();
            }
            double root = Math.sqrt(pivot);
            double[] column = new double[n];
            column[i] = root;
            for (int j = i + 1; j < n; j++) {
                column[j] = (matrix[j][i] - sum(sums, j)) / root;
            }
            columns[i] = column;
        }
        double[][] factor = new double[n][];
        for (int i = 0; i < n; i++) {
            factor[i] = new double[i + 1];
            for (int j = 0; j <= i; j++) {
                factor[i][j] = columns[j][i];
            }
        }
        return Optional.of(new Cholesky(factor));
    }

    /**
     * Computes, for a row and each behind it, the sums of {@link #dot} of their first elements with those of the row.
     * The inner loop goes over rows, so that a processor adds several at a time; each sum is in the order of {@code
     * dot}, and has its bits.
     */
    private static void addProducts(double[][] columns, int row, double[][] sums) {
        int even = row - row % LANES;
        for (int lane = 0; lane < LANES; lane++) {
            double[] sum = sums[lane];
            Arrays.fill(sum, row, sum.length, 0);
            int k = lane;
            for (; k + 3 * LANES < even; k += 4 * LANES) {
                addFour(columns[k], columns[k + LANES], columns[k + 2 * LANES], columns[k + 3 * LANES], row, sum);
            }
            for (; k < even; k += LANES) {
                addOne(columns[k], row, sum);
            }
        }
        for (int k = even; k < row; k++) {
            addOne(columns[k], row, sums[0]);
        }
    }

    private static void addFour(double[] a, double[] b, double[] c, double[] d, int from, double[] sum) {
        double atA = a[from];
        double atB = b[from];
        double atC = c[from];
        double atD = d[from];
        for (int j = from; j < sum.length; j++) {
            sum[j] = sum[j] + atA * a[j] + atB * b[j] + atC * c[j] + atD * d[j];
        }
    }

    private static void addOne(double[] a, int from, double[] sum) {
        double at = a[from];
        for (int j = from; j < sum.length; j++) {
            sum[j] += at * a[j];
        }
    }

    private static double sum(double[][] sums, int at) {
        return sums[0][at] + sums[1][at] + (sums[2][at] + sums[3][at]);
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
