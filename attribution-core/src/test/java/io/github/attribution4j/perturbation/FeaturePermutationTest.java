// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
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
}
