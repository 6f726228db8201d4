// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import io.github.attribution4j.djl.internal.archive.SplitArchive;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.engine.SharedParameters;
import io.github.attribution4j.djl.internal.engine.TorchRuntime;
import io.github.attribution4j.djl.internal.engine.TorchTensors;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model whose one weight, 3 × 1,000,000, is too much to be kept in Java. */
class SharedParametersTest {
    private static final int ROWS = 3;
    private static final int COLUMNS = 1_000_000;

    private static final String CODE = """
            class Layer(Module):
              __parameters__ = ["weight", ]
              __buffers__ = []
              weight : Tensor
              training : bool
              def forward(self: __torch__.Layer, x: Tensor) -> Tensor:
                weight = self.weight
                return torch.matmul(x, torch.t(weight))
            class M(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
              n : int
              layer : __torch__.Layer
              def forward(self: __torch__.M, x: Tensor) -> Tensor:
                layer = self.layer
                y = torch.relu((layer).forward(x, ))
                return torch.mul(y, y)
              def counted(self: __torch__.M, x: Tensor) -> Tensor:
                n = self.n
                self.n = torch.add(n, 1)
                n0 = self.n
                return torch.mul((self).forward(x, ), n0)
            """;

    private static float weight(int row, int column) {
        return (column % 7 - 3) * (row + 1) * 1e-3f;
    }

