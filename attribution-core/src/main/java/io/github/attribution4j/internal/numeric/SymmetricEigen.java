// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import java.util.Arrays;

/**
 * The eigenvalues of a small symmetric matrix and their vectors, by Jacobi rotations. The same matrix gives the same
 * bits.
 *
 * <p>Golub and Van Loan, <i>Matrix Computations</i>, section 8.5.
 *
 * @param values in no order
 * @param vectors {@code [element][number of the eigenvalue]}, orthonormal
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
public record SymmetricEigen(double[] values, double[][] vectors) {
    private static final int SWEEPS = 60;

    /**
     * Decomposes the leading block of a matrix.
     *
     * @param matrix symmetric; not changed
     * @param size rows and columns of the block
     */
    public static SymmetricEigen of(double[][] matrix, int size) {
        double[][] rotated = new double[size][];
        double[][] vectors = new double[size][size];
        for (int i = 0; i < size; i++) {
            rotated[i] = Arrays.copyOf(matrix[i], size);
            vectors[i][i] = 1;
        }
        for (int sweep = 0; sweep < SWEEPS && rotate(rotated, vectors, size); sweep++) {
            // Sweeps repeat until nothing is left to rotate.
        }
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = rotated[i][i];
        }
        return new SymmetricEigen(values, vectors);
    }

    /** Makes every pair of off-diagonal elements zero once; returns whether one was not negligible. */
    private static boolean rotate(double[][] matrix, double[][] vectors, int size) {
        boolean any = false;
        for (int p = 0; p < size; p++) {
            for (int q = p + 1; q < size; q++) {
                double off = matrix[p][q];
                if (Math.abs(off) <= 1e-18 * (Math.abs(matrix[p][p]) + Math.abs(matrix[q][q]))) {
                    continue;
                }
                any = true;
                double theta = (matrix[q][q] - matrix[p][p]) / (2 * off);
                double t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
                double c = 1 / Math.hypot(t, 1);
                double s = t * c;
                for (int i = 0; i < size; i++) {
                    double left = matrix[i][p];
                    double right = matrix[i][q];
                    matrix[i][p] = c * left - s * right;
                    matrix[i][q] = s * left + c * right;
                }
                for (int i = 0; i < size; i++) {
                    double upper = matrix[p][i];
                    double lower = matrix[q][i];
                    matrix[p][i] = c * upper - s * lower;
                    matrix[q][i] = s * upper + c * lower;
                    double left = vectors[i][p];
                    double right = vectors[i][q];
                    vectors[i][p] = c * left - s * right;
                    vectors[i][q] = s * left + c * right;
                }
                matrix[p][q] = 0;
                matrix[q][p] = 0;
            }
        }
        return any;
    }
}
