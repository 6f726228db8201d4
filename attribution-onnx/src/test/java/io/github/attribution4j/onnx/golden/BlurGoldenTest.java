// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.BlurIntegratedGradients;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blur integrated gradients on files in float32, against what {@code golden/blur.py} computed in float64. */
class BlurGoldenTest {
    @ParameterizedTest
    @CsvSource({"script, 1, 2.0", "script, 10, 5.0", "dynamo, 40, 20.0"})
    void attributions_are_those_of_the_integral(String exporter, int steps, double sigma) {
        Map<String, Tensor> arrays =
                GoldenModel.arrays(GoldenData.data().getParent().resolve("blur/blur.npz"), Tensors.ofJava());
        GoldenData.Entry entry = GoldenData.onnx().stream()
                .filter(each -> each.name().equals("cnn/" + exporter))
                .findFirst()
                .orElseThrow();
        BlurIntegratedGradients method =
                new BlurIntegratedGradients().steps(steps).sigma(sigma);
        try (GoldenModel<OnnxModel> golden = OnnxGolden.load(entry)) {
            String image = golden.inputs().attributedInputs().get(0).name();
            double[] expected = arrays.get(String.join("/", "cnn", "" + steps, "" + sigma, image))
                    .toDoubleArray();
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            try (Explanation why = method.attribute(golden.model(), golden.inputs(), Target.index(3))) {
                assertThat(why.attribution().toDoubleArray()).containsExactly(expected, within(1e-4 * largest));
            }
        }
    }
}
