// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AxiomTest {
    /** 2 x₀ − x₁ + 0 x₂ + x₃ x₃ / 2, so that the third never matters, and the last does not where it is 0. */
    private static final Model MODEL = Model.of(rows -> Arrays.stream(rows)
            .map(row -> new double[] {5 + 2 * row[0] - row[1] + row[3] * row[3] / 2})
            .toArray(double[][]::new));

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor rows(double... values) {
        return Tensors.ofJava().of(values, Shape.of(values.length / 4, 4));
    }

    private static double score(Axiom metric, double[] x, double... attributions) {
        return metric.judge(MODEL, Inputs.of(rows(x)), Target.output(), Given.of(attributions), Run.defaults())
                .scores()[0];
    }

    @Test
    void completeness_is_the_part_of_the_change_that_is_not_attributed() {
        double[] x = {1, 2, 3, 4};
        assertThat(score(Axiom.completeness(), x, 2, -2, 0, 8)).isZero();
        assertThat(score(Axiom.completeness(), x, 0, 0, 0, 8)).isZero();
        assertThat(score(Axiom.completeness(), x, 2, -2, 0, 5)).isCloseTo(3, within(1e-12));
        assertThat(score(Axiom.completeness(), x, 2, -2, 0, 9.5)).isCloseTo(1.5, within(1e-12));
        Axiom other = Axiom.completeness().baseline(Baseline.of(rows(1, 1, 1, 2)));
        assertThat(score(other, x, 0, -1, 0, 6)).isCloseTo(0, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({
        // attributions of the four features; how many disagree with the model
        "2, -2, 0, 8, 0",
        "2, -2, 1, 8, 1",
        "0, 0, 0, 0, 3",
        "0, 0, 1, 0, 4",
        "2, -2, 1e-6, 8, 0",
        "2, -2, -1e-4, 8, 1",
        "-7, 1e-3, 0, 2e-5, 0"
    })
    void non_sensitivity_counts_features_of_which_attribution_and_model_disagree(
            double first, double second, double third, double fourth, int wanted) {
        assertThat(score(Axiom.nonSensitivity(), new double[] {1, 2, 3, 4}, first, second, third, fourth))
                .isEqualTo(wanted);
    }

    @Test
    void what_matters_depends_on_the_baseline_the_threshold_and_the_groups() {
        double[] x = {1, 2, 3, 0};
        // The last feature has its baseline's value, so replacing it changes nothing.
        assertThat(score(Axiom.nonSensitivity(), x, 2, -2, 0, 0)).isZero();
        for (Baseline other : new Baseline[] {
            Baseline.of(rows(0, 0, 0, 1)), Baseline.samples(rows(0, 0, 0, 0, 0, 0, 0, 1)), Baseline.uniform(1, 2)
        }) {
            assertThat(score(Axiom.nonSensitivity().baseline(other), x, 2, -2, 0, 0))
                    .as(other.describe())
                    .isEqualTo(1);
        }
        assertThat(score(Axiom.nonSensitivity().threshold(3), x, 4, 0, 0, 0)).isEqualTo(1);
        FeatureMask pairs = FeatureMask.of(Tensors.ofJava().of(new long[] {0, 0, 1, 1}, Shape.of(1, 4)));
        // 2 x₀ and −x₁ cancel each other, in the model and in the attributions.
        assertThat(score(Axiom.nonSensitivity().mask(pairs), x, 2, -2, 0, 0)).isZero();
        assertThat(score(Axiom.nonSensitivity().mask(pairs), x, 2, -1, 0, 0)).isEqualTo(1);
    }

    @Test
    void the_cost_is_a_row_for_each_feature_and_sample() {
        Judgement judged = Axiom.nonSensitivity()
                .baseline(Baseline.samples(rows(new double[12])))
                .judge(MODEL, Inputs.of(rows(1, 2, 3, 4)), Target.output(), Given.of(new double[4]), Run.defaults());
        // Another row checks once for the model that rows do not change each other.
        assertThat(judged.counts().forwardRows() - 4 * 3 - 1).isBetween(0L, 2L);
    }

    @Test
    void settings_that_do_not_fit_are_refused() {
        assertThatThrownBy(() -> Axiom.completeness().mask(FeatureMask.perElement()))
                .hasMessageContaining("completeness has no setting 'mask'");
        assertThatThrownBy(
                        () -> score(Axiom.completeness().baseline(Baseline.uniform(0, 1)), new double[4], 1, 1, 1, 1))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("compares with one reference for each example");
        assertThatThrownBy(() -> score(Axiom.nonSensitivity().threshold(-1), new double[4], 1, 1, 1, 1))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("threshold -1.0: must be 0 or more");
    }
}
