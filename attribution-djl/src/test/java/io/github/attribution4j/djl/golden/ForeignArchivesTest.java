// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Archives of other versions, of tools for phones, of traces made on a GPU: outputs, gradients and layers are those of
 * PyTorch in float64.
 */
class ForeignArchivesTest {
    private static final double RELATIVE = 2e-6;

    @TestFactory
    Stream<DynamicTest> everyForeignArchive() throws IOException {
        Map<String, Tensor> arrays = NumpyFiles.readNpz(GoldenData.foreign().resolve("arrays.npz"), Tensors.ofJava());
        return GoldenCase.objects(GoldenData.read(GoldenData.foreign().resolve("foreign.json"))).stream()
                .filter(json -> !json.has("cpu")
                        || System.getProperty("attribution.device", "cpu").equals("cpu"))
                .map(json -> DynamicTest.dynamicTest(json.get("name").getAsString(), () -> {
                    long live = Lifetime.count();
                    try (TensorScope scope = TensorScope.open()) {
                        check(json, arrays);
                    }
                    assertThat(Lifetime.count()).as("open tensors").isEqualTo(live);
                }));
    }

    private static void check(JsonObject json, Map<String, Tensor> arrays) {
        String name = json.get("name").getAsString();
        String file = json.has("file") ? json.get("file").getAsString() : name + ".pt";
        Path path = GoldenData.foreign().resolve(file);
        try (TorchScriptModel model = TorchScriptModel.load(path, TorchGolden.options())) {
            List<String> repairs = new ArrayList<>();
            GoldenCase.elements(json.has("repairs") ? json.get("repairs") : new JsonArray())
                    .forEach(line -> repairs.add(line.getAsString()));
            for (String repair : repairs) {
                assertThat(model.repairs()).anyMatch(line -> line.contains(repair));
            }
            assertThat(model.repairs().isEmpty()).isEqualTo(repairs.isEmpty());
            Tensor given = arrays.get(name + ".input");
            Inputs inputs = Inputs.of(model.tensors().of(given.toFloatArray(), given.shape()));
            same(model.forward(inputs), arrays.get(name + ".output"), "output");
            if (json.has("quantized")) {
                refusesGradients(model, inputs);
            } else {
                try (Explanation saliency = Saliency.signed().attribute(model, inputs, Target.index(1))) {
                    same(saliency.attribution(), arrays.get(name + ".gradient"), "gradient");
                }
            }
            List<String> layers = new ArrayList<>();
            GoldenCase.elements(json.get("layers")).forEach(layer -> layers.add(layer.getAsString()));
            for (int i = 0; i < layers.size(); i++) {
                Tensor value = model.cut(layers.get(i)).activations(inputs).get(0);
                same(value, arrays.get(name + ".layer_" + i), layers.get(i));
            }
            try (Explanation ablation = new FeatureAblation().attribute(model, inputs, Target.index(1))) {
                assertThat(ablation.attribution().shape()).isEqualTo(given.shape());
            }
            if (json.has("rules")) {
                hasRules(model, inputs);
            }
        }
    }

    /** Layers of integers can be looked at and perturbed; gradients pass behind them alone. */
    private static void refusesGradients(TorchScriptModel model, Inputs inputs) {
        assertThatThrownBy(() -> model.pullback(inputs))
                .isInstanceOf(ModelException.class)
                .hasMessage(
                        "operator quantize_per_tensor has no derivative, so no gradient passes it; cut the model at a"
                                + " layer after it, or use a perturbation method");
        assertThatThrownBy(() -> model.cut("c").pullback(inputs))
                .isInstanceOf(ModelException.class)
                .hasMessage("the value at which the model is cut is a quantized one, so no gradient passes it; cut the"
                        + " model at a layer after the quantized part, or use a perturbation method");
        model.cut("dq").pullback(inputs).close();
        assertThat(model.values(inputs)).hasSizeGreaterThan(7);
        Cut cut = model.cut("c");
        List<Tensor> activation = cut.activations(inputs);
        assertThat(cut.tail().forward(cut.tailInputs(inputs, activation)).toFloatArray())
                .isEqualTo(model.forward(inputs).toFloatArray());
    }

    private static void hasRules(TorchScriptModel model, Inputs inputs) {
        try (Explanation lift = new DeepLift().attribute(model, inputs, Target.index(1))) {
            for (double gap : lift.completenessGap()) {
                assertThat(gap).isCloseTo(0, offset(1e-5));
            }
        }
    }

    private static void same(Tensor actual, Tensor expected, String what) {
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        double[] wanted = expected.toDoubleArray();
        double[] values = actual.toDoubleArray();
        double most = 0;
        for (double value : wanted) {
            most = Math.max(most, Math.abs(value));
        }
        assertThat(most).as(what + " is not all zero").isPositive();
        for (int i = 0; i < wanted.length; i++) {
            assertThat(values[i]).as(what).isCloseTo(wanted[i], offset(RELATIVE * most));
        }
        assertThat(actual.dataType()).as(what).isEqualTo(DataType.FLOAT32);
    }
}
