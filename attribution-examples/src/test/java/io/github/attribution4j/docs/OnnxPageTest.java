// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.benchmark.ConversionCheck;
import io.github.attribution4j.benchmark.ConversionReport;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OnnxPageTest {
    private final Path demo = Demo.FILES;

    @Test
    void explain() throws IOException {
        float[] pixels;
        try (Tensor three = Demo.digit(3, Tensors.ofJava())) {
            pixels = three.toFloatArray();
        }
        // tag::explain
        try (OnnxModel model = OnnxModel.load(demo.resolve("digits.onnx"));
                Tensor image = model.tensors().of(pixels, 1, 1, 8, 8);
                Explanation why = new IntegratedGradients().attribute(model, Inputs.of(image), Target.index(3));
                Explanation where = Attribution.at("relu2", new IntegratedGradients())
                        .attribute(model, Inputs.of(image), Target.index(3))) {
            float[] attributions = why.attribution().toFloatArray(); // one for each pixel
            float[] inside = where.attribution().toFloatArray(); // one for each element of the layer
            assertThat(attributions).hasSize(64); // hidden
            assertThat(inside).hasSize(32 * 64); // hidden
        }
        // end::explain
    }

    @Test
    void compare() throws IOException {
        float[] pixels;
        try (Tensor three = Demo.digit(3, Tensors.ofJava())) {
            pixels = three.toFloatArray();
        }
        // tag::compare
        try (RuledModel archive = TorchScriptModel.load(demo.resolve("digits.pt"));
                RuledModel graph = OnnxModel.load(demo.resolve("digits.onnx"));
                Tensor one = archive.tensors().of(pixels, 1, 1, 8, 8);
                Tensor other = graph.tensors().of(pixels, 1, 1, 8, 8)) {
            ConversionReport report = ConversionCheck.of(new IntegratedGradients())
                    .compare(archive, Inputs.of(one), graph, Inputs.of(other), Target.argmax(), Run.defaults());
            System.out.println(report); // a line for each part, and what may be the cause of a difference
            assertThat(report.isSame()).isTrue();
            assertThat(report.firstDifferentLayer()).isEmpty();
            assertThat(report.onlyA()).contains("conv1"); // hidden
        }
        // end::compare
    }
}
