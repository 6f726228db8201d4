// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Cuts at values inside methods. */
class InnerPointsTest {
    private static Inputs image(TorchScriptModel model) {
        float[] pixels = new float[2 * 64];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) Math.sin(0.7 * i);
        }
        return Inputs.of(model.tensors().of(pixels, 2, 1, 8, 8));
    }

    private static float[][] activationAndGradient(TorchScriptModel model, String address) {
        Cut cut = model.cut(model.cutPoint(address));
        try (TensorScope scope = TensorScope.open();
                Pullback pullback = cut.pullback(image(model))) {
            Tensor output = pullback.output();
            float[] ones = new float[(int) output.shape().size()];
            Arrays.fill(ones, 1);
            List<Tensor> gradients =
                    pullback.vjp(model.tensors().of(ones, output.shape().dims()));
            return new float[][] {
                pullback.activations().get(0).toFloatArray(), gradients.get(0).toFloatArray()
            };
        }
    }

    private static void close(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], Offset.offset(2e-5f * Math.max(1, Math.abs(expected[i]))));
        }
    }

    @Test
    @DisplayName("A frozen archive has the values of the layers that it came from, under the names of operators")
    void frozenIsTheScript() {
        try (TorchScriptModel frozen = TorchScriptModel.load(Zoo.file("cnn_frozen.pt"));
                TorchScriptModel script = TorchScriptModel.load(Zoo.file("cnn_script.pt"))) {
            assertThat(frozen.cutPoints()).extracting(Object::toString).contains("/conv2d#0", "/relu_#3", "/linear#0");
            String[][] pairs = {{"relu_#4", "layer1.1"}, {"relu_#0", "stem.2"}, {"/conv2d#3", "layer1.1.bn1"}};
            for (String[] pair : pairs) {
                float[][] inner = activationAndGradient(frozen, pair[0]);
                float[][] layer = activationAndGradient(script, pair[1]);
                close(inner[0], layer[0]);
                close(inner[1], layer[1]);
            }
        }
    }

    @Test
    @DisplayName("Values inside the methods of a script: the second copy gives what the module's own result is")
    void insideAMethod() {
        try (TorchScriptModel script = TorchScriptModel.load(Zoo.file("cnn_script.pt"));
                TensorScope scope = TensorScope.open()) {
            float[] before = script.forward(image(script)).toFloatArray();
            Pullback earlier = script.pullback(image(script));
            float[][] inner = activationAndGradient(script, "layer1.0.conv2/conv2d#0");
            float[][] layer = activationAndGradient(script, "layer1.0.conv2");
            assertThat(inner[0]).isEqualTo(layer[0]);
            assertThat(inner[1]).isEqualTo(layer[1]);
            assertThat(script.forward(image(script)).toFloatArray()).isEqualTo(before);
            assertThat(earlier.output().toFloatArray()).isEqualTo(before);
            earlier.close();
            assertThat(script.cutPoint("layer1.0/out").kind()).isEqualTo("variable");
            assertThat(script.cutPoint("/flatten#0[0]")).isEqualTo(script.cutPoint("flatten#0"));
        }
    }

    @Test
    @DisplayName("Each execution of a place counts")
    void executions() {
        try (TorchScriptModel script = TorchScriptModel.load(Zoo.file("control_script.pt"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(script.tensors().of(new float[] {1, -2, 0.5f, 0.25f, 3, -1}, 2, 3));
            float[] first = script.cut("/tanh#0").head(0).forward(inputs).toFloatArray();
            float[] last = script.cut("/tanh#0#2").head(0).forward(inputs).toFloatArray();
            assertThat(first).isNotEqualTo(last);
            assertThatThrownBy(() -> script.cut("/tanh#0#3").head(0).forward(inputs))
                    .hasMessageContaining("has no call 3 in this run");
        }
    }

    @Test
    @DisplayName("An unknown address is refused with near names, an element that does not exist too")
    void unknown() {
        try (TorchScriptModel frozen = TorchScriptModel.load(Zoo.file("cnn_frozen.pt"))) {
            assertThatThrownBy(() -> frozen.cutPoint("relu_#7"))
                    .isInstanceOf(UnknownLayerException.class)
                    .hasMessageContaining("did you mean '/relu_#");
            assertThatThrownBy(() -> frozen.cutPoint("relu_#3[1]")).isInstanceOf(UnknownLayerException.class);
            assertThatThrownBy(() -> frozen.cutPoint("relu_#3:in")).isInstanceOf(UnknownLayerException.class);
        }
    }
}
