// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import static io.github.attribution4j.concept.PlantedConcept.cosine;
import static io.github.attribution4j.concept.PlantedConcept.direction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.concept.LinearClassifier.Plane;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinearClassifierTest {
    private static final Path GOLDEN = Path.of("..", "golden", "concepts", "sgd.npz");

    private static RandomGenerator random() {
        return RandomStream.of(5, 6);
    }

    /** The first half of the rows is of the concept. */
    private static boolean[] halves(int count) {
        boolean[] positive = new boolean[count];
        Arrays.fill(positive, 0, count / 2, true);
        return positive;
    }

    private static double[][] planted(int count, double[] direction, double strength) {
        double[][] rows = new double[count][];
        double[][] with = PlantedConcept.rows(count / 2, direction, strength, 3);
        double[][] without = PlantedConcept.rows(count - count / 2, direction, 0, 4);
        System.arraycopy(with, 0, rows, 0, with.length);
        System.arraycopy(without, 0, rows, with.length, without.length);
        return rows;
    }

    @ParameterizedTest
    @ValueSource(strings = {"logistic", "sgd"})
    void a_planted_direction_is_found(String name) {
        double[] direction = direction(12, 1);
        double[][] rows = planted(400, direction, 4);
        LinearClassifier classifier = setting().read(name, Sources.none());
        Plane plane = classifier.fit(rows, halves(400), random());
        assertThat(cosine(plane.weights(), direction)).isGreaterThan(0.95);
        assertThat(classifier.fit(rows, halves(400), random()).weights()).containsExactly(plane.weights());
    }

    private static Setting<LinearClassifier> setting() {
        return Setting.of("classifier", LinearClassifier.KIND, LinearClassifier.logistic(), "what divides");
    }

    /** Plain gradient descent on the penalized loss, as the documentation writes it, with fewer and more rows. */
    @ParameterizedTest
    @CsvSource({"40, 5, 0.1", "40, 5, 0.001", "12, 30, 0.1", "12, 30, 0.01", "20, 20, 0.05"})
    void logistic_regression_minimizes_its_loss(int count, int features, double strength) {
        double[][] rows = planted(count, direction(features, 2), 1);
        for (double[] row : rows) {
            row[0] = 3 * row[0] + 100;
        }
        boolean[] positive = halves(count);
        Plane plane = LinearClassifier.logistic(strength).fit(rows, positive, random());
        double[] slow = descend(rows, positive, strength);
        double length =
                Math.sqrt(Arrays.stream(slow, 0, features).map(w -> w * w).sum());
        for (int i = 0; i < features; i++) {
            assertThat(plane.weights()[i]).isCloseTo(slow[i], within(1e-6 * length));
        }
        assertThat(plane.bias()).isCloseTo(slow[features], within(1e-4 * length));
    }

    private static double[] descend(double[][] rows, boolean[] positive, double strength) {
        int features = rows[0].length;
        double[] mean = new double[features];
        for (double[] row : rows) {
            for (int i = 0; i < features; i++) {
                mean[i] += row[i] / rows.length;
            }
        }
        double squares = 0;
        double[][] scaled = new double[rows.length][features];
        for (int r = 0; r < rows.length; r++) {
            for (int i = 0; i < features; i++) {
                scaled[r][i] = rows[r][i] - mean[i];
                squares += scaled[r][i] * scaled[r][i];
            }
        }
        double divisor = Math.sqrt(squares / rows.length);
        double[] weights = new double[features + 1];
        for (int step = 0; step < 400_000; step++) {
            double[] gradient = new double[features + 1];
            for (int r = 0; r < rows.length; r++) {
                double side = weights[features];
                for (int i = 0; i < features; i++) {
                    side += weights[i] * scaled[r][i] / divisor;
                }
                double error = 1 / (1 + Math.exp(-side)) - (positive[r] ? 1 : 0);
                for (int i = 0; i < features; i++) {
                    gradient[i] += error * scaled[r][i] / divisor / rows.length;
                }
                gradient[features] += error / rows.length;
            }
            double size = 0;
            for (int i = 0; i <= features; i++) {
                gradient[i] += i < features ? strength * weights[i] : 0;
                size = Math.max(size, Math.abs(gradient[i]));
                weights[i] -= 1.5 * gradient[i];
            }
            if (size < 1e-13) {
                break;
            }
        }
        for (int i = 0; i < features; i++) {
            weights[i] /= divisor;
            weights[features] -= weights[i] * mean[i];
        }
        return weights;
    }

    @Test
    void logistic_regression_sees_neither_scale_nor_place_of_activations() {
        double[][] rows = planted(60, direction(8, 1), 2);
        double[][] moved = Arrays.stream(rows)
                .map(row -> Arrays.stream(row).map(x -> 1e4 * x - 500).toArray())
                .toArray(double[][]::new);
        Plane plane = LinearClassifier.logistic().fit(rows, halves(60), random());
        Plane other = LinearClassifier.logistic().fit(moved, halves(60), random());
        assertThat(cosine(plane.weights(), other.weights())).isCloseTo(1, within(1e-12));
        for (int r = 0; r < rows.length; r++) {
            assertThat(other.side(moved[r])).isCloseTo(plane.side(rows[r]), within(1e-7));
        }
    }

    @Test
    void an_element_that_hardly_varies_is_not_blown_up() {
        double[] direction = direction(10, 1);
        direction[0] = 0;
        double[][] rows = planted(80, direction, 3);
        for (int r = 0; r < rows.length; r++) {
            rows[r][0] = r == 0 ? 1e-3 : 0;
        }
        double[] weights =
                LinearClassifier.logistic().fit(rows, halves(80), random()).weights();
        double[] magnitudes = Arrays.stream(weights).map(Math::abs).toArray();
        assertThat(magnitudes[0])
                .isLessThan(0.01 * Arrays.stream(magnitudes).max().orElseThrow());
    }

    /** Noise asks for a strong penalty, a clear division for a weak one. */
    @Test
    void the_penalty_is_chosen_by_cross_validation() {
        int strong = 0;
        for (int seed = 0; seed < 10; seed++) {
            double[][] noise = PlantedConcept.rows(60, direction(30, 1), 0, 100 + seed);
            double chosen = length(LinearClassifier.logistic().fit(noise, halves(60), random()));
            strong +=
                    chosen <= 1.0001 * length(LinearClassifier.logistic(0.1).fit(noise, halves(60), random())) ? 1 : 0;
        }
        assertThat(strong).isGreaterThanOrEqualTo(7);
        double[][] clear = planted(600, direction(3, 1), 2);
        assertThat(length(LinearClassifier.logistic().fit(clear, halves(600), random())))
                .isGreaterThan(3 * length(LinearClassifier.logistic(1).fit(clear, halves(600), random())));
    }

    private static double length(Plane plane) {
        return Math.sqrt(Arrays.stream(plane.weights()).map(w -> w * w).sum());
    }

    /** Rows that a plane divides without an error, equal rows, and rows without any variation. */
    @Test
    void extreme_rows_have_finite_planes() {
        double[][] apart = {{100, 0}, {101, 0}, {-100, 0}, {-101, 0}};
        double[][] equal = {{2, 3}, {2, 3}, {2, 3}, {2, 3}};
        for (LinearClassifier classifier :
                new LinearClassifier[] {LinearClassifier.logistic(), LinearClassifier.sgd()}) {
            for (double[][] rows : new double[][][] {apart, equal}) {
                Plane plane = classifier.fit(rows, halves(4), random());
                assertThat(Arrays.stream(plane.weights())).allMatch(Double::isFinite);
                assertThat(plane.bias()).isFinite();
            }
            assertThat(classifier.fit(apart, halves(4), random()).weights()[0]).isPositive();
        }
        assertThat(LinearClassifier.logistic().fit(equal, halves(4), random()).weights())
                .containsOnly(0);
    }

    /** golden/concepts.py, scikit-learn without shuffling: here a source of bits that leaves the order as it is. */
    @ParameterizedTest
    @CsvSource({"0.01, 1000, 0.001", "0.1, 1000, 0.001", "0.01, 3, 0.001", "0.001, 50, 0.0"})
    void sgd_is_that_of_scikit_learn(double alpha, int maxIter, double tol) throws IOException {
        RandomGenerator inOrder = new RandomGenerator() {
            @Override
            public long nextLong() {
                return 0;
            }

            @Override
            public int nextInt(int bound) {
                return bound - 1;
            }
        };
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = NumpyFiles.readNpz(GOLDEN, Tensors.ofJava());
            double[] flat = golden.get("rows").toDoubleArray();
            boolean[] positive = golden.get("positive").toBooleanArray();
            int size = flat.length / positive.length;
            double[][] rows = new double[positive.length][];
            for (int r = 0; r < rows.length; r++) {
                rows[r] = Arrays.copyOfRange(flat, r * size, (r + 1) * size);
            }
            double[] expected =
                    golden.get("plane " + alpha + " " + maxIter + " " + tol).toDoubleArray();
            Plane plane = LinearClassifier.sgd(alpha, maxIter, tol).fit(rows, positive, inOrder);
            assertThat(plane.weights()).containsExactly(Arrays.copyOf(expected, size), within(1e-9));
            assertThat(plane.bias()).isCloseTo(expected[size], within(1e-9));
        }
    }

    @Test
    void classifiers_are_written_as_they_are_read() {
        for (String text : new String[] {"logistic", "logistic:1.0,0.01", "sgd:alpha=0.1,max_iter=7,tol=0.001"}) {
            assertThat(setting().read(text, Sources.none())).hasToString(text);
        }
        assertThat(setting().read("sgd", Sources.none())).isEqualTo(LinearClassifier.sgd());
        assertThat(setting().read("sgd:alpha=0.5", Sources.none())).isEqualTo(LinearClassifier.sgd(0.5, 1000, 1e-3));
        assertThatThrownBy(() -> setting().read("svm", Sources.none())).hasMessageContaining("logistic, sgd");
        assertThatThrownBy(() -> setting().read("sgd:eta=1", Sources.none())).hasMessageContaining("max_iter");
        assertThatThrownBy(() -> setting().read("sgd:alpha=0", Sources.none())).hasMessageContaining("above 0");
        assertThatThrownBy(() -> setting().read("logistic:-1", Sources.none())).hasMessageContaining("above 0");
        assertThatThrownBy(() -> setting().read("sgd:max_iter=0", Sources.none()))
                .hasMessageContaining("at least 1");
    }
}
