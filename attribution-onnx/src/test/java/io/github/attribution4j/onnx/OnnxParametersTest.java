// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.contract.ParameterizedContract;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parameters of ONNX files are seen, and changed in copies. */
class OnnxParametersTest {
    private static final List<String> MLP =
            List.of("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias");

    /** The same network of float64, as both exporters write it. */
    abstract static class Mlp extends ParameterizedContract {
        private final String exporter;

        Mlp(String exporter) {
            this.exporter = exporter;
        }

        @Override
        protected ParameterizedModel model() {
            return OnnxModel.load(GoldenData.onnx("mlp_double", exporter));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 3, rows, 10));
        }

        @Override
        protected List<String> learned() {
            return MLP;
        }
    }

    @Nested
    class Script extends Mlp {
        Script() {
            super("script");
        }
    }

    @Nested
    class Dynamo extends Mlp {
        Dynamo() {
            super("dynamo");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"script", "dynamo"})
    void layersAreModules(String exporter) {
        try (OnnxModel model = OnnxModel.load(GoldenData.onnx("cnn", exporter));
                TensorScope scope = TensorScope.open()) {
            List<Parameter> all = model.parameters();
            assertThat(all.get(0).layer()).isEqualTo("conv1");
            assertThat(all.get(all.size() - 1).layer()).isEqualTo("fc");
            Map<String, Tensor> others = new HashMap<>();
            all.forEach(
                    each -> others.put(each.name(), model.weight(each.name()).mul(0.5)));
            try (OnnxModel copy = model.withParameters(others)) {
                others.forEach((name, value) ->
                        assertThat(copy.weight(name).toDoubleArray()).isEqualTo(value.toDoubleArray()));
            }
        }
    }

    @Test
    void constantsThatAreNoParametersAreLeftOut() {
        try (OnnxModel model = OnnxModel.load(GoldenData.onnx("transformer_encoder", "script"))) {
            assertThat(model.parameters())
                    .allMatch(each -> each.shape().rank() > 0 && each.dataType().isFloating());
        }
    }
}
