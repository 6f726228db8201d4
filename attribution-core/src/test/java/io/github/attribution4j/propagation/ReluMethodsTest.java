// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Guided backpropagation, deconvolution and guided Grad-CAM, worked out by hand. */
class ReluMethodsTest {
    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    private static double[] attributions(
            Attribution<RuledModel> method, RuledModel model, Inputs inputs, Target target) {
        try (Explanation explanation = method.attribute(model, inputs, target)) {
            return explanation.attribution().toDoubleArray();
        }
    }

    /** Three layers, of which every sign of activation and gradient occurs: x → ReLU → ReLU → sum. */
    private static ReferenceModel network() {
        return ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(2))
                .linear("fc1", "x", new double[][] {{1, 1}, {1, -1}, {-1, 0.5}}, new double[] {0, 0, 0})
                .activation("relu1", "fc1", Activation.RELU)
                .linear("fc2", "relu1", new double[][] {{2, -3, 1}, {-1, 1, 4}}, new double[] {10, -50})
                .activation("relu2", "fc2", Activation.RELU)
                .linear("fc3", "relu2", new double[][] {{1, 2}}, new double[] {0})
                .build();
    }

    @Test
    void guided_and_deconvolved_gradients() {
        Inputs inputs = Inputs.of(Tensors.ofJava().of(new double[] {3, 1}, 1, 2));
        // fc1 = (4, 2, -2.5): the third is off. fc2 = (8 - 6 + 10, ...): the first is on, the second off.
        // Gradient at relu2: (1, 2). Guided passes (1, 0); deconvolution (1, 2).
        // At relu1 guided is given (2, -3, 1), passes (2, 0, 0): x gets (2, 2).
        assertThat(attributions(new GuidedBackprop(), network(), inputs, Target.index(0)))
                .containsExactly(2, 2);
        // Deconvolution is given (2 - 2, -3 + 2, 1 + 8) = (0, -1, 9), passes (0, 0, 9): x gets 9 · (-1, 0.5).
        assertThat(attributions(GuidedBackprop.deconvolution(), network(), inputs, Target.index(0)))
                .containsExactly(-9, 4.5);
        // At relu1: what arrives there.
        assertThat(attributions(new GuidedBackprop().at("relu1"), network(), inputs, Target.index(0)))
                .containsExactly(2, -3, 1);
        // Towards the second unit of fc2, (-1, 1, 4): passes (0, 1, 0) of it.
        assertThat(attributions(
                        new GuidedBackprop().towards("fc2", Target.index(1)), network(), inputs, Target.output()))
                .containsExactly(1, -1);
    }

    @Test
    void other_activations_keep_their_derivative_which_is_told() {
        ReferenceModel mixed = ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(3))
                .linear("fc1", "x", 4)
                .activation("gelu", "fc1", Activation.GELU)
                .linear("fc2", "gelu", 4)
                .activation("relu", "fc2", Activation.RELU)
                .build();
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 1, 3));
        try (Explanation explanation = new GuidedBackprop().attribute(mixed, inputs, Target.index(0))) {
            assertThat(explanation.notices()).anyMatch(notice -> notice.contains("derivative: gelu"));
        }
    }

    @Test
    void a_model_without_relus_is_refused() {
        ReferenceModel smooth = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 3, 4, 2);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 1, 3));
        assertThatThrownBy(() -> new GuidedBackprop().attribute(smooth, inputs, Target.index(0)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContainingAll("guided-backprop", "Saliency");
        assertThatThrownBy(() -> new GuidedGradCam("act1").attribute(smooth, inputs, Target.index(0)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("guided-grad-cam");
    }

    @Test
    void guided_grad_cam_is_the_product() {
        ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 1, 4);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 2, 2, 4, 4));
        for (Tensor.Interpolation mode : Tensor.Interpolation.values()) {
            GradCam cam = new GradCam("conv1").relu(true).upsample(mode);
            try (Explanation guided = new GuidedBackprop().attribute(model, inputs, Target.index(0));
                    Explanation map = cam.attribute(model, inputs, Target.index(0))) {
                Tensor expected = guided.attribution().mul(map.attribution());
                assertThat(expected.abs().max().toDoubleArray()[0]).isPositive();
                assertThat(attributions(new GuidedGradCam("conv1").interpolation(mode), model, inputs, Target.index(0)))
                        .containsExactly(expected.toDoubleArray(), within(1e-14));
            }
        }
    }

    @Test
    void guided_grad_cam_refuses_inputs_that_the_map_does_not_fit() {
        ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 2, 2, 4, 4));
        assertThatThrownBy(() -> new GuidedGradCam("fc1").attribute(model, inputs, Target.index(1)))
                .hasMessageContainingAll("'fc1'", "'input0'", "axes of positions");
    }
}
