// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights are read from the archive as the program uses them: layers recomputed with them agree. */
@ExtendWith(LeakExtension.class)
class WeightsTest {
    private static final LoadOptions WIDE = LoadOptions.defaults().dataType(DataType.FLOAT64);

    private static Path cnn(String form) {
        return GoldenData.data().resolve("models/cnn." + form + ".pt");
    }

    private static Inputs images(TorchScriptModel model) {
        double[] pixels = new double[3 * 16 * 16];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = Math.sin(i * 0.7);
        }
        return Inputs.of(model.tensors().bring(Tensors.ofJava().of(pixels, 1, 3, 16, 16)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"scripted", "traced"})
    void namesAreThoseOfTheStateDict(String form) {
        try (TorchScriptModel model = TorchScriptModel.load(cnn(form))) {
            assertThat(model.weightNames())
                    .contains(
                            "conv1.weight",
                            "bn1.weight",
                            "bn1.bias",
                            "bn1.running_mean",
                            "bn1.running_var",
                            "layer2.1.conv2.weight",
                            "fc.weight",
                            "fc.bias")
                    .doesNotContain("conv1.bias")
                    .doesNotHaveDuplicates();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"script", "trace"})
    void modulesOfTwoNamesTiedAndUnusedOnesAreThereInOrder(String form) {
        try (TorchScriptModel model = TorchScriptModel.load(GoldenData.zoo().resolve("shared_names." + form + ".pt"));
                TensorScope scope = TensorScope.open()) {
            assertThat(model.weightNames())
                    .containsExactly(
                            "block.0.weight",
                            "block.0.bias",
                            "again.0.weight",
                            "again.0.bias",
                            "tied.weight",
                            "tied.bias",
                            "unused.weight",
                            "unused.bias",
                            "head.weight",
                            "head.bias");
            float[] weight = model.weight("block.0.weight").toFloatArray();
            assertThat(model.weight("again.0.weight").toFloatArray()).isEqualTo(weight);
            assertThat(model.weight("tied.weight").toFloatArray()).isEqualTo(weight);
            assertThat(model.weight("unused.weight").toFloatArray()).isNotEqualTo(weight);
            assertThat(model.weight("tied.bias").toFloatArray())
                    .isNotEqualTo(model.weight("block.0.bias").toFloatArray());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"script", "trace"})
    void weightsInListsAndDictsOfModulesAreThoseThatTheirLayersUse(String form) {
        try (TorchScriptModel model =
                        TorchScriptModel.load(GoldenData.zoo().resolve("containers." + form + ".pt"), WIDE);
                TensorScope scope = TensorScope.open()) {
            assertThat(model.weightNames())
                    .containsExactly(
                            "blocks.0.0.weight",
                            "blocks.0.0.bias",
                            "blocks.1.0.weight",
                            "blocks.1.0.bias",
                            "blocks.2.0.weight",
                            "blocks.2.0.bias",
                            "heads.small.weight",
                            "heads.small.bias",
                            "heads.large.weight",
                            "heads.large.bias");
            Inputs inputs = Inputs.of(model.tensors().of(new double[] {0.5, -1, 2, 0.25}, 1, 4));
            for (String layer : List.of("blocks.0.0", "blocks.1.0", "blocks.2.0", "heads.small", "heads.large")) {
                double[] w = model.weight(layer + ".weight").toDoubleArray();
                double[] b = model.weight(layer + ".bias").toDoubleArray();
                double[] in =
                        model.cut(layer + ":in").activations(inputs).get(0).toDoubleArray();
                double[] out = model.cut(layer).activations(inputs).get(0).toDoubleArray();
                assertThat(out).hasSameSizeAs(b);
                for (int o = 0; o < b.length; o++) {
                    double sum = b[o];
                    for (int i = 0; i < 4; i++) {
                        sum += w[o * 4 + i] * in[i];
                    }
                    assertThat(out[o]).as(layer).isCloseTo(sum, within(1e-13));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"scripted", "traced"})
    void aLinearLayerIsItsWeights(String form) {
        try (TorchScriptModel model = TorchScriptModel.load(cnn(form), WIDE);
                TensorScope scope = TensorScope.open()) {
            Tensor weight = model.weight("fc.weight");
            Tensor bias = model.weight("fc.bias");
            assertThat(weight.shape()).isEqualTo(Shape.of(5, 16));
            assertThat(weight.dataType()).isEqualTo(DataType.FLOAT64);
            double[] w = weight.toDoubleArray();
            double[] b = bias.toDoubleArray();
            Inputs inputs = images(model);
            double[] in = model.cut("fc:in").activations(inputs).get(0).toDoubleArray();
            double[] out = model.cut("fc").activations(inputs).get(0).toDoubleArray();
            for (int o = 0; o < 5; o++) {
                double sum = b[o];
                for (int i = 0; i < 16; i++) {
                    sum += w[o * 16 + i] * in[i];
                }
                assertThat(out[o]).isCloseTo(sum, within(1e-13));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"scripted", "traced"})
    void aConvolutionIsItsWeights(String form) {
        try (TorchScriptModel model = TorchScriptModel.load(cnn(form), WIDE);
                TensorScope scope = TensorScope.open()) {
            double[] w = model.weight("conv1.weight").toDoubleArray();
            Inputs inputs = images(model);
            double[] in = inputs.tensor(0).toDoubleArray();
            double[] out = model.cut("conv1").activations(inputs).get(0).toDoubleArray();
            for (int[] at : new int[][] {{0, 1, 1}, {3, 5, 9}, {7, 14, 2}}) {
                double sum = 0;
                for (int c = 0; c < 3; c++) {
                    for (int k = 0; k < 9; k++) {
                        int row = at[1] + k / 3 - 1;
                        int column = at[2] + k % 3 - 1;
                        sum += w[(at[0] * 3 + c) * 9 + k] * in[(c * 16 + row) * 16 + column];
                    }
                }
                assertThat(out[(at[0] * 16 + at[1]) * 16 + at[2]]).isCloseTo(sum, within(1e-13));
            }
        }
    }

    @Test
    void typesAreThoseStored_orThoseAskedFor() {
        try (TorchScriptModel plain = TorchScriptModel.load(cnn("scripted"));
                TorchScriptModel half = TorchScriptModel.load(
                        GoldenData.special().resolve("float16.pt"),
                        LoadOptions.defaults().dataType(DataType.FLOAT32));
                TensorScope scope = TensorScope.open()) {
            assertThat(plain.weight("fc.bias").dataType()).isEqualTo(DataType.FLOAT32);
            for (String name : half.weightNames()) {
                assertThat(half.weight(name).isFinite()).isTrue();
                assertThat(half.weight(name).dataType()).isEqualTo(DataType.FLOAT32);
            }
            assertThat(half.weightNames()).isNotEmpty();
        }
    }

    @Test
    void unknownNamesAreRefused_andTheFileIsNotNeededAgain(@TempDir Path folder) throws IOException {
        Path copy = Files.copy(cnn("traced"), folder.resolve("cnn.pt"));
        try (TorchScriptModel model = TorchScriptModel.load(copy);
                InputStream stream = Files.newInputStream(cnn("traced"));
                TorchScriptModel streamed = TorchScriptModel.load(stream);
                TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> model.weight("fc.wieght"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("weight 'fc.wieght' does not exist; did you mean")
                    .hasMessageContaining("fc.weight");
            Files.delete(copy);
            for (String name : model.weightNames()) {
                assertThat(streamed.weight(name).toFloatArray())
                        .isEqualTo(model.weight(name).toFloatArray());
            }
        }
    }
}
