// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.BlurIntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Blur integrated gradients on an archive whose weights are in float64, against what {@code golden/blur.py} computed
 * point by point.
 */
class BlurGoldenTest {
    @ParameterizedTest
    @CsvSource({"1, 2.0", "10, 5.0", "40, 20.0"})
    void attributions_are_those_of_the_integral(int steps, double sigma) {
        Map<String, Tensor> arrays =
                GoldenModel.arrays(GoldenData.data().getParent().resolve("blur/blur.npz"), Tensors.ofJava());
        try (TensorScope scope = TensorScope.open();
                GoldenModel<TorchScriptModel> golden = TorchGolden.load(GoldenData.entry("cnn/traced"));
                TorchScriptModel model = TorchScriptModel.load(
                        GoldenData.data().resolve("models/cnn.traced.pt"),
                        LoadOptions.defaults().dataType(DataType.FLOAT64))) {
            Inputs.Input image = golden.inputs().attributedInputs().get(0);
            double[] expected = arrays.get(String.join("/", "cnn", "" + steps, "" + sigma, image.name()))
                    .toDoubleArray();
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            BlurIntegratedGradients method =
                    new BlurIntegratedGradients().steps(steps).sigma(sigma);
            try (Explanation why =
                    method.attribute(model, Inputs.of(image.tensor().to(DataType.FLOAT64)), Target.index(3))) {
                assertThat(why.attribution().toDoubleArray()).containsExactly(expected, within(1e-9 * largest));
            }
        }
    }
}