    private static byte[] archive() {
        ByteBuffer weights = ByteBuffer.allocate(Float.BYTES * ROWS * COLUMNS).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < ROWS; row++) {
            for (int column = 0; column < COLUMNS; column++) {
                weights.putFloat(weight(row, column));
            }
        }
        String tensor = "ctorch._utils\n_rebuild_tensor_v2\n(("
                + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + number(ROWS * COLUMNS) + "tQ"
                + number(0) + number(ROWS) + number(COLUMNS) + "\u0086" + number(COLUMNS) + number(1) + "\u0086\u0088"
                + "ccollections\nOrderedDict\n)RtR";
        String pickle = "\u0080\u0002c__torch__\nM\n)\u0081}(" + text("training") + "\u0089" + text("n") + number(2)
                + text("layer") + "c__torch__\nLayer\n)\u0081}(" + text("weight") + tensor + text("training")
                + "\u0089ubub.";
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("code/__torch__.py", CODE.getBytes(StandardCharsets.US_ASCII));
        entries.put("data.pkl", pickle.getBytes(StandardCharsets.ISO_8859_1));
        entries.put("constants.pkl", "\u0080\u0002).".getBytes(StandardCharsets.ISO_8859_1));
        entries.put("version", "3\n".getBytes(StandardCharsets.US_ASCII));
        entries.put("data/0", weights.array());
        return TorchArchive.of("m", entries).toBytes();
    }

    private static String text(String value) {
        return "X" + little(value.length()) + value;
    }

    private static String number(int value) {
        return "J" + little(value);
    }

    private static String little(int value) {
        byte[] bytes = ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static Inputs inputs(TorchScriptModel model) {
        float[] values = new float[COLUMNS];
        for (int i = 0; i < COLUMNS; i++) {
            values[i] = i % 5;
        }
        return Inputs.of(model.tensors().of(values, 1, COLUMNS));
    }

    private static double[] expected() {
        double[] expected = new double[ROWS];
        for (int row = 0; row < ROWS; row++) {
            double sum = 0;
            for (int column = 0; column < COLUMNS; column++) {
                sum += (double) weight(row, column) * (column % 5);
            }
            expected[row] = sum;
        }
        return expected;
    }

    @Test
    @DisplayName("Another method and another state hold where parameters are kept apart from the program")
    void whatIsAskedForHolds() {
        double[] plain = new double[ROWS];
        for (int row = 0; row < ROWS; row++) {
            double positive = Math.max(0, expected()[row]);
            plain[row] = positive * positive;
        }
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> start = Map.of("n", Tensors.ofJava().of(new long[] {6}, 1));
            for (Map<String, Tensor> state : List.of(Map.<String, Tensor>of(), start)) {
                LoadOptions options = TestModels.options().method("counted").state(state);
                try (TorchScriptModel model = TorchScriptModel.load(new ByteArrayInputStream(archive()), options)) {
                    int count = state.isEmpty() ? 3 : 7;
                    double[] output = model.forward(inputs(model)).toDoubleArray();
                    for (int row = 0; row < ROWS; row++) {
                        assertThat(output[row]).isCloseTo(plain[row] * count, withinPercentage(0.1));
                    }
                    assertThat(model.stateAfter(inputs(model)).get("n").toLongArray())
                            .containsExactly(count);
                }
            }
        }
    }

    @Test
    @DisplayName(
            "Layers, values inside methods and backward rules need neither the file nor a second copy of the weights")
    void fileIsNotNeeded(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("m.pt"), archive());
        try (TorchScriptModel model = TorchScriptModel.load(file, TestModels.options());
                TensorScope scope = TensorScope.open()) {
            Files.delete(file);
            double[] expected = expected();
            Inputs inputs = inputs(model);
            double[] output = model.forward(inputs).toDoubleArray();
            double[] layer = model.cut("layer").activations(inputs).get(0).toDoubleArray();
            double[] inside = model.cut("relu#0").activations(inputs).get(0).toDoubleArray();
            for (int row = 0; row < ROWS; row++) {
                double relu = Math.max(expected[row], 0);
                assertThat(layer[row]).isCloseTo(expected[row], within(expected[row]));
                assertThat(inside[row]).isCloseTo(relu, within(expected[row]));
                assertThat(output[row]).isCloseTo(relu * relu, within(relu * relu));
            }
            RuleSet guided = RuleSet.of(Operation.Selector.name("relu"), new BackwardRule.GuidedRelu())
                    .otherwise(new BackwardRule.Gradient());
            try (var run = model.with(guided).run(inputs)) {
                float[] ones = {1, 1, 1};
                Tensor gradient = run.back(model.tensors().of(ones, 1, ROWS)).get(0);
                double sum = 0;
                for (int row = 0; row < ROWS; row++) {
                    sum += 2 * Math.max(expected[row], 0) * weight(row, 12);
                }
                assertThat(gradient.toDoubleArray()[12]).isCloseTo(sum, within(sum));
            }
        }
    }

    private static org.assertj.core.data.Offset<Double> within(double value) {
        return org.assertj.core.data.Offset.offset(1e-4 * Math.max(1, Math.abs(value)));
    }

    @Test
    @DisplayName("Two modules have one weight")
    void oneCopy() throws IOException {
        SplitArchive split = SplitArchive.of(TorchArchive.read(new ByteArrayInputStream(archive())));
        TorchRuntime runtime = TorchRuntime.get();
        TorchTensors tensors = TorchRuntime.get().tensors(TestModels.options().device());
        Path file = Files.createTempFile("frame", ".pt");
        try (SharedParameters parameters = SharedParameters.read(split, runtime, tensors);
                PtNDManager manager = (PtNDManager) tensors.manager().newSubManager()) {
            split.frame().writeTo(file);
            PtNDArray first = loaded(runtime, file, manager, parameters);
            PtNDArray second = loaded(runtime, file, manager, parameters);
            assertThat(second.getFloat(2, 5)).isEqualTo(weight(2, 5));
            try (NDArray seven = manager.create(7f)) {
                first.set(new ai.djl.ndarray.index.NDIndex("2, 5"), seven);
            }
            assertThat(second.getFloat(2, 5)).isEqualTo(7f);
        } finally {
            Files.delete(file);
        }
    }

    private static PtNDArray loaded(TorchRuntime runtime, Path file, PtNDManager manager, SharedParameters parameters) {
        PtSymbolBlock block = runtime.load(file, manager);
        assertThat(runtime.freeze(block, manager, parameters, false)).isEqualTo(DataType.FLOAT32);
        return (PtNDArray) JniUtils.moduleGetParams(block, manager).get(0);
    }

    @Test
    @DisplayName("A file that is damaged in the weights is refused")
    void damaged(@TempDir Path folder) throws IOException {
        byte[] bytes = archive();
        bytes[bytes.length / 2] ^= 1;
        Path file = Files.write(folder.resolve("m.pt"), bytes);
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> TorchScriptModel.load(file, TestModels.options()))
                .hasMessageContaining("the checksum of entry 'm/data/0' does not match");
    }
}
