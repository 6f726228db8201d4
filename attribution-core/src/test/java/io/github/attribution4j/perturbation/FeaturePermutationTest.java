// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FeaturePermutationTest {
    private static final Model SUM = Model.of(rows -> Arrays.stream(rows)
            .map(row -> new double[] {row[0] + 2 * row[1] + row[1] * row[2]})
            .toArray(double[][]::new));

    private TensorScope scope;

    @BeforeEach
    void openScope() {
        scope = TensorScope.open();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    private static Tensor rows(double[] values, int examples) {
        return Tensors.ofJava().of(values, examples, values.length / examples);
    }

    @Test
    @DisplayName("Of two examples each takes the other's group")
    void twoExamples() {
        Inputs inputs = Inputs.of(rows(new double[] {1, 2, 3, 10, 20, 30}, 2));
        FeatureMask mask = FeatureMask.ranges(1, 1, 2);
        try (Explanation explanation =
                new FeaturePermutation().shuffles(3).mask(mask).attribute(SUM, inputs)) {
            double first = 1 + 2 * 2 + 2 * 3;
            double second = 10 + 2 * 20 + 20 * 30;
            assertThat(explanation.attribution().toDoubleArray())
                    .containsExactly(
                            first - (10 + 4 + 6),
                            first - (1 + 40 + 600),
                            first - (1 + 40 + 600),
                            second - (1 + 40 + 600),
                            second - (10 + 4 + 6),
                            second - (10 + 4 + 6));
            assertThat(explanation.standardError().toDoubleArray()).containsOnly(0);
            assertThat(explanation.counts().forwardRows()).isEqualTo(2 + 2 * 2 * 3);
        }
    }

    @Test
    @DisplayName("The mean over shuffles approaches the mean over all other examples, within its standard error")
    void meanOverOthers() {
        double[] x = {1, 5, -2, 8, 3};
        Inputs inputs = Inputs.of(rows(x, 5));
        Model identity = Model.of(rows -> rows);
        try (Explanation explanation = new FeaturePermutation().shuffles(400).attribute(identity, inputs)) {
            double total = Arrays.stream(x).sum();
            for (int i = 0; i < 5; i++) {
                double error = explanation.standardError().toDoubleArray()[i];
                assertThat(error).isPositive();
                assertThat(explanation.attribution().toDoubleArray()[i])
                        .isCloseTo(x[i] - (total - x[i]) / 4, within(4 * error));
            }
        }
    }

    @Test
    @DisplayName("Nobody keeps its own group, and the seed decides whose it gets")
    void seeds() {
        double[] x = {1, 2, 4, 8, 16, 32};
        Model identity = Model.of(rows -> rows);
        FeaturePermutation method = new FeaturePermutation();
        try (Explanation a = method.attribute(identity, Inputs.of(rows(x, 6)));
                Explanation again = method.attribute(identity, Inputs.of(rows(x, 6)));
                Explanation b = method.attribute(
                        identity,
                        Inputs.of(rows(x, 6)),
                        Target.output(),
                        Run.defaults().seed(1))) {
            assertThat(a.attribution().toDoubleArray()).doesNotContain(0);
            assertThat(a.attribution().toDoubleArray())
                    .containsExactly(again.attribution().toDoubleArray());
            assertThat(a.attribution().toDoubleArray())
                    .isNotEqualTo(b.attribution().toDoubleArray());
            assertThat(a.standardErrors()).isEmpty();
        }
    }

    @Test
    @DisplayName("A single example, and copies of examples, are refused")
    void refusals() {
        Inputs one = Inputs.of(rows(new double[] {1, 2, 3}, 1));
        assertThatThrownBy(() -> new FeaturePermutation().attribute(SUM, one))
                .hasMessage("feature-permutation: 1 example given; it takes groups from other examples, so give at "
                        + "least 2, or use feature-ablation with a baseline");
        Inputs copies = Inputs.of(rows(new double[] {1, 2, 3, 4, 5, 6}, 2)).select(0, 0, 1, 1);
        assertThatThrownBy(() -> new FeaturePermutation().attribute(SUM, copies))
                .hasMessage("feature-permutation: it exchanges groups between the examples of a request and was given "
                        + "copies of some of them, by a method that wraps it; use it by itself");
        Inputs two = Inputs.of(rows(new double[] {1, 2, 3, 4, 5, 6}, 2));
        assertThatThrownBy(() -> new FeaturePermutation().shuffles(0).attribute(SUM, two))
                .hasMessage("shuffles 0: must be at least 1");
    }

    @Test
    @DisplayName("Settings say shuffles and mask")
    void settings() {
        assertThat(new FeaturePermutation()
                        .shuffles(4)
                        .mask(FeatureMask.ranges(1, 1, 2))
                        .settings())
                .hasToString("{shuffles=4, mask=ranges(axis 1: 1, 2)}");
    }

    private static final int EXAMPLES = 400;

    /** Rows of three columns, the last of which the linear model does not use, and noisy labels. */
    private static double[][] labelled() {
        RandomStream random = RandomStream.of(11, 2);
        double[] columns = new double[3 * EXAMPLES];
        double[] labels = new double[EXAMPLES];
        for (int row = 0; row < EXAMPLES; row++) {
            for (int column = 0; column < 3; column++) {
                columns[3 * row + column] = random.nextGaussian();
            }
            labels[row] = 2 * columns[3 * row] - columns[3 * row + 1] + 0.1 * random.nextGaussian();
        }
        return new double[][] {columns, labels};
    }

    private static double variance(double[] rows, int column) {
        double[] values = new double[EXAMPLES];
        Arrays.setAll(values, row -> rows[3 * row + column]);
        double mean = Arrays.stream(values).average().orElseThrow();
        return Arrays.stream(values)
                        .map(value -> (value - mean) * (value - mean))
                        .sum()
                / (EXAMPLES - 1);
    }

    @Test
    @DisplayName("Importance by squared error is twice the variance that a column of a linear model brings")
    void importance() {
        double[][] data = labelled();
        Inputs inputs = Inputs.of(rows(data[0], EXAMPLES)).named("a", "b", "c");
        Model linear = Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {2 * row[0] - row[1]})
                .toArray(double[][]::new));
        FeaturePermutation method = new FeaturePermutation().shuffles(20);
        Target loss = Target.loss(Loss.squaredError(), data[1]);
        Run run = Run.defaults().seed(3);
        PermutationImportance importance = method.importance(linear, inputs, loss, run);
        assertThat(importance.names()).containsExactly("a", "b", "c");
        assertThat(importance.loss()).isCloseTo(0.01, within(0.002));
        assertThat(importance.means()[0]).isCloseTo(2 * 4 * variance(data[0], 0), within(0.3));
        assertThat(importance.means()[1]).isCloseTo(2 * 1 * variance(data[0], 1), within(0.1));
        assertThat(importance.means()[2]).isZero();
        assertThat(importance.order()).containsExactly(0, 1, 2);
        assertThat(importance.toString()).startsWith("a +").contains("\nc +0.000 ±");
        try (Explanation why = method.attribute(linear, inputs, loss, run)) {
            double[] lost = why.attribution().mean(0).toDoubleArray();
            for (int group = 0; group < 3; group++) {
                assertThat(importance.means()[group]).isCloseTo(-lost[group], within(1e-9));
                double[] each = importance.increases()[group];
                assertThat(each).hasSize(20);
                double mean = Arrays.stream(each).average().orElseThrow();
                double variance = Arrays.stream(each)
                                .map(one -> (one - mean) * (one - mean))
                                .sum()
                        / 19;
                assertThat(importance.spreads()[group]).isCloseTo(Math.sqrt(variance), within(1e-12));
            }
        }
        PermutationImportance pair =
                method.mask(FeatureMask.ranges(1, 2, 1).named("ab", "c")).importance(linear, inputs, loss, run);
        assertThat(pair.means()[0]).isGreaterThan(importance.means()[0]);
        assertThat(new FeaturePermutation()
                        .importance(linear, inputs, loss, run)
                        .spreads()[0])
                .isNaN();
    }

    @Test
    @DisplayName("Intervals of the importance are Student's, and hold the mean over all shuffles as often as they say")
    void intervals() {
        double[][] data = labelled();
        Inputs inputs = Inputs.of(rows(data[0], EXAMPLES)).named("a", "b", "c");
        Model linear = Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {2 * row[0] - row[1]})
                .toArray(double[][]::new));
        PermutationImportance all = new FeaturePermutation()
                .shuffles(1000)
                .importance(linear, inputs, Target.loss(Loss.squaredError(), data[1]), Run.defaults());
        int held = 0;
        for (int from = 0; from < 1000; from += 5) {
            double[] block = Arrays.copyOfRange(all.increases()[0], from, from + 5);
            PermutationImportance five = new PermutationImportance(List.of("a"), 0, new double[][] {block});
            double[] interval = five.intervals(0.95)[0];
            // The 97.5 % quantile of t with 4 degrees of freedom.
            assertThat(interval[1] - five.means()[0])
                    .isCloseTo(2.7764451 * five.spreads()[0] / Math.sqrt(5), within(1e-5));
            assertThat(interval[0] + interval[1]).isCloseTo(2 * five.means()[0], within(1e-12));
            held += interval[0] <= all.means()[0] && all.means()[0] <= interval[1] ? 1 : 0;
        }
        assertThat(held).isGreaterThanOrEqualTo(184);
        PermutationImportance single = new PermutationImportance(List.of("a"), 0, new double[][] {{1}});
        assertThat(single.intervals(0.95)[0]).containsOnly(Double.NaN);
        assertThatThrownBy(() -> single.intervals(95))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("confidence 95.0: must be more than 0 and less than 1");
    }

    @Test
    @DisplayName("Importance needs the same groups in all examples")
    void importanceOfOtherGroups() {
        FeatureMask own = FeatureMask.of(Tensors.ofJava().of(new long[] {0, 0, 1, 0, 1, 1}, 2, 3));
        FeaturePermutation method = new FeaturePermutation().mask(own);
        Inputs inputs = Inputs.of(rows(new double[] {1, 2, 3, 10, 20, 30}, 2));
        assertThatThrownBy(() -> method.importance(SUM, inputs, Target.loss(Loss.squaredError(), 1, 2), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageMatching(
                        "feature-permutation: the mask ids \\(2, 3\\) sha256:[0-9a-f]+ makes other groups in"
                                + " each example, and importance is that of the same groups in all; give a mask"
                                + " that serves all examples");
    }
}
