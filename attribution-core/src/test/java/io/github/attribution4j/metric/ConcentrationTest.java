// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConcentrationTest {
    private static final Model MODEL = Model.of(rows -> new double[rows.length][1]);

    /** Gini's index as half the mean difference of all pairs, over the mean. */
    private static double gini(double[] values) {
        double differences = 0;
        double sum = 0;
        for (double one : values) {
            sum += Math.abs(one);
            for (double other : values) {
                differences += Math.abs(Math.abs(one) - Math.abs(other));
            }
        }
        return differences / (2 * values.length * sum);
    }

    @ParameterizedTest
    @CsvSource({"1;2;-3;4", "0;0;5;0", "1;1;1;1", "-0.5;0.5;0;1e-6", "1e-7;-2e-7;0;3e-7"})
    void scores_are_those_of_the_formulas(String text) {
        double[] values = java.util.Arrays.stream(text.split(";", -1))
                .mapToDouble(Double::parseDouble)
                .toArray();
        double sum = java.util.Arrays.stream(values).map(Math::abs).sum();
        double entropy = 0;
        int above = 0;
        for (double value : values) {
            double part = Math.abs(value) / sum;
            entropy -= part == 0 ? 0 : part * Math.log(part);
            above += Math.abs(value) > 1e-5 ? 1 : 0;
        }
        assertThat(score(Concentration.sparseness(), values)).isCloseTo(gini(values), within(1e-12));
        assertThat(score(Concentration.complexity(), values)).isCloseTo(entropy, within(1e-12));
        assertThat(score(Concentration.effectiveComplexity(1e-5), values)).isEqualTo(above);
    }

    @ParameterizedTest
    @CsvSource({"4", "1"})
    void zeros_count_as_equal_parts(int features) {
        double[] zeros = new double[features];
        assertThat(score(Concentration.sparseness(), zeros)).isZero();
        assertThat(score(Concentration.complexity(), zeros)).isEqualTo(Math.log(features));
        assertThat(score(Concentration.effectiveComplexity(0), zeros)).isZero();
    }

    private static double score(Concentration metric, double[] attributions) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs =
                    Inputs.of(Tensors.ofJava().of(new double[attributions.length], Shape.of(1, attributions.length)));
            return metric.judge(MODEL, inputs, Target.output(), Given.of(attributions), Run.defaults())
                    .scores()[0];
        }
    }
}
