// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.randomization.ParameterRandomization;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The randomization test on the digits of the demo: what docs/metrics.md shows, and the same from both engines. */
class RandomizationTest {
    private static Tensor digits(Tensors tensors) throws IOException {
        return tensors.concat(List.of(Demo.digit(3, tensors), Demo.digit(5, tensors), Demo.digit(8, tensors)), 0);
    }

    /** Adebayo and others, 2018: guided backpropagation keeps its maps when the top layers lose what they learned. */
    @Test
    void guided_backprop_is_told_from_gradients() throws IOException {
        Map<String, Judgement> judged = new HashMap<>();
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"))) {
            Tensor images = digits(model.tensors());
            // tag::randomization
            ParameterRandomization test = ParameterRandomization.ofLayers().magnitudes(true);
            for (Attribution<? super RuledModel> method :
                    List.<Attribution<? super RuledModel>>of(new Saliency(), new GuidedBackprop())) {
                Judgement judgement = test.judge(model, Inputs.of(images), Target.argmax(), method, Run.defaults());
                System.out.println(judgement); // parameter-randomization of ...: mean similarity (lower is better)
                judged.put(method.name(), judgement); // hidden
            }
            List<String> layers = test.layers(model); // fc, conv3, conv2, bn1, conv1: the points of the curves
            // end::randomization
            assertThat(layers).containsExactly("fc", "conv3", "conv2", "bn1", "conv1");
        }
        // The figures of the page, by layer.
        double[] gradients = {0.38, 0.15, 0.07, 0.05, 0.29};
        double[] guided = {0.82, 0.70, 0.54, 0.57, 0.57};
        for (int i = 0; i < 5; i++) {
            assertThat(at(judged.get("saliency"), i)).isCloseTo(gradients[i], within(0.01));
            assertThat(at(judged.get("guided-backprop"), i)).isCloseTo(guided[i], within(0.01));
        }
        assertThat(judged.get("guided-backprop").mean())
                .isGreaterThan(judged.get("saliency").mean() + 0.2);
    }

    @Test
    void parameters_are_seen_and_changed() throws IOException {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"))) {
            Tensor image = Demo.digit(3, model.tensors());
            // tag::parameters
            for (ParameterizedModel.Parameter parameter : model.parameters()) {
                System.out.println(parameter); // conv1.weight: float32(16, 1, 3, 3)
            }
            Tensor flat = model.weight("fc.bias").mul(0);
            try (TorchScriptModel copy = model.withParameters(Map.of("fc.bias", flat))) {
                Explanation why = new Saliency().attribute(copy, Inputs.of(image), Target.index(3));
                assertThat(why.provenance().model().loaded()).containsKey("parameter fc.bias"); // hidden
                why.close(); // hidden
            }
            // end::parameters
            assertThat(model.parameters().get(0)).hasToString("conv1.weight: float32(16, 1, 3, 3)");
        }
    }

    private static double at(Judgement judgement, int point) {
        return judgement.curves().stream()
                .mapToDouble(curve -> curve.scores()[point])
                .average()
                .orElseThrow();
    }

    /** The exporter joined batch norm with conv1, so the layers that both files have are drawn. */
    @Test
    void both_engines_judge_alike() throws IOException {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel archive = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"));
                OnnxModel graph = OnnxModel.load(Demo.FILES.resolve("digits.onnx"))) {
            // tag::same-layers
            ParameterRandomization test = ParameterRandomization.ofLayers().onLayers("conv2", "conv3", "fc");
            // end::same-layers
            Judgement one = judged(test, archive);
            Judgement other = judged(test, graph);
            assertThat(other.scores()).containsExactly(one.scores(), within(1e-4));
            for (int row = 0; row < 3; row++) {
                assertThat(other.curves().get(row).scores())
                        .containsExactly(one.curves().get(row).scores(), within(1e-4));
            }
            assertThat(ParameterRandomization.ofLayers().layers(graph))
                    .containsExactly("fc", "conv3", "conv2", "conv1");
        }
    }

    private static <M extends LayeredModel> Judgement judged(ParameterRandomization test, M model) throws IOException {
        return test.judge(model, Inputs.of(digits(model.tensors())), Target.argmax(), new Saliency(), Run.defaults());
    }
}
