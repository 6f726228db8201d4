// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** IDGI against its formula, written out step by step, and its axioms. */
class IdgiTest {
    private static final int EXAMPLES = 3;
    private static final int FEATURES = 4;
    private static final int[] TARGETS = {2, 0, 1};
    private static final Tensors JAVA = Tensors.ofJava();

    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    private static double[] formula(Perceptron net, double[] x, double baseline, int target, int steps) {
        double[] attributions = new double[x.length];
        for (int k = 0; k < steps; k++) {
            double[] here = at(x, baseline, (double) k / steps);
            double[] gradient = net.gradient(here, target);
            double gained = net.score(at(x, baseline, (double) (k + 1) / steps), target) - net.score(here, target);
            double norm = 0;
            for (double g : gradient) {
                norm += g * g;
            }
            for (int i = 0; i < x.length; i++) {
                attributions[i] += gradient[i] * gradient[i] / norm * gained;
            }
        }
        return attributions;
    }

    private static double[] at(double[] x, double baseline, double share) {
        double[] there = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            there[i] = baseline + share * (x[i] - baseline);
        }
        return there;
    }

    @ParameterizedTest
    @CsvSource({"1, 3", "5, 7", "50, 1000", "50, 4", "2, 1"})
    void it_is_its_formula_for_every_batching(int steps, int batchRows) {
        for (long seed = 1; seed <= 5; seed++) {
            Perceptron net = new Perceptron(seed, FEATURES, 7, 3);
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, seed, EXAMPLES, FEATURES));
            double[] flat = inputs.tensor(0).toDoubleArray();
            try (Explanation why = new Idgi()
                    .steps(steps)
                    .baseline(Baseline.constant(0.3))
                    .attribute(
                            net.model,
                            inputs,
                            Target.indexes(2, 0, 1),
                            Run.defaults().batchRows(batchRows))) {
                double[] actual = why.attribution().toDoubleArray();
                for (int e = 0; e < EXAMPLES; e++) {
                    double[] x = Arrays.copyOfRange(flat, e * FEATURES, (e + 1) * FEATURES);
                    double[] expected = formula(net, x, 0.3, TARGETS[e], steps);
                    assertThat(Arrays.copyOfRange(actual, e * FEATURES, (e + 1) * FEATURES))
                            .as("seed %d, example %d", seed, e)
                            .containsExactly(expected, within(1e-12));
                }
                assertThat(why.counts().backwardRows()).isEqualTo((long) EXAMPLES * (steps + 1));
                assertThat(why.completenessGap()).containsExactly(new double[EXAMPLES], within(1e-12));
            }
        }
    }

    /** F(a, b) = sum of (a · b) over elements, with inputs of different shapes. */
    private static DifferentiableModel ofTwo(double scale) {
        Model forward = Model.ofTensors(
                "two",
                "1",
                JAVA,
                tensors -> tensors.get(0)
                        .mul(scale)
                        .sum(1, 2)
                        .mul(tensors.get(1).mul(scale).sum(1))
                        .reshape(tensors.get(0).shape().dim(0), 1));
        return DifferentiableModel.of(forward, (inputs, cotangent) -> {
            Tensor a = inputs.tensor(0);
            Tensor b = inputs.tensor(1);
            long rows = a.shape().dim(0);
            Tensor sumA = a.mul(scale * scale).sum(1, 2).reshape(rows, 1).mul(cotangent);
            Tensor sumB = b.mul(scale * scale).sum(1).reshape(rows, 1).mul(cotangent);
            return List.of(sumB.reshape(rows, 1, 1).broadcast(a.shape()), sumA.broadcast(b.shape()));
        });
    }

    @Test
    void all_inputs_share_each_step() {
        Inputs inputs =
                Inputs.of(JAVA.of(new double[] {1, 2, 3, 4}, 1, 2, 2), JAVA.of(new double[] {1, 0.5, -2}, 1, 3));
        try (Explanation why =
                new Idgi().steps(1).baseline(Baseline.constant(0.5, 1)).attribute(ofTwo(1), inputs, Target.output())) {
            // At the baseline a sums to 2 and b to 3: gradients of a are 3, those of b are 2; F goes from 6 to -5.
            double norm = 4 * 9 + 3 * 4;
            assertThat(why.attributions().get(0).toDoubleArray())
                    .containsExactly(
                            new double[] {-11 * 9 / norm, -11 * 9 / norm, -11 * 9 / norm, -11 * 9 / norm},
                            within(1e-12));
            assertThat(why.attributions().get(1).toDoubleArray())
                    .containsExactly(new double[] {-11 * 4 / norm, -11 * 4 / norm, -11 * 4 / norm}, within(1e-12));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-15, 1, 1e15})
    void squares_of_small_and_large_gradients_are_no_zeros_and_no_infinities(double scale) {
        Inputs inputs = Inputs.of(JAVA.of(new float[] {1, 2, 3, 4}, 1, 2, 2), JAVA.of(new float[] {1, 0.5f, -2}, 1, 3));
        try (Explanation scaled = new Idgi()
                        .steps(4)
                        .baseline(Baseline.constant(0.5, 1))
                        .attribute(ofTwo(scale), inputs, Target.output());
                Explanation plain = new Idgi()
                        .steps(4)
                        .baseline(Baseline.constant(0.5, 1))
                        .attribute(ofTwo(1), inputs, Target.output())) {
            for (int input = 0; input < 2; input++) {
                double[] expected = plain.attributions().get(input).toDoubleArray();
                double[] actual = scaled.attributions().get(input).toDoubleArray();
                for (int i = 0; i < actual.length; i++) {
                    assertThat(actual[i] / scale / scale).isCloseTo(expected[i], within(1e-4));
                }
            }
        }
    }

    @Test
    void a_step_that_starts_where_the_gradient_is_zero_hands_out_nothing_and_the_gap_says_so() {
        DifferentiableModel hinge = DifferentiableModel.of(
                Model.ofTensor(x -> x.add(-0.5).clamp(0, Double.POSITIVE_INFINITY)),
                (inputs, cotangent) ->
                        List.of(cotangent.mul(inputs.tensor(0).gt(0.5).to(DataType.FLOAT64))));
        try (Explanation why = new Idgi()
                .steps(1)
                .attribute(hinge, Inputs.of(JAVA.full(Shape.of(1, 1), DataType.FLOAT64, 2)), Target.output())) {
            assertThat(why.attribution().toDoubleArray()).containsExactly(0);
            assertThat(why.completenessGap()).containsExactly(-1.5);
            assertThat(why.notices()).anyMatch(notice -> notice.contains("miss the change of its score"));
        }
    }

    @Test
    void an_element_that_the_model_ignores_gets_nothing() {
        DifferentiableModel first = DifferentiableModel.of(
                Model.ofTensor(x -> x.slice(1, 0, 1).mul(x.slice(1, 0, 1))), (inputs, cotangent) -> {
                    Tensor x = inputs.tensor(0).slice(1, 0, 1).mul(2).mul(cotangent);
                    return List.of(JAVA.concat(List.of(x, x.mul(0)), 1));
                });
        try (Explanation why = new Idgi()
                .baseline(Baseline.constant(1))
                .attribute(first, Inputs.of(JAVA.of(new double[] {3, 5}, 1, 2)), Target.output())) {
            assertThat(why.attribution().toDoubleArray()).containsExactly(new double[] {8, 0}, within(1e-12));
        }
    }

    @Test
    void refusals_name_the_setting() {
        Perceptron net = new Perceptron(1, FEATURES, 7, 3);
        Tensor samples = ReferenceModels.normal(DataType.FLOAT64, 2, 5, FEATURES);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, EXAMPLES, FEATURES));
        refused(net, inputs, new Idgi().steps(0), "steps");
        refused(net, inputs, new Idgi().baseline(Baseline.samples(samples)), "is a distribution, and idgi starts from");
        new Idgi().attribute(net.model, inputs, Target.index(0)).close();
    }

    private static void refused(
            Perceptron net, Inputs inputs, Attribution<DifferentiableModel> method, String message) {
        assertThatThrownBy(() -> method.attribute(net.model, inputs, Target.index(0)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(message);
    }
}
