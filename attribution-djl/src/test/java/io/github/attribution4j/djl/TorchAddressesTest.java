// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Calls that are not listed, other names of one module, and what listings say about them. */
class TorchAddressesTest {
    private static TorchScriptModel model(String archive) {
        return TorchScriptModel.load(Zoo.file(archive), TestModels.options());
    }

    private static Inputs input(TorchScriptModel model, int... shape) {
        int size = java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) Math.sin(1.7 * i + 0.3);
        }
        long[] sizes = java.util.Arrays.stream(shape).asLongStream().toArray();
        return Inputs.of(model.tensors().of(values, sizes));
    }

    @Test
    void everyCallInALoopHasAnAddressListedOrNot() {
        try (TorchScriptModel model = model("control_script.pt");
                TensorScope scope = TensorScope.open()) {
            Cut.Point listed = model.cutPoint("cell");
            assertThat(model.cutPoints())
                    .contains(listed)
                    .noneMatch(p -> p.path().equals("cell") && p.call() > 0);
            assertThat(model.note(listed)).isEqualTo("repeated: cell#1, cell#2, ...");
            assertThat(model.note(model.cutPoint("large"))).isEmpty();
            Inputs inputs = input(model, 2, 3);
            List<Cut.Point> seen = model.values(inputs).stream()
                    .map(Cut.Value::point)
                    .filter(p -> p.path().equals("cell") && p.side() == Cut.Side.OUTPUT)
                    .toList();
            assertThat(seen).hasSize(3);
            Tensor before = null;
            for (int call = 0; call < 3; call++) {
                Cut.Point point = model.cutPoint("cell#" + call);
                assertThat(point).isEqualTo(seen.get(call));
                Cut cut = model.cut(point);
                Tensor value = cut.head().forward(inputs);
                assertThat(cut.tail().forward(cut.tailInputs(inputs, value)).toFloatArray())
                        .isEqualTo(model.forward(inputs).toFloatArray());
                assertThat(before == null || !java.util.Arrays.equals(before.toFloatArray(), value.toFloatArray()))
                        .isTrue();
                before = value;
            }
            Tensor given = model.cut("cell#2:in").head().forward(inputs);
            assertThat(given.shape()).isEqualTo(inputs.tensors().get(0).shape());
            Cut never = model.cut("cell#7");
            assertThatThrownBy(() -> never.head().forward(inputs))
                    .isInstanceOf(ModelException.class)
                    .hasMessageStartingWith("layer 'cell' has no call 7 in this run");
            assertThatThrownBy(() -> model.cutPoint("cell#2[1]")).isInstanceOf(UnknownLayerException.class);
            assertThatThrownBy(() -> model.cutPoint("large#1")).isInstanceOf(UnknownLayerException.class);
        }
    }

    @Test
    void anotherNameOfOneModuleMeansTheNameThatIsCalled() {
        try (TorchScriptModel model = model("aliases_script.pt");
                TensorScope scope = TensorScope.open()) {
            assertThat(model.cutPoint("shown")).isEqualTo(model.cutPoint("called"));
            assertThat(model.cutPoint("shown.fc:in")).isEqualTo(model.cutPoint("called.fc:in"));
            assertThat(model.cutPoints())
                    .extracting(Cut.Point::path)
                    .contains("called")
                    .doesNotContain("shown");
            assertThat(model.note(model.cutPoint("called"))).isEqualTo("also named shown");
            Inputs inputs = input(model, 2, 4);
            assertThat(model.cut(new Cut.Point("shown", "Cell", 0))
                            .head()
                            .forward(inputs)
                            .toFloatArray())
                    .isEqualTo(model.cut("called").head().forward(inputs).toFloatArray());
            assertThatThrownBy(() -> model.cutPoint("three"))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("it has the weights of 'two' and 'one', which the program calls");
        }
    }

    @Test
    void aValueThatPassesThroughAModuleOfATraceSaysSo() {
        try (TorchScriptModel model = model("handing_trace.pt");
                TensorScope scope = TensorScope.open()) {
            Cut.Point point = model.cutPoint("block.bn.drop");
            assertThat(model.cutPoints()).contains(point);
            assertThat(point.kind()).isEqualTo("Identity");
            assertThat(model.note(point)).isEqualTo("passes its input through");
            Inputs inputs = input(model, 2, 4);
            assertThat(model.cut(point).head().forward(inputs).toFloatArray())
                    .isEqualTo(model.cut("block.bn").head().forward(inputs).toFloatArray());
            assertThatThrownBy(() -> model.cutPoint("probe"))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("does not say which value passes through");
        }
    }

    private static Tensor gradient(TorchScriptModel model, Inputs inputs, String address) {
        Cut cut = model.cut(address);
        Tensor value = cut.head().forward(inputs);
        try (Pullback pullback = cut.tail().pullback(cut.tailInputs(inputs, value))) {
            assertThat(pullback.output().toFloatArray())
                    .isEqualTo(model.forward(inputs).toFloatArray());
            return pullback.vjp(pullback.output()).get(0);
        }
    }

    @Test
    void gradientsInsideForksAndAtArgumentsAreThoseOfTheWeights() {
        try (TorchScriptModel model =
                        TorchScriptModel.load(GoldenData.zoo().resolve("forked.script.pt"), TestModels.options());
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = input(model, 1, 4);
            float[] output = model.forward(inputs).toFloatArray();
            float[] weight = model.weight("head.weight").toFloatArray();
            float[] expected = new float[8];
            for (int i = 0; i < 16; i++) {
                expected[i % 8] += output[i / 8] * weight[i];
            }
            assertThat(gradient(model, inputs, "head:in").toFloatArray())
                    .containsExactly(expected, org.assertj.core.data.Offset.offset(1e-6f));
            assertThat(gradient(model, inputs, "left").toFloatArray())
                    .containsExactly(java.util.Arrays.copyOf(expected, 4), org.assertj.core.data.Offset.offset(1e-6f));
        }
    }

    @Test
    void dictOutputsHaveGradientsAtLayers() {
        try (TorchScriptModel model = TorchScriptModel.load(
                        Zoo.file("dict_script.pt"), TestModels.options().output("mean"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.none()
                    .attribute("features.left", model.tensors().of(new float[] {1, -2, 3}, 1, 3))
                    .attribute("features.right", model.tensors().of(new float[] {2, 1}, 1, 2));
            float mean = model.forward(inputs).toFloatArray()[0];
            assertThat(gradient(model, inputs, "b").toFloatArray())
                    .containsExactly(
                            new float[] {mean / 4, mean / 4, mean / 4, mean / 4},
                            org.assertj.core.data.Offset.offset(1e-6f));
        }
    }

    @Test
    void whatARepairPassesAValueThroughIsNoPlace() {
        String forward = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  y = torch.quantize_per_tensor(torch.mul(x, 2.), 0.5, 0, 13)
                  return torch.dequantize(torch.relu(y))
                """;
        try (TorchScriptModel model = TestModels.script(forward)) {
            assertThat(model.repairs()).anyMatch(repair -> repair.contains("quantize_per_tensor has no derivative"));
            assertThat(model.cutPoints().stream().map(Cut.Point::toString))
                    .contains("/mul#0", "/relu#0", "/dequantize#0")
                    .noneMatch(address -> address.contains("no_derivative"));
        }
    }
}
