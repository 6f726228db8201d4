// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.contract.ParameterizedContract;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parameters of archives are seen, and changed in copies. */
class TorchScriptParametersTest {
    @Nested
    class DoubleTraced extends ParameterizedContract {
        @Override
        protected ParameterizedModel model() {
            return TestModels.golden("mlp_double.traced.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT64, rows, 1, 10));
        }

        @Override
        protected List<String> learned() {
            return List.of("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias");
        }
    }

    /** Layers that are declared in another order than they are used in. */
    @Nested
    class Convolutional extends ParameterizedContract {
        @Override
        protected ParameterizedModel model() {
            return TestModels.golden("../../propagation/models/convolutional.scripted.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT32, rows, 4, 2, 8, 8));
        }

        @Override
        protected List<String> learned() {
            return List.of(
                    "conv1.weight",
                    "conv1.bias",
                    "conv2.weight",
                    "conv2.bias",
                    "conv3.weight",
                    "conv3.bias",
                    "fc1.weight",
                    "fc1.bias",
                    "fc2.weight",
                    "fc2.bias");
        }
    }

    private static TorchScriptModel zoo(String name) {
        return TorchScriptModel.load(GoldenData.zoo().resolve(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"script", "trace"})
    void sharedParametersAreListedOnceWithAllNames(String form) {
        try (TorchScriptModel model = zoo("shared_names." + form + ".pt");
                TensorScope scope = TensorScope.open()) {
            Parameter weight = model.parameter("tied.weight");
            assertThat(weight.name()).isEqualTo("block.0.weight");
            assertThat(weight.otherNames()).containsExactly("again.0.weight", "tied.weight");
            assertThat(weight.layer()).isEqualTo("block.0");
            assertThat(model.parameter("tied.bias").otherNames()).isEmpty();
            Tensor other = model.weight("tied.weight").mul(-2);
            try (TorchScriptModel copy = model.withParameters(Map.of("tied.weight", other))) {
                for (String name : List.of("block.0.weight", "again.0.weight", "tied.weight")) {
                    assertThat(copy.weight(name).toFloatArray()).isEqualTo(other.toFloatArray());
                }
                assertThat(copy.weight("unused.weight").toFloatArray())
                        .isEqualTo(model.weight("unused.weight").toFloatArray());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cnn.scripted.pt", "cnn.traced.pt"})
    void runningStatisticsAreBuffers_andCanBeChanged(String file) {
        try (TorchScriptModel model = TestModels.golden(file);
                TensorScope scope = TensorScope.open()) {
            Map<String, Boolean> learned = new HashMap<>();
            model.parameters().forEach(each -> learned.put(each.name(), each.isLearned()));
            assertThat(learned)
                    .containsEntry("bn1.weight", true)
                    .containsEntry("bn1.bias", true)
                    .containsEntry("bn1.running_mean", false)
                    .containsEntry("bn1.running_var", false);
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 2, 3, 3, 16, 16));
            Tensor mean = model.weight("bn1.running_mean").add(1);
            double[] before = model.cut("bn1").activations(inputs).get(0).toDoubleArray();
            try (TorchScriptModel copy = model.withParameters(Map.of("bn1.running_mean", mean))) {
                double[] after = copy.cut("bn1").activations(inputs).get(0).toDoubleArray();
                double[] variance = model.weight("bn1.running_var").toDoubleArray();
                double[] scale = model.weight("bn1.weight").toDoubleArray();
                for (int i = 0; i < after.length; i++) {
                    int channel = i / 256 % variance.length;
                    assertThat(after[i] - before[i])
                            .isCloseTo(-scale[channel] / Math.sqrt(variance[channel] + 1e-5), within(1e-4));
                }
            }
        }
    }

    @Test
    void layersAreInTheOrderOfTheirUse() {
        try (TorchScriptModel model = TestModels.script(
                        "def forward(self: __torch__.M, x: Tensor) -> Tensor:\n  return torch.mul(x, x)\n");
                TorchScriptModel cnn = TestModels.golden("cnn.traced.pt")) {
            assertThat(model.parameters()).isEmpty();
            assertThat(cnn.parameters().stream().map(Parameter::layer).distinct())
                    .startsWith("conv1", "bn1")
                    .endsWith("fc");
        }
    }

    @Test
    void numbersOf16BitsAreRounded() {
        try (TorchScriptModel model = TorchScriptModel.load(GoldenData.special().resolve("float16.pt"));
                TensorScope scope = TensorScope.open()) {
            Parameter first = model.parameters().get(0);
            float[] exact = new float[(int) first.shape().size()];
            for (int i = 0; i < exact.length; i++) {
                exact[i] = new float[] {1 + 0x1p-11f, 1 + 3 * 0x1p-11f, 65519, 1e9f, 0x1p-24f, 0x1p-25f, -0.1f}[i % 7];
            }
            float[] rounded = {1, 1 + 0x1p-9f, 65504, Float.POSITIVE_INFINITY, 0x1p-24f, 0, -0.099975586f};
            try (TorchScriptModel copy =
                    model.withParameters(Map.of(first.name(), Tensors.ofJava().of(exact, first.shape())))) {
                float[] read = copy.weight(first.name()).toFloatArray();
                for (int i = 0; i < read.length; i++) {
                    assertThat(read[i]).isEqualTo(rounded[i % 7]);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mlp_quantized.script.pt",
                "mlp_quantized.trace.pt",
                "lstm_quantized.trace.pt",
                "bert_shaped_quantized.script.pt"
            })
    void quantizedParametersAreRefused(String file) {
        try (TorchScriptModel model = zoo(file)) {
            assertThatThrownBy(model::parameters)
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageMatching("parameters cannot be seen: '.+' is quantized or packed for the processor; load"
                            + " an archive of the model in floating point");
            assertThatThrownBy(() -> model.withParameters(Map.of())).isInstanceOf(UnsupportedModelException.class);
        }
    }

    @Test
    void frozenParametersAreRefused() {
        try (TorchScriptModel model = zoo("mlp.script_frozen.pt")) {
            assertThatThrownBy(model::parameters)
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("the archive was frozen");
        }
    }

    @Test
    void copiesFollowRules() {
        try (TorchScriptModel model = TestModels.golden("../../propagation/models/convolutional.scripted.pt");
                TensorScope scope = TensorScope.open();
                TorchScriptModel copy = model.withParameters(
                        Map.of("conv1.weight", model.weight("conv1.weight").mul(-1)))) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 2, 4, 2, 8, 8));
            for (Attribution<? super TorchScriptModel> method : List.<Attribution<? super TorchScriptModel>>of(
                    new GuidedBackprop(), new Lrp(Composites.epsilonPlus()))) {
                try (Explanation one = method.attribute(model, inputs, Target.index(0));
                        Explanation other = method.attribute(copy, inputs, Target.index(0))) {
                    assertThat(other.attributions().get(0).toDoubleArray())
                            .isNotEqualTo(one.attributions().get(0).toDoubleArray());
                    assertThat(other.provenance().model())
                            .isNotEqualTo(one.provenance().model());
                }
            }
        }
    }

    /** Storages of every kind: views, expanded tensors, several types. */
    @Test
    void everyParameterOfEveryArchiveIsReadAndWritten() throws IOException {
        int seen = 0;
        try (var files = Files.list(GoldenData.zoo())) {
            for (Path file : files.filter(each -> each.toString().endsWith(".pt"))
                    .sorted()
                    .toList()) {
                try (TorchScriptModel model = TorchScriptModel.load(file);
                        TensorScope scope = TensorScope.open()) {
                    List<Parameter> all;
                    try {
                        all = model.parameters();
                    } catch (UnsupportedModelException e) {
                        assertThat(file.toString()).matches(".*(frozen|quantized).*");
                        continue;
                    }
                    Map<String, Tensor> others = new HashMap<>();
                    all.stream()
                            .filter(each -> each.dataType().isFloating())
                            .forEach(each -> others.put(
                                    each.name(), model.weight(each.name()).mul(0.5)));
                    try (TorchScriptModel copy = model.withParameters(others)) {
                        others.forEach((name, value) ->
                                assertThat(copy.weight(name).toDoubleArray()).isEqualTo(value.toDoubleArray()));
                    }
                    seen += all.size();
                }
            }
        }
        assertThat(seen).isGreaterThan(500);
    }
}
