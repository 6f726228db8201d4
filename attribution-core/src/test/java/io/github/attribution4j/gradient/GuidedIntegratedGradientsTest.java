// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.path.Path.Quadrature;
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

/** What guided integrated gradients claim; the golden test of the TorchScript binding has their numbers. */
class GuidedIntegratedGradientsTest {
    private static final int EXAMPLES = 3;
    private static final int FEATURES = 6;
    private static final Tensors JAVA = Tensors.ofJava();

    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void without_a_distance_the_path_is_straight() {
        for (long seed = 1; seed <= 5; seed++) {
            Perceptron net = new Perceptron(seed, FEATURES, 9, 3);
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, seed, EXAMPLES, FEATURES));
            try (Explanation guided = new GuidedIntegratedGradients()
                            .distance(0)
                            .steps(12)
                            .attribute(net.model, inputs, Target.argmax());
                    Explanation straight = new IntegratedGradients()
                            .steps(12)
                            .quadrature(Quadrature.RIEMANN_LEFT)
                            .attribute(net.model, inputs, Target.argmax())) {
                assertThat(guided.attribution().toDoubleArray())
                        .containsExactly(straight.attribution().toDoubleArray(), within(1e-9));
            }
        }
    }

    @Test
    void the_sum_is_complete_as_steps_rise_and_rows_are_those_of_the_steps() {
        Perceptron net = new Perceptron(2, FEATURES, 9, 3);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, EXAMPLES, FEATURES));
        for (double distance : new double[] {0.02, 0.3, 1}) {
            double[] largest = new double[2];
            for (int which = 0; which < 2; which++) {
                int steps = which == 0 ? 100 : 1000;
                try (Explanation why = new GuidedIntegratedGradients()
                        .steps(steps)
                        .distance(distance)
                        .attribute(net.model, inputs, Target.indexes(2, 0, 1))) {
                    largest[which] = Arrays.stream(why.completenessGap())
                            .map(Math::abs)
                            .max()
                            .orElseThrow();
                    assertThat(why.counts().backwardRows()).isEqualTo((long) EXAMPLES * steps);
                    assertThat(why.counts().forwardRows()).isEqualTo((long) EXAMPLES * (steps + 1) + 1);
                }
            }
            // A left sum: ten times the steps, a tenth of the gap.
            assertThat(largest[0]).isLessThan(0.1);
            assertThat(largest[1]).isLessThan(largest[0] / 5);
        }
    }

    @Test
    void elements_to_which_the_score_reacts_least_go_first() {
        // F(a, b) = a² b from (1/2, 0): the gradient by a, 2ab, is 0 until b moves, and that by b is not.
        DifferentiableModel product = DifferentiableModel.of(
                Model.ofTensor(x -> x.slice(1, 0, 1).mul(x.slice(1, 0, 1)).mul(x.slice(1, 1, 2))),
                (inputs, cotangent) -> {
                    Tensor a = inputs.tensor(0).slice(1, 0, 1);
                    Tensor b = inputs.tensor(0).slice(1, 1, 2);
                    return List.of(JAVA.concat(
                            List.of(a.mul(b).mul(2).mul(cotangent), a.mul(a).mul(cotangent)), 1));
                });
        Inputs ones = Inputs.of(JAVA.of(new double[] {1, 1}, 1, 2));
        try (Explanation why = new GuidedIntegratedGradients()
                .steps(1000)
                .distance(1)
                .fraction(0.01)
                .baseline(Baseline.of(JAVA.of(new double[] {0.5, 0}, 1, 2)))
                .attribute(product, ones, Target.output())) {
            // So a goes first and gets nothing. It arrives within step 334, at whose beginning it was 0.9995, and b
            // goes
            // 0.001 in the rest of that step; from then on the gradient by b is 1.
            assertThat(why.attribution().toDoubleArray())
                    .containsExactly(new double[] {0, 0.001 * 0.9995 * 0.9995 + 0.999}, within(1e-12));
        }
    }

    @Test
    void an_example_has_the_same_bits_whatever_is_explained_with_it() {
        Perceptron net = new Perceptron(3, FEATURES, 9, 3);
        Tensor all = ReferenceModels.normal(DataType.FLOAT64, 8, EXAMPLES, FEATURES);
        GuidedIntegratedGradients method = new GuidedIntegratedGradients().steps(20);
        try (Explanation together = method.attribute(
                net.model, Inputs.of(all), Target.argmax(), Run.defaults().batchRows(2))) {
            for (int e = 0; e < EXAMPLES; e++) {
                try (Explanation alone = method.attribute(net.model, Inputs.of(all.rows(e, e + 1)), Target.argmax())) {
                    assertThat(alone.attribution().toDoubleArray())
                            .isEqualTo(together.attribution().rows(e, e + 1).toDoubleArray());
                }
            }
        }
    }

    @Test
    void elements_at_their_baseline_get_nothing_and_refusals_name_the_setting() {
        Perceptron net = new Perceptron(1, FEATURES, 7, 3);
        Inputs zeros = Inputs.of(JAVA.full(Shape.of(1, FEATURES), DataType.FLOAT64, 0));
        try (Explanation why = new GuidedIntegratedGradients().attribute(net.model, zeros, Target.index(0))) {
            assertThat(why.attribution().toDoubleArray()).containsOnly(0);
            assertThat(why.completenessGap()).containsExactly(0);
        }
        refused(net, new GuidedIntegratedGradients().steps(0), "steps 0: must be at least 1");
        refused(net, new GuidedIntegratedGradients().fraction(0), "fraction 0.0: must be more than 0 and at most 1");
        refused(net, new GuidedIntegratedGradients().distance(1.5), "distance 1.5: must be 0 to 1");
    }

    private static void refused(Perceptron net, GuidedIntegratedGradients method, String message) {
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, EXAMPLES, FEATURES));
        assertThatThrownBy(() -> method.attribute(net.model, inputs, Target.index(0)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(message);
    }
}
