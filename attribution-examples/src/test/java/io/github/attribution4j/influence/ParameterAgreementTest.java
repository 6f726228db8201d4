// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gradients by parameters that an archive and a graph both have are the same, whatever computes them. */
@ExtendWith(LeakExtension.class)
class ParameterAgreementTest {
    private static Tensor inputs(String model, Tensors tensors) {
        Tensor drawn = switch (model) {
            case "cnn" -> ReferenceModels.normal(DataType.FLOAT32, 3, 2, 3, 16, 16);
            case "segmentation" -> ReferenceModels.normal(DataType.FLOAT32, 3, 2, 3, 12, 12);
            case "residual" -> ReferenceModels.normal(DataType.FLOAT32, 3, 2, 1, 8, 8);
            case "timeseries_gru" -> ReferenceModels.normal(DataType.FLOAT32, 3, 2, 20, 4);
            case "transformer_encoder" -> ReferenceModels.normal(DataType.FLOAT32, 3, 2, 7, 5);
            case "text_lstm" ->
                Tensors.ofJava().of(new long[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 3, 2, 2, 1, 5, 4, 7, 8}, 2, 9);
            default -> ReferenceModels.normal(DataType.FLOAT32, 3, 2, 12);
        };
        return drawn.dataType().isFloating()
                ? tensors.of(drawn.toFloatArray(), drawn.shape().dims())
                : tensors.of(drawn.toLongArray(), drawn.shape().dims());
    }

    private static List<double[]> gradients(ParameterizedModel model, List<String> names, Tensor inputs) {
        try (TensorScope scope = TensorScope.open();
                Pullback pullback = model.pullbackTo(names, Inputs.of(inputs))) {
            double[] sent = new double[(int) pullback.output().shape().size()];
            Arrays.setAll(sent, i -> Math.cos(i + 1.0));
            Tensor cotangent = pullback.output()
                    .tensors()
                    .of(sent, pullback.output().dataType(), pullback.output().shape());
            return pullback.vjpLast(cotangent).stream()
                    .map(Tensor::toDoubleArray)
                    .toList();
        }
    }

    /** Exporters join batch norms and transpose weights, so that they keep the names of some parameters only. */
    @ParameterizedTest
    @CsvSource({
        "mlp_softmax, script, 4", "mlp_softmax, dynamo, 4", "cnn, script, 2", "cnn, dynamo, 2",
        "segmentation, script, 6", "segmentation, dynamo, 6", "residual, script, 10", "residual, dynamo, 10",
        "timeseries_gru, script, 4", "timeseries_gru, dynamo, 4", "text_lstm, script, 3", "text_lstm, dynamo, 3",
        "transformer_encoder, script, 20", "transformer_encoder, dynamo, 20"
    })
    void parameters_of_one_name_have_one_gradient(String name, String exporter, int atLeast) {
        try (TorchScriptModel archive =
                        TorchScriptModel.load(GoldenData.data().resolve("models/" + name + ".traced.pt"));
                OnnxModel graph = OnnxModel.load(GoldenData.onnx(name, exporter));
                TensorScope scope = TensorScope.open()) {
            List<String> both = new ArrayList<>();
            List<String> known = archive.weightNames();
            for (Parameter parameter : graph.parameters()) {
                if (known.contains(parameter.name())
                        && Arrays.equals(
                                archive.weight(parameter.name()).toDoubleArray(),
                                graph.weight(parameter.name()).toDoubleArray())) {
                    both.add(parameter.name());
                }
            }
            assertThat(both).hasSizeGreaterThanOrEqualTo(atLeast);
            List<double[]> expected = gradients(archive, both, inputs(name, archive.tensors()));
            List<double[]> found = gradients(graph, both, inputs(name, graph.tensors()));
            for (int i = 0; i < both.size(); i++) {
                double most =
                        Arrays.stream(expected.get(i)).map(Math::abs).max().orElse(0);
                assertThat(found.get(i)).as(both.get(i)).containsExactly(expected.get(i), within(1e-4 * (most + 1e-3)));
            }
        }
    }
}
