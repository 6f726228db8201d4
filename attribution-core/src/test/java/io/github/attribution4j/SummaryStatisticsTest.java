// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.SummaryStatistics.Feature;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SummaryStatisticsTest {
    private static SummaryStatistics ab() {
        return new SummaryStatistics(List.of("a", "b"));
    }

    private static double[] column(double[][] rows, int feature) {
        return Arrays.stream(rows).mapToDouble(row -> row[feature]).toArray();
    }

    private static void assertTwoPass(Feature feature, double[] values, double tolerance) {
        double mean = Arrays.stream(values).average().orElseThrow();
        double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
        assertThat(feature.count()).isEqualTo(values.length);
        assertThat(feature.mean()).isCloseTo(mean, within(tolerance));
        assertThat(feature.variance()).isCloseTo(squares / (values.length - 1), within(tolerance));
        assertThat(feature.standardDeviation()).isCloseTo(Math.sqrt(squares / (values.length - 1)), within(tolerance));
        assertThat(feature.meanMagnitude())
                .isCloseTo(Arrays.stream(values).map(Math::abs).average().orElseThrow(), within(tolerance));
        assertThat(feature.min()).isEqualTo(Arrays.stream(values).min().orElseThrow());
        assertThat(feature.max()).isEqualTo(Arrays.stream(values).max().orElseThrow());
    }

    private static double[][] random(int rows) {
        Random random = new Random(5);
        double[][] values = new double[rows][2];
        for (double[] row : values) {
            row[0] = random.nextGaussian();
            row[1] = 1000 * random.nextDouble() - 10;
        }
        return values;
    }

    @Test
    void onePassGivesWhatTwoPassesGive() {
        double[][] rows = random(1000);
        SummaryStatistics statistics = ab();
        for (double[] row : rows) {
            statistics.add(row);
        }
        assertThat(statistics.examples()).isEqualTo(1000);
        assertTwoPass(statistics.features().get(0), column(rows, 0), 1e-12);
        assertTwoPass(statistics.features().get(1), column(rows, 1), 1e-8);
    }

    @Test
    void partsMergeToTheWhole() {
        double[][] rows = random(1000);
        SummaryStatistics whole = new SummaryStatistics();
        for (int from : new int[] {0, 1, 10, 700}) {
            int to = from == 0 ? 1 : from == 1 ? 10 : from == 10 ? 700 : 1000;
            SummaryStatistics part = ab();
            for (int i = from; i < to; i++) {
                part.add(rows[i], i % 3 == 0 ? "third" : "other");
            }
            whole.merge(part);
        }
        assertTwoPass(whole.features().get(0), column(rows, 0), 1e-12);
        assertTwoPass(whole.features().get(1), column(rows, 1), 1e-8);
        assertThat(whole.groups()).containsExactly("third", "other");
        double[][] thirds = IntStream.range(0, 1000)
                .filter(i -> i % 3 == 0)
                .mapToObj(i -> rows[i])
                .toArray(double[][]::new);
        assertTwoPass(whole.group("third").features().get(0), column(thirds, 0), 1e-12);
        assertThat(whole.group("other").examples()).isEqualTo(1000 - thirds.length);
    }

    @Test
    void mergingItselfDoublesTheExamples() {
        SummaryStatistics statistics = ab();
        statistics.add(new double[] {1, 2}, "x");
        statistics.add(new double[] {3, 2}, "y");
        statistics.merge(statistics);
        assertThat(statistics.examples()).isEqualTo(4);
        assertThat(statistics.group("x").examples()).isEqualTo(2);
        assertThat(statistics.features().get(0).mean()).isEqualTo(2);
        assertThat(statistics.features().get(0).variance()).isCloseTo(4 / 3.0, within(1e-12));
    }

    @Test
    void aLargeMeanDoesNotHideASmallVariance() {
        SummaryStatistics first = ab();
        SummaryStatistics second = ab();
        for (int i = 0; i < 1_000_000; i++) {
            (i % 2 == 0 ? first : second).add(new double[] {1e9 + i % 4, -1e9});
        }
        first.merge(second);
        Feature feature = first.features().get(0);
        assertThat(feature.count()).isEqualTo(1_000_000);
        assertThat(feature.mean()).isCloseTo(1e9 + 1.5, within(1e-4));
        assertThat(feature.variance()).isCloseTo(1.25 * 1e6 / (1e6 - 1), within(1e-6));
        assertThat(first.features().get(1).variance()).isZero();
        assertThat(first.features().get(1).meanMagnitude()).isEqualTo(1e9);
    }

    @Test
    void missingValuesCountNowhere() {
        SummaryStatistics statistics = ab();
        statistics.add(new double[] {Double.NaN, 2});
        statistics.add(new double[] {Double.NaN, -4});
        assertThat(statistics.examples()).isEqualTo(2);
        Feature none = statistics.features().get(0);
        assertThat(none.count()).isZero();
        assertThat(new double[] {none.mean(), none.meanMagnitude(), none.variance(), none.min(), none.max()})
                .containsOnly(Double.NaN);
        statistics.add(new double[] {7, 0});
        Feature one = statistics.features().get(0);
        assertThat(one).isEqualTo(new Feature(0, "a", 1, 7, 7, Double.NaN, 7, 7));
    }

    @Test
    void importantFeaturesComeFirstAndTiesKeepTheirOrder() {
        SummaryStatistics statistics = new SummaryStatistics(List.of("small", "tie", "large", "tie too", "missing"));
        statistics.add(new double[] {0.1, 1, -5, -1, Double.NaN});
        assertThat(statistics.ranked())
                .extracting(Feature::name)
                .containsExactly("large", "tie", "tie too", "small", "missing");
        assertThat(statistics.ranked()).extracting(Feature::index).containsExactly(2, 1, 3, 0, 4);
    }

    @Test
    void explanationsBringTheirNamesAndClasses() {
        Model model = Model.of(rows -> Arrays.stream(rows)
                .map(x -> new double[] {2 * x[0] - x[1], x[1]})
                .toArray(double[][]::new));
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = Tensors.ofJava().of(new double[] {1, 0, 0, 4, 3, 1}, 3, 2);
            Inputs inputs = Inputs.of(rows).named("age", "debt");
            SummaryStatistics statistics = new SummaryStatistics();
            try (Explanation why = new FeatureAblation()
                    .attribute(model, inputs, Target.argmax().named("yes", "no"))) {
                statistics.add(why);
            }
            assertThat(statistics.names()).containsExactly("age", "debt");
            assertThat(statistics.examples()).isEqualTo(3);
            assertThat(statistics.groups()).hasSize(2);
            assertThat(statistics.groups().get(0)).contains("yes");
            assertThat(statistics
                            .group(statistics.groups().get(0))
                            .features()
                            .get(0)
                            .mean())
                    .isEqualTo(4);
            assertThat(statistics
                            .group(statistics.groups().get(1))
                            .features()
                            .get(1)
                            .mean())
                    .isEqualTo(4);
            try (Explanation other =
                    new FeatureAblation().attribute(model, Inputs.of(rows).named("age", "rent"), Target.index(0))) {
                assertThatThrownBy(() -> statistics.add(other))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("explanation: its features [age, rent] are not those of the examples before,"
                                + " [age, debt]; sum up examples that have the same features in the same order");
            }
            assertThat(statistics.examples()).isEqualTo(3);
        }
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new SummaryStatistics(List.of())).hasMessage("features: none; give the name of each");
        assertThatThrownBy(() -> ab().add(new double[3])).hasMessage("values: 3 for 2 features; give one for each");
        assertThatThrownBy(() -> new SummaryStatistics().add(new double[0]))
                .hasMessage("values: 0 for 0 features; give one for each");
        assertThatThrownBy(() -> ab().add(new double[] {0, Double.NEGATIVE_INFINITY}))
                .hasMessage(
                        "values[1]: -Infinity of feature 'b'; values must be finite, or NaN where they are missing");
        assertThatThrownBy(() -> ab().merge(new SummaryStatistics(List.of("b", "a"))))
                .hasMessageStartingWith("other: its features [b, a] are not [a, b];");
        assertThatThrownBy(() -> ab().group("x")).hasMessage("group 'x': no example is in it; there are []");
    }

    @Test
    void aRefusedExampleChangesNothing() {
        SummaryStatistics statistics = ab();
        assertThatThrownBy(() -> statistics.add(new double[] {1, Double.POSITIVE_INFINITY}, "x"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(statistics.examples()).isZero();
        assertThat(statistics.features().get(0).count()).isZero();
        assertThat(statistics.groups()).isEmpty();
    }
}
