// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an address means: a module's path, a call of it, or a value's name. */
class OnnxAddressesTest {
    private static final Golden GOLDEN = Golden.read("models.npz");

    private static Tensor copy(Tensor tensor) {
        return Tensors.ofJava().of(tensor.toFloatArray(), tensor.shape());
    }

    @ParameterizedTest
    @CsvSource({
        "resnet.script, layer1, /layer1/Relu_1_output_0",
        "resnet.dynamo, layer1, relu_2",
        "resnet.script, stem.2, /stem/stem.2/Relu_output_0",
        "resnet.dynamo, stem.2, relu",
        "resnet.script, stem, /stem/stem.3/MaxPool_output_0",
        "resnet.dynamo, stem, max_pool2d",
        "resnet.script, fc, y",
        "resnet.dynamo, fc, y",
        "resnet.dynamo, layer2.down, getitem_15",
        "resnet.dynamo, layer1.bn2, getitem_6"
    })
    void a_module_and_its_value_are_one(String name, String module, String value) {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes(name + "/model"));
                Tensor x = copy(GOLDEN.tensor(name + "/in/x0"));
                Tensor byModule = model.cut(module).activations(Inputs.of(x)).get(0);
                Tensor byName = model.cut(value).activations(Inputs.of(x)).get(0)) {
            assertThat(byModule.toFloatArray()).isEqualTo(byName.toFloatArray());
            assertThat(model.note(model.cutPoint(module))).isEqualTo("value " + value);
            assertThat(model.note(model.cutPoint(value))).isEmpty();
            assertThat(model.cutPoints()).contains(model.cutPoint(module), model.cutPoint(value));
            assertThatThrownBy(() -> model.cut(module, value).activations(Inputs.of(x)))
                    .hasMessageContainingAll("'" + module + "'", "'" + value + "'", "is computed from");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "resnet.script, layer1.conv1, joined a batch norm, /layer1/conv1/Conv_output_0",
        "resnet.script, stem.0, joined a batch norm, /stem/stem.0/Conv_output_0",
        "resnet.dynamo, layer1.conv1, joined it with 'layer1.bn1', getitem_3",
        "resnet.dynamo, layer2.down.0, joined it with 'layer2.down.1', getitem_15",
        "mobile.dynamo, depthwise.0, joined it with 'depthwise.1', getitem_3"
    })
    void a_convolution_joined_with_its_batch_norm_is_refused(
            String name, String module, String reason, String offered) {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes(name + "/model"))) {
            assertThatThrownBy(() -> model.cut(module))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageStartingWith("layer '" + module + "' cannot be cut: ")
                    .hasMessageContainingAll(reason, "'" + offered + "'");
            assertThatThrownBy(() -> model.cut(new Cut.Point(module, "Conv2d", 0)))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining(offered);
            assertThat(model.cutPoints()).noneMatch(point -> point.path().equals(module));
            assertThat(model.cut(offered).point().toString()).isEqualTo(offered);
        }
    }

    @Test
    void the_list_has_types_and_shapes_and_modules_first() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("mlp.script/model"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(Tensors.ofJava().of(new float[6], 1, 6));
            List<Cut.Value> values = model.values(inputs);
            assertThat(values.stream().map(value -> value.point().toString()).limit(10))
                    .containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "/0/Gemm_output_0", "/1/Relu_output_0");
            assertThat(values).allMatch(value -> value.dataType() == DataType.FLOAT32);
            assertThat(values.get(0).shape()).isEqualTo(values.get(8).shape());
            assertThat(values.get(0).shape().rank()).isEqualTo(2);
            assertThat(values)
                    .filteredOn(value -> value.point().side() == Cut.Side.OUTPUT)
                    .extracting(Cut.Value::point)
                    .isEqualTo(model.cutPoints());
            assertThat(values)
                    .filteredOn(value -> value.point().side() == Cut.Side.INPUT)
                    .extracting(value -> value.point() + " " + model.note(value.point()))
                    .startsWith("0:in value x0", "1:in value /0/Gemm_output_0")
                    .hasSize(8);
        }
    }

    @Test
    void near_names_are_offered_of_both_kinds() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("resnet.script/model"))) {
            assertThatThrownBy(() -> model.cut("layer3"))
                    .isInstanceOf(UnknownLayerException.class)
                    .hasMessageContaining("layer1");
            assertThatThrownBy(() -> model.cut("/layer1/Relu_output"))
                    .isInstanceOf(UnknownLayerException.class)
                    .hasMessageContaining("/layer1/Relu_output_0");
            assertThatThrownBy(() -> model.cut("layer1#1")).isInstanceOf(UnknownLayerException.class);
            assertThatThrownBy(() -> model.cut("layer1[1]")).isInstanceOf(UnknownLayerException.class);
            assertThatThrownBy(() -> model.cut("x0"))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("an input of the model");
        }
    }

    /** A node with one input and one output. */
    private static Message node(String type, String name, String from, String to, String scopes, String classes) {
        Message.Builder node =
                Message.builder().text(1, from).text(2, to).text(3, name).text(4, type);
        Map.of("pkg.torch.onnx.name_scopes", scopes, "pkg.torch.onnx.class_hierarchy", classes)
                .forEach((key, value) -> {
                    if (!value.isEmpty()) {
                        node.message(
                                9, Message.builder().text(1, key).text(2, value).build());
                    }
                });
        return node.build();
    }

    /** A node with several inputs. */
    private static Message nodes(String type, String name, List<String> from, String to) {
        return Message.builder()
                .texts(1, from)
                .text(2, to)
                .text(3, name)
                .text(4, type)
                .build();
    }

    /** A node that gives floats. */
    private static Message floats(String type, String name, String from, String to) {
        return Message.builder()
                .text(1, from)
                .text(2, to)
                .text(3, name)
                .text(4, type)
                .message(
                        5,
                        Message.builder()
                                .text(1, "to")
                                .number(3, 1)
                                .number(20, 2)
                                .build())
                .build();
    }

    private static OnnxModel model(Message... nodes) {
        Message size = Message.builder()
                .message(1, Message.builder().text(2, "rows").build())
                .message(1, Message.builder().number(1, 2).build())
                .build();
        Message tensor = Message.builder().number(1, 1).message(2, size).build();
        Message type = Message.builder().message(1, tensor).build();
        Message.Builder graph = Message.builder();
        List.of(nodes).forEach(node -> graph.message(1, node));
        graph.text(2, "g")
                .message(11, Message.builder().text(1, "x").message(2, type).build())
                .message(12, Message.builder().text(1, "y").message(2, type).build());
        return OnnxModel.load(Message.builder()
                .number(1, 8)
                .message(7, graph.build())
                .message(8, Message.builder().number(2, 18).build())
                .build()
                .toBytes());
    }

    private static float[] at(OnnxModel model, String address) {
        try (Tensor x = Tensors.ofJava().of(new float[] {0.5f, 1}, Shape.of(1, 2));
                Tensor value = model.cut(address).activations(Inputs.of(x)).get(0)) {
            return value.toFloatArray();
        }
    }

    @Test
    void a_name_that_is_a_modules_path_means_the_module() {
        try (OnnxModel model = model(
                node("Exp", "n0", "x", "act", "['', 'first', 'exp']", "['Net', 'torch.nn.Exp', 'aten.exp']"),
                node("Neg", "n1", "act", "act_1", "['', 'act', 'neg']", "['Net', 'my.Negative', 'aten.neg']"),
                node("Tanh", "n2", "act_1", "y", "", ""))) {
            assertThat(at(model, "act")).containsExactly((float) -Math.exp(0.5), (float) -Math.exp(1));
            assertThat(at(model, "/act")).containsExactly((float) Math.exp(0.5), (float) Math.exp(1));
            assertThat(at(model, "first")).isEqualTo(at(model, "/act"));
            List<String> points = new ArrayList<>();
            model.cutPoints().forEach(point -> points.add(point + " " + point.kind()));
            assertThat(points).containsExactly("first Exp", "act Negative", "/act Exp", "act_1 Neg", "y Tanh");
        }
    }

    @Test
    void each_call_of_a_module_has_an_address() {
        try (OnnxModel model = model(
                node("Relu", "/act/Relu", "x", "/act/Relu_output_0", "", ""),
                node("Exp", "/Exp", "/act/Relu_output_0", "/Exp_output_0", "", ""),
                node("Relu", "/act_1/Relu", "/Exp_output_0", "other", "", ""),
                node("Relu", "/act/Relu_1", "/Exp_output_0", "/act/Relu_1_output_0", "", ""),
                node("Neg", "/Neg", "/act/Relu_1_output_0", "y", "", ""))) {
            assertThat(at(model, "act")).isEqualTo(at(model, "/act/Relu_output_0"));
            assertThat(at(model, "act#0")).isEqualTo(at(model, "act"));
            assertThat(at(model, "act#1")).isEqualTo(at(model, "/act/Relu_1_output_0"));
            assertThatThrownBy(() -> model.cut("act#2"))
                    .isInstanceOf(UnknownLayerException.class)
                    .hasMessageContaining("act#1");
            assertThatThrownBy(() -> model.cut("act_1"))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("no floating-point value");
            assertThatThrownBy(() -> model.cut("other"))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("the output 'y' is not computed from it");
        }
    }

    /** One node for each way to compute numbers from sizes. */
    @Test
    void what_is_computed_from_sizes_alone_is_no_point() {
        try (OnnxModel model = model(
                node("Shape", "n0", "x", "size", "", ""),
                floats("Cast", "n1", "size", "wide"),
                node("Sqrt", "n2", "wide", "/attention/Sqrt_output_0", "", ""),
                node("ConstantOfShape", "n3", "size", "zeros", "", ""),
                node("EyeLike", "n4", "x", "eye", "", ""),
                node("RandomUniformLike", "n5", "x", "noise", "", ""),
                node("Identity", "n6", "zeros", "module", "['', 'sizes', 'id']", "['Net', 'my.Sizes', 'id']"),
                nodes("Add", "n7", List.of("eye", "module"), "sum"),
                nodes("Mul", "n8", List.of("x", "/attention/Sqrt_output_0"), "scaled"),
                nodes("Add", "n9", List.of("scaled", "noise"), "noisy"),
                nodes("Add", "n10", List.of("noisy", "sum"), "y"))) {
            for (String value : List.of("wide", "/attention/Sqrt_output_0", "zeros", "eye", "noise", "module", "sum")) {
                assertThatThrownBy(() -> model.cut(value))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessage("layer '" + value + "' cannot be cut: it is computed without the numbers of any"
                                + " input, from their sizes at most");
            }
            assertThatThrownBy(() -> model.cut("sizes"))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("computes from the numbers of inputs");
            assertThat(model.cutPoints()).extracting(Cut.Point::path).containsExactly("scaled", "noisy", "y");
            try (TensorScope scope = TensorScope.open()) {
                Inputs inputs = Inputs.of(Tensors.ofJava().of(new float[4], 2, 2));
                assertThat(model.values(inputs))
                        .extracting(value -> value.point().path())
                        .containsExactly("scaled", "noisy", "y");
            }
        }
    }

    /** The numbers of sizes are not those of inputs, so rounding them loses no gradient. */
    @Test
    void rounding_sizes_is_no_loss_of_gradients() {
        try (OnnxModel model = model(
                node("Shape", "n0", "x", "size", "", ""),
                floats("Cast", "n1", "size", "wide"),
                node("Floor", "n2", "wide", "floor", "", ""),
                node("Round", "n3", "x", "round", "", ""),
                nodes("Mul", "n4", List.of("x", "floor"), "scaled"),
                nodes("Add", "n5", List.of("scaled", "round"), "y"))) {
            assertThat(model.gradientLosses()).containsExactly("rounding at \"round\"");
        }
    }
}
