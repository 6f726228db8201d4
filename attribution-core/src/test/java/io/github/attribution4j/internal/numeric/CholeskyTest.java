// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CholeskyTest {
    private static final double RIDGE = 0.01;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 16, 17, 33, 70})
    void the_factor_has_the_bits_of_its_definition(int n) {
        double[][] matrix = kernel(n);
        double[][] factor = new double[n][];
        for (int i = 0; i < n; i++) {
            factor[i] = new double[i + 1];
            for (int j = 0; j < i; j++) {
                factor[i][j] = (matrix[i][j] - Cholesky.dot(factor[i], factor[j], j)) / factor[j][j];
            }
            factor[i][i] = Math.sqrt(matrix[i][i] + RIDGE - Cholesky.dot(factor[i], factor[i], i));
        }
        double[] y = new Random(n).doubles(n).toArray();
        double[] half = y.clone();
        for (int i = 0; i < n; i++) {
            half[i] = (half[i] - Cholesky.dot(factor[i], half, i)) / factor[i][i];
        }
        Cholesky cholesky = Cholesky.of(matrix, RIDGE, 0).orElseThrow();
        assertThat(cholesky.half(y)).containsExactly(half);
        double[] x = cholesky.solve(y);
        for (int i = 0; i < n; i++) {
            double product = RIDGE * x[i];
            for (int j = 0; j < n; j++) {
                product += matrix[Math.max(i, j)][Math.min(i, j)] * x[j];
            }
            assertThat(product).isCloseTo(y[i], within(1e-10));
        }
    }

    @Test
    void a_matrix_whose_pivots_are_too_small_has_none() {
        assertThat(Cholesky.of(new double[][] {{1}, {2, 1}, {3, 3, 3}}, 0, 0)).isEmpty();
        assertThat(Cholesky.of(new double[][] {{1}, {0, 0.5}}, 0, 0.5)).isEmpty();
        assertThat(Cholesky.of(new double[][] {{Double.NaN}}, 0, 0)).isEmpty();
    }

    private static double[][] kernel(int n) {
        double[] places = new Random(1).doubles(n).toArray();
        double[][] matrix = new double[n][];
        for (int i = 0; i < n; i++) {
            matrix[i] = new double[i + 1];
            for (int j = 0; j <= i; j++) {
                matrix[i][j] = Math.exp(-Math.abs(places[i] - places[j]));
            }
        }
        return matrix;
    }
}
