// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.influence.Checkpoint;
import io.github.attribution4j.influence.Examples;
import io.github.attribution4j.influence.SelfInfluence;
import io.github.attribution4j.influence.TracInFast;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.contract.ParameterizedContract;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parameters of ONNX files are seen, and changed in copies. */
class OnnxParametersTest {
    @TempDir
    private Path folder;

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

    @Test
    void weightsInAFileOfTheirOwnAreSharedUntilTheLastCopyIsClosed() throws IOException {
        Files.write(folder.resolve("weights.bin"), floats(1, 2, 3, 4));
        Message location =
                Message.builder().text(1, "location").text(2, "weights.bin").build();
        Message weights = square("w").message(13, location).number(14, 1).build();
        Path path = Files.write(folder.resolve("linked.onnx"), squared(weights));
        OnnxModel model = OnnxModel.load(path);
        OnnxModel copy;
        try (TensorScope scope = TensorScope.open()) {
            copy = model.withParameters(Map.of("w", model.weight("w").mul(2)));
            assertThat(outputs(model)).containsExactly(7, 10);
        } finally {
            model.close();
        }
        try (copy) {
            assertThat(outputs(copy)).containsExactly(28, 40);
        }
    }

    @Test
    void aTensorOfSeveralNodesIsListedOnceAndChangedForAll() {
        byte[] file = squared(square("w").bytes(9, floats(1, 2, 3, 4)).build());
        try (OnnxModel model = OnnxModel.load(file);
                TensorScope scope = TensorScope.open()) {
            assertThat(model.parameters()).hasSize(1);
            assertThat(outputs(model)).containsExactly(7, 10);
            Map<String, Tensor> ones = Map.of("w", Tensors.ofJava().of(new float[] {1, 1, 1, 1}, 2, 2));
            try (OnnxModel copy = model.withParameters(ones)) {
                assertThat(outputs(copy)).containsExactly(2, 2);
                assertThat(outputs(model)).containsExactly(7, 10);
            }
        }
    }

    @Test
    void aWeightThatANodeHoldsIsAParameter() {
        Message held = Message.builder()
                .text(1, "value")
                .message(5, square("").bytes(9, floats(1, 2, 3, 4)).build())
                .number(20, 4)
                .build();
        Message constant = Message.builder()
                .text(2, "w")
                .text(4, "Constant")
                .message(5, held)
                .build();
        Message graph = twice(Message.builder().message(1, constant)).build();
        try (OnnxModel model = OnnxModel.load(file(graph));
                TensorScope scope = TensorScope.open()) {
            assertThat(model.parameters()).extracting(Parameter::name).containsExactly("w");
            Map<String, Tensor> ones = Map.of("w", Tensors.ofJava().of(new float[] {1, 1, 1, 1}, 2, 2));
            try (OnnxModel copy = model.withParameters(ones)) {
                assertThat(outputs(copy)).containsExactly(2, 2);
            }
        }
    }

    @Test
    void quantizedWeightsAreRefused() {
        Message stored =
                square("q").number(2, 3).bytes(9, new byte[] {1, 2, 3, 4}).build();
        Message scale =
                Message.builder().number(2, 1).text(8, "s").bytes(9, floats(1)).build();
        Message graph = twice(Message.builder()
                        .message(1, GraphMessages.node("DequantizeLinear", "w", "q", "s"))
                        .message(5, stored)
                        .message(5, scale))
                .build();
        try (OnnxModel model = OnnxModel.load(file(graph))) {
            assertThatThrownBy(model::parameters)
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContainingAll("DequantizeLinear", "quantized weights", "floating point");
            assertThat(outputs(model)).containsExactly(7, 10);
        }
    }

