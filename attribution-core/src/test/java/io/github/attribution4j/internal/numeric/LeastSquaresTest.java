// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.internal.RandomStream;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LeastSquaresTest {
    private static double[][] random(RandomStream random, int rows, int columns) {
        double[][] matrix = new double[rows][columns];
        for (double[] row : matrix) {
            Arrays.setAll(row, i -> random.nextGaussian());
        }
        return matrix;
    }

    private static double[] times(double[][] rows, double... x) {
        return Arrays.stream(rows)
                .mapToDouble(row -> {
                    double sum = 0;
                    for (int i = 0; i < x.length; i++) {
                        sum += row[i] * x[i];
                    }
                    return sum;
                })
                .toArray();
    }

    @Test
    @DisplayName("Residuals are orthogonal to every column, under weights from 1e-3 to 1e6")
    void residualsAreOrthogonal() {
        RandomStream random = RandomStream.of(1);
        double[][] rows = random(random, 30, 6);
        double[] b = random(random, 1, 30)[0];
        double[] weights = new double[30];
        Arrays.setAll(weights, i -> Math.pow(10, i % 10 - 3));
        LeastSquares problem = new LeastSquares(rows, weights, 6);
        double[] fitted = times(rows, problem.solve(b));
        for (int column = 0; column < 6; column++) {
            double sum = 0;
            double scale = 0;
            for (int r = 0; r < 30; r++) {
                sum += weights[r] * rows[r][column] * (b[r] - fitted[r]);
                scale += Math.abs(weights[r] * rows[r][column] * b[r]);
            }
            assertThat(sum / scale).isCloseTo(0, within(1e-13));
        }
        assertThat(problem.isDeficient()).isFalse();
    }

    @Test
    @DisplayName("An ill-conditioned consistent system is solved to the accuracy of its rows")
    void illConditioned() {
        double[][] rows = {{1, 1}, {1, 1 + 1e-4}, {1, 1 - 1e-4}};
        double[] x = {3, -2};
        double[] solution = new LeastSquares(rows, new double[] {1, 1, 1}, 2).solve(times(rows, x));
        assertThat(solution).containsExactly(x, within(1e-10));
    }

    @Test
    @DisplayName("Where rows leave directions open, the solution has the least norm")
    void leastNorm() {
        double[][] rows = {{1, 1, 0, 0}, {1, 1, 0, 0}, {0, 0, 2, -2}};
        LeastSquares problem = new LeastSquares(rows, new double[] {1, 3, 1}, 4);
        assertThat(problem.isDeficient()).isTrue();
        assertThat(problem.solve(new double[] {4, 8, 4})).containsExactly(new double[] {3.5, 3.5, 1, -1}, within(1e-9));
    }

    @Test
    @DisplayName("The influence of a row is how far the solution moves when the row is left out")
    void influenceIsLeavingOut() {
        RandomStream random = RandomStream.of(2);
        double[][] rows = random(random, 12, 4);
        double[] b = random(random, 1, 12)[0];
        double[] weights = new double[12];
        Arrays.setAll(weights, i -> 1 + i);
        LeastSquares all = new LeastSquares(rows, weights, 4);
        double[] solution = all.solve(b);
        for (int out = 0; out < 12; out++) {
            double[] without = new LeastSquares(without(rows, out), without(weights, out), 4).solve(without(b, out));
            double[] influence = all.influence(out, solution, b[out]).orElseThrow();
            for (int i = 0; i < 4; i++) {
                assertThat(influence[i]).isCloseTo(solution[i] - without[i], within(1e-12));
            }
        }
    }

    private static double[][] without(double[][] rows, int out) {
        return IntStream.range(0, rows.length)
                .filter(i -> i != out)
                .mapToObj(i -> rows[i])
                .toArray(double[][]::new);
    }

    private static double[] without(double[] values, int out) {
        return IntStream.range(0, values.length)
                .filter(i -> i != out)
                .mapToDouble(i -> values[i])
                .toArray();
    }

    @Test
    @DisplayName("A row that alone determines something has no influence that could be told")
    void noInfluence() {
        double[][] rows = {{1, 0}, {1, 0}, {0, 1}};
        double[] b = {1, 2, 3};
        LeastSquares problem = new LeastSquares(rows, new double[] {1, 1, 1}, 2);
        assertThat(problem.influence(0, problem.solve(b), 1)).isPresent();
        assertThat(problem.influence(2, problem.solve(b), 3)).isEmpty();
    }

    @Test
    @DisplayName("Nothing to solve for gives zeros")
    void zeros() {
        double[] solution = new LeastSquares(new double[][] {{0, 0}}, new double[] {1}, 2).solve(new double[] {1});
        assertThat(solution).containsExactly(0, 0);
    }
}
