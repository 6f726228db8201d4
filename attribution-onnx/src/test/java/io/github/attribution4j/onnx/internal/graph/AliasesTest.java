// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Weights that stand in a file once and have several names there. */
class AliasesTest {
    private static final ValueType SIGNAL =
            new ValueType(ElementType.FLOAT, List.of(Dim.of("rows"), Dim.of(2), Dim.of(3)));
    private static final ValueInfo X = ValueInfo.of("x", SIGNAL);
    private static final ValueInfo Y = ValueInfo.of("y", SIGNAL);

    private static Initializer weight(String name, float... values) {
        ByteBuffer raw = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        return Initializer.of(name, ElementType.FLOAT, raw.array(), values.length);
    }

    private static List<Initializer> weights(boolean both) {
        List<Initializer> weights = new ArrayList<>(
                List.of(weight("scale", 2, -3), weight("shift", 0.5f, 0.25f), weight("mean", 0.1f, -0.2f)));
        weights.add(weight("variance", 0.5f, 1.5f));
        if (both) {
            weights.add(weight("other", 2, -3));
        }
        return weights;
    }

    /** Two batch norms, of which the second reads the scale by another name. */
    private static List<Node> norms() {
        return List.of(
                Node.of(
                        "BatchNormalization",
                        "first",
                        List.of("x", "scale", "shift", "mean", "variance"),
                        List.of("a")),
                Node.of("Tanh", "between", List.of("a"), List.of("b")),
                Node.of(
                        "BatchNormalization",
                        "second",
                        List.of("b", "other", "shift", "mean", "variance"),
                        List.of("y")));
    }

    private static Node identity(String from, String to) {
        return Node.of("Identity", "name " + to, List.of(from), List.of(to));
    }

    private static byte[] model(List<Node> nodes, List<Initializer> weights, ValueInfo... outputs) {
        Graph graph = Graph.of("g", List.of(X), List.of(outputs), nodes, weights);
        return Message.builder()
                .number(1, 8)
                .message(7, graph.toMessage())
                .message(8, Message.builder().number(2, 18).build())
                .build()
                .toBytes();
    }

    private static List<Node> with(List<Node> after, Node... before) {
        return Stream.concat(Stream.of(before), after.stream()).toList();
    }

    static Stream<List<Node>> aliases() {
        Initializer literal = weight("", 2, -3);
        return Stream.of(
                with(norms(), identity("scale", "other")),
                with(norms(), identity("scale", "third"), identity("third", "fourth"), identity("fourth", "other")),
                with(
                        norms(),
                        Node.of("Constant", "literal", List.of(), List.of("c"), Attribute.of("value", literal)),
                        identity("c", "other")));
    }

    @ParameterizedTest
    @MethodSource("aliases")
    @DisplayName("Another name of a weight, a chain of names, and a name of a literal are what they name")
    void names_are_what_they_name(List<Node> nodes) {
        assertThat(OnnxFile.of(model(nodes, weights(false), Y)).graph().nodes()).noneMatch(node -> node.is("Identity"));
        assertSame(model(nodes, weights(false), Y), model(norms(), weights(true), Y));
    }

    @Test
    @DisplayName("A name that is an output stays, and what reads it reads the weight")
    void a_name_that_is_an_output_stays() {
        List<Node> nodes = with(norms(), identity("scale", "third"), identity("third", "other"));
        ValueInfo other = ValueInfo.of("other", new ValueType(ElementType.FLOAT, List.of(Dim.of(2))));
        byte[] model = model(nodes, weights(false), Y, other);
        assertThat(OnnxFile.of(model).graph().nodes())
                .filteredOn(node -> node.is("Identity"))
                .singleElement()
                .satisfies(node -> assertThat(node.input(0)).isEqualTo("scale"));
        assertSame(model, model(norms(), weights(true), Y));
    }

    @Test
    @DisplayName("A branch that captures a name reads the weight; one that has the name itself keeps it")
    void branches_that_capture_a_name_read_the_weight() {
        ValueInfo given = ValueInfo.of("given", SIGNAL);
        Graph captures = Graph.of(
                "then",
                List.of(),
                List.of(given),
                List.of(Node.of(
                        "BatchNormalization",
                        "captures",
                        List.of("x", "other", "shift", "mean", "variance"),
                        List.of("given"))),
                List.of());
        Graph owns = Graph.of(
                "else",
                List.of(),
                List.of(ValueInfo.of("made", SIGNAL)),
                List.of(Node.of(
                        "BatchNormalization",
                        "owns",
                        List.of("x", "other", "shift", "mean", "variance"),
                        List.of("made"))),
                List.of(weight("other", 7, 7)));
        Node choice = Node.of(
                "If",
                "choice",
                List.of("yes"),
                List.of("y"),
                Attribute.of("then_branch", captures),
                Attribute.of("else_branch", owns));
        Initializer yes = Initializer.of("yes", ElementType.BOOL, new byte[] {1});
        List<Initializer> weights = new ArrayList<>(weights(false));
        weights.add(yes);
        List<Node> nodes = OnnxFile.of(model(List.of(identity("scale", "other"), choice), weights, Y))
                .graph()
                .nodes();
        assertThat(nodes).singleElement().satisfies(node -> {
            assertThat(node.graphs().get(0).nodes().get(0).input(1)).isEqualTo("scale");
            assertThat(node.graphs().get(1).nodes().get(0).input(1)).isEqualTo("other");
        });
    }

    private static void assertSame(byte[] model, byte[] expected) {
        try (TensorScope scope = TensorScope.open();
                OnnxModel one = OnnxModel.load(model);
                OnnxModel other = OnnxModel.load(expected)) {
            assertThat(gradient(one)).isEqualTo(gradient(other));
        }
    }

    private static float[] gradient(OnnxModel model) {
        float[] numbers = new float[12];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) Math.sin(i);
        }
        Tensor x = Tensors.ofJava().of(numbers, 2, 2, 3);
        try (Pullback run = model.pullback(Inputs.of(x))) {
            return run.vjp(x).get(0).toFloatArray();
        }
    }
}
