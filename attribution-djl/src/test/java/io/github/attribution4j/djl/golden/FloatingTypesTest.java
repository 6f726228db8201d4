// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models whose weights are converted while they are loaded. */
@ExtendWith(LeakExtension.class)
class FloatingTypesTest {
    @ParameterizedTest
    @ValueSource(strings = {"cnn.scripted", "cnn.traced", "mlp_softmax.scripted", "mlp_softmax.traced"})
    void a_float32_model_in_float64_gives_the_same_to_float32_accuracy_and_a_gap_to_float64(String name)
            throws Exception {
        Path archive = GoldenData.data().resolve("models/" + name + ".pt");
        Path inputs = GoldenData.data().resolve(name.substring(0, name.indexOf('.')) + "/inputs.npz");
        IntegratedGradients method = new IntegratedGradients().steps(20);
        try (TorchScriptModel narrow = TorchScriptModel.load(archive, TorchGolden.options());
                TorchScriptModel wide =
                        TorchScriptModel.load(archive, TorchGolden.options().dataType(DataType.FLOAT64));
                TensorScope scope = TensorScope.open()) {
            Tensor x = NumpyFiles.readNpz(inputs, narrow.tensors())
                    .values()
                    .iterator()
                    .next();
            try (Explanation expected = method.attribute(narrow, Inputs.of(x), Target.index(1));
                    Explanation actual = method.attribute(wide, Inputs.of(x.to(DataType.FLOAT64)), Target.index(1))) {
                double[] want = expected.attribution().toDoubleArray();
                double[] have = actual.attribution().toDoubleArray();
                double largest = 0;
                double difference = 0;
                for (int i = 0; i < want.length; i++) {
                    largest = Math.max(largest, Math.abs(want[i]));
                    difference = Math.max(difference, Math.abs(want[i] - have[i]));
                }
                assertThat(actual.attribution().dataType()).isEqualTo(DataType.FLOAT64);
                assertThat(difference).isLessThan(1e-4 * largest).isPositive();
                assertThat(actual.provenance().model().digest())
                        .isEqualTo(expected.provenance().model().digest());
            }
            assertThatThrownBy(() -> wide.forward(Inputs.of(x)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("float64");
        }
    }

    @Test
    void weights_in_16_bits_get_gradients_in_float32() throws Exception {
        Path archive = GoldenData.special().resolve("float16.pt");
        try (TorchScriptModel model =
                        TorchScriptModel.load(archive, TorchGolden.options().dataType(DataType.FLOAT32));
                TensorScope scope = TensorScope.open()) {
            Tensor x = model.tensors().full(Shape.of(3, 6), DataType.FLOAT32, 0.5);
            try (Explanation explanation = new Saliency().attribute(model, Inputs.of(x), Target.index(0))) {
                assertThat(explanation.attribution().dataType()).isEqualTo(DataType.FLOAT32);
                assertThat(explanation.attribution().abs().max().toFloatArray()[0])
                        .isPositive();
            }
        }
    }

    @Test
    void a_float64_model_in_float32() throws Exception {
        Path archive = GoldenData.data().resolve("models/mlp_double.scripted.pt");
        try (TorchScriptModel wide = TorchScriptModel.load(archive, TorchGolden.options());
                TorchScriptModel narrow =
                        TorchScriptModel.load(archive, TorchGolden.options().dataType(DataType.FLOAT32));
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> inputs =
                    NumpyFiles.readNpz(GoldenData.data().resolve("mlp_double/inputs.npz"), wide.tensors());
            Tensor x = inputs.values().iterator().next();
            double[] want = wide.forward(Inputs.of(x)).toDoubleArray();
            double[] have = narrow.forward(Inputs.of(x.to(DataType.FLOAT32))).toDoubleArray();
            for (int i = 0; i < want.length; i++) {
                assertThat(have[i]).isCloseTo(want[i], within(1e-5 * Math.abs(want[i]) + 1e-6));
            }
        }
    }

    @Test
    void types_that_no_weight_can_have_are_refused() {
        assertThatThrownBy(() -> LoadOptions.defaults().dataType(DataType.INT64))
                .hasMessage("dataType int64: weights become float32 or float64");
    }
}
