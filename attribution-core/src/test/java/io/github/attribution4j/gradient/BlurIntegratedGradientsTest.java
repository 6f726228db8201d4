// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.RowsContract;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What blur integrated gradients claim; the golden tests of the engines have their numbers. */
class BlurIntegratedGradientsTest {
    private static final int EXAMPLES = 3;
    private static final int SIZE = 6;

    private final TensorScope scope = TensorScope.open();
    private final DifferentiableModel net = ReferenceModels.cnn(DataType.FLOAT64, 5, Activation.TANH, 2, SIZE);
    private final Tensor images = ReferenceModels.normal(DataType.FLOAT64, 6, EXAMPLES, 2, SIZE, SIZE);

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void the_sum_closes_as_steps_rise_and_the_path_starts_at_the_blurred_baseline() {
        for (double sigma : new double[] {0.8, 5, 50}) {
            double[] largest = new double[2];
            for (int which = 0; which < 2; which++) {
                int steps = which == 0 ? 200 : 2000;
                try (Explanation why = new BlurIntegratedGradients()
                                .steps(steps)
                                .sigma(sigma)
                                .attribute(net, Inputs.of(images), Target.argmax());
                        Explanation straight = new IntegratedGradients()
                                .baseline(Baseline.blurred(sigma))
                                .attribute(net, Inputs.of(images), Target.argmax())) {
                    assertThat(why.baselineScores().orElseThrow())
                            .isEqualTo(straight.baselineScores().orElseThrow());
                    largest[which] = Arrays.stream(why.completenessGap())
                            .map(Math::abs)
                            .max()
                            .orElseThrow();
                    assertThat(why.counts().backwardRows()).isEqualTo(EXAMPLES * (steps + 1L));
                }
            }
            // A trapezoid sum: its error falls with the square of the steps.
            assertThat(largest[1]).as("sigma %s", sigma).isLessThan(largest[0] / 20 + 1e-9);
        }
    }

    @Test
    void on_a_linear_model_an_element_gets_its_weight_times_its_distance_from_the_blurred_image() {
        Tensor weights = ReferenceModels.normal(DataType.FLOAT64, 7, 1, 2, SIZE, SIZE);
        DifferentiableModel linear = DifferentiableModel.of(
                Model.ofTensor(x -> x.mul(weights)
                        .reshape(x.shape().dim(0), 2 * SIZE * SIZE)
                        .sum(1)
                        .reshape(x.shape().dim(0), 1)),
                (inputs, cotangent) ->
                        List.of(weights.mul(cotangent.reshape(cotangent.shape().dim(0), 1, 1, 1))));
        Inputs inputs = Inputs.of(images);
        try (Explanation blur =
                        new BlurIntegratedGradients().steps(7).sigma(2).attribute(linear, inputs, Target.output());
                Explanation straight = new IntegratedGradients()
                        .baseline(Baseline.blurred(2))
                        .attribute(linear, inputs, Target.output())) {
            assertThat(blur.attribution().toDoubleArray())
                    .containsExactly(straight.attribution().toDoubleArray(), within(1e-12));
        }
    }

    @Test
    void nothing_is_given_where_a_blur_changes_nothing() {
        Tensor flat = images.tensors().full(images.shape(), DataType.FLOAT64, 0.7);
        try (Explanation why = new BlurIntegratedGradients().attribute(net, Inputs.of(flat), Target.index(0))) {
            // Weights of a blur sum to 1 but for rounding.
            for (double value : why.attribution().toDoubleArray()) {
                assertThat(value).isCloseTo(0, within(1e-13));
            }
        }
    }

    @Test
    void an_example_has_the_same_bits_whatever_is_explained_with_it() {
        BlurIntegratedGradients method = new BlurIntegratedGradients().steps(9).sigma(3);
        try (Explanation together = method.attribute(
                net, Inputs.of(images), Target.argmax(), Run.defaults().batchRows(4))) {
            for (int e = 0; e < EXAMPLES; e++) {
                try (Explanation alone = method.attribute(
                        net,
                        Inputs.of(images.rows(e, e + 1)),
                        Target.argmax(),
                        Run.defaults().batchRows(4))) {
                    assertThat(alone.attribution().toDoubleArray())
                            .isEqualTo(together.attribution().rows(e, e + 1).toDoubleArray());
                }
            }
        }
    }

    @Test
    void rows_do_not_depend_on_the_range_that_they_are_made_in() {
        RowsContract.check(new BlurIntegratedGradients.Scales(Inputs.of(images), Run.defaults(), 3, 2));
    }

    @Test
    void refusals_name_the_setting_and_the_input() {
        refused(new BlurIntegratedGradients().steps(0), images, "steps 0: must be at least 1");
        refused(new BlurIntegratedGradients().sigma(0), images, "sigma 0.0: must be finite and more than 0");
        refused(
                new BlurIntegratedGradients(),
                ReferenceModels.normal(DataType.FLOAT64, 1, 2, 4),
                "baseline blurred: input 'input0' has shape (2, 4); a blur needs rows and two axes of space after"
                        + " them");
    }

    private void refused(BlurIntegratedGradients method, Tensor input, String message) {
        assertThatThrownBy(() -> method.attribute(net, Inputs.of(input), Target.index(0)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(message);
    }
}