    @Test
    void weightsOfSixteenBitsAreSeenAsFloat32AndRoundedBack() {
        byte[] raw = {0x00, 0x3C, 0x00, 0x40, 0x00, 0x42, 0x00, 0x44};
        byte[] file = squared(typed("w", 10).bytes(9, raw).build(), 10);
        OnnxOptions inFloat32 = OnnxOptions.defaults().dataType(DataType.FLOAT32);
        try (OnnxModel model = OnnxModel.load(file, inFloat32);
                TensorScope scope = TensorScope.open()) {
            assertThat(model.parameters()).extracting(Parameter::dataType).containsExactly(DataType.FLOAT32);
            assertThat(model.weight("w").toFloatArray()).containsExactly(1, 2, 3, 4);
            try (OnnxModel copy =
                    model.withParameters(Map.of("w", model.weight("w").mul(0.5)))) {
                assertThat(copy.weight("w").toFloatArray()).containsExactly(0.5f, 1, 1.5f, 2);
                assertThat(outputs(copy)).containsExactly(1.75f, 2.5f);
            }
        }
    }

    /** PyTorch stores a weight as (outputs, inputs); this file as (inputs, outputs), and under PyTorch's name. */
    @Test
    void aLinearLayerIsKnownByAWeightOfEitherForm() {
        Message node = Message.builder()
                .text(1, "x")
                .text(1, "fc.weight")
                .text(2, "y")
                .text(3, "/fc/MatMul")
                .text(4, "MatMul")
                .build();
        Message weight = Message.builder()
                .number(1, 2)
                .number(1, 3)
                .number(2, 1)
                .text(8, "fc.weight")
                .bytes(9, floats(1, 2, 3, 4, 5, 6))
                .build();
        Message graph = Message.builder()
                .message(1, node)
                .text(2, "g")
                .message(5, weight)
                .message(11, GraphMessages.value("x", 2))
                .message(12, GraphMessages.value("y", 3))
                .build();
        try (OnnxModel model = OnnxModel.load(file(graph));
                TensorScope scope = TensorScope.open()) {
            assertThat(model.weightNames()).containsExactly("fc.weight");
            Tensor rows = Tensors.ofJava().of(new float[] {1, 2, 3, -1}, 2, 2);
            SelfInfluence found = new TracInFast("fc")
                    .bias(false)
                    .self(List.of(Checkpoint.of(model)), Examples.of(Inputs.of(rows), Target.index(1)), Run.defaults());
            assertThat(found.scores()).containsExactly(5, 10);
        }
    }

    /** A tensor of float32, 2 x 2, without its elements. */
    private static Message.Builder square(String name) {
        return typed(name, 1);
    }

    private static Message.Builder typed(String name, int type) {
        return Message.builder().number(1, 2).number(1, 2).number(2, type).text(8, name);
    }

    private static byte[] squared(Message weight) {
        return squared(weight, 1);
    }

    private static byte[] squared(Message weight, int type) {
        return file(twice(Message.builder().message(5, weight), type).build());
    }

    private static Message.Builder twice(Message.Builder graph) {
        return twice(graph, 1);
    }

    /** y = x w w. */
    private static Message.Builder twice(Message.Builder graph, int type) {
        return graph.message(1, GraphMessages.node("MatMul", "h", "x", "w"))
                .message(1, GraphMessages.node("MatMul", "y", "h", "w"))
                .text(2, "g")
                .message(11, GraphMessages.value("x", 2, type))
                .message(12, GraphMessages.value("y", 2, type));
    }

    private static byte[] file(Message graph) {
        return Message.builder()
                .number(1, 8)
                .message(7, graph)
                .message(8, Message.builder().number(2, 17).build())
                .build()
                .toBytes();
    }

    private static byte[] floats(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /** The output for the row (1, 0): the first row of w w. */
    private static float[] outputs(OnnxModel model) {
        try (TensorScope scope = TensorScope.open()) {
            return model.forward(Inputs.of(Tensors.ofJava().of(new float[] {1, 0}, 1, 2)))
                    .toFloatArray();
        }
    }
}
