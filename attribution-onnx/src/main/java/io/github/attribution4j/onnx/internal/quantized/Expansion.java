// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.quantized;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Operators in words of others: quantized ones in words of quantizers and the operator on floats; classical ones. */
final class Expansion {
    private static final String PREFIX = "attribution/words ";

    private static final Map<String, BiConsumer<Expansion, Node>> TABLE = Map.of(
            "QLinearConv", Expansion::convolution,
            "QLinearMatMul", Expansion::product,
            "ConvInteger", Expansion::convolutionOfWholeNumbers,
            "MatMulInteger", Expansion::productOfWholeNumbers);

    /** Of the set {@code com.microsoft}, which ONNX Runtime's quantizer writes. */
    private static final Map<String, BiConsumer<Expansion, Node>> JOINED = Map.of(
            "QLinearAdd", (words, node) -> words.elementwise(node, "Add"),
            "QLinearMul", (words, node) -> words.elementwise(node, "Mul"),
            "QLinearLeakyRelu", (words, node) -> words.activation(node, "LeakyRelu"),
            "QLinearSigmoid", (words, node) -> words.activation(node, "Sigmoid"));

    private final Classical classical = new Classical(this);
    private final Map<String, ValueType> types;
    private final Set<String> names;
    private final Map<String, Initializer> constants = new LinkedHashMap<>();
    private List<Node> nodes = new ArrayList<>();

    /**
     * Begins.
     *
     * @param graph whose names are taken
     * @param types of its values; those of new values are added
     */
    Expansion(Graph graph, Map<String, ValueType> types) {
        this.types = types;
        boolean needed = graph.nodes().stream().anyMatch(node -> knows(node) || isClassical(node));
        this.names = needed ? graph.names() : Set.of();
    }

    private static @Nullable BiConsumer<Expansion, Node> words(Node node) {
        return switch (node.domain()) {
            case "" -> TABLE.get(node.type());
            case "com.microsoft" -> saysItsRange(node) ? JOINED.get(node.type()) : null;
            default -> null;
        };
    }

    /** Whether the last zero point is there, which may be left out: its type is that of the result. */
    private static boolean saysItsRange(Node node) {
        int inputs = node.inputs().size();
        return inputs % 3 == 2 && !node.input(inputs - 1).isEmpty();
    }

    /** Whether a node computes with quantized numbers, and stands for others. */
    static boolean knows(Node node) {
        return words(node) != null;
    }

    /** The operators of such nodes. */
    static Set<String> operators() {
        Set<String> operators = new TreeSet<>(TABLE.keySet());
        operators.addAll(JOINED.keySet());
        return operators;
    }

    /** The nodes that a node stands for, in order; none if it stands for itself. */
    List<Node> of(Node node) {
        BiConsumer<Expansion, Node> words = words(node);
        nodes = new ArrayList<>();
        if (words != null) {
            words.accept(this, node);
        } else if (isClassical(node)) {
            classical.write(node);
        }
        return nodes;
    }

    private static boolean isClassical(Node node) {
        return node.domain().equals(Classical.DOMAIN);
    }

    /** The type of the reals that the results of such a node stand for. */
    ElementType real(Node node) {
        return node.type().endsWith("Integer") ? ElementType.FLOAT : element(node.input(1));
    }

    /** What the nodes read beside values of the graph. */
    Map<String, Initializer> constants() {
        return constants;
    }

    private void convolution(Node node) {
        String x = real(node, 0, 1, 2, 1);
        String w = real(node, 3, 4, 5, 0);
        List<String> inputs = new ArrayList<>(List.of(x, w));
        if (!node.input(8).isEmpty()) {
            String scale = value("scale", type(node.input(4)));
            add("Mul", List.of(node.input(1), node.input(4)), scale, List.of());
            inputs.add(dequantized(node.input(8), scale, "", 0));
        }
        quantized(node, "Conv", inputs, node.attributes().values(), 6, 7);
    }

    private void product(Node node) {
        List<String> inputs = List.of(real(node, 0, 1, 2, -2), real(node, 3, 4, 5, -1));
        quantized(node, "MatMul", inputs, List.of(), 6, 7);
    }

    private void elementwise(Node node, String operator) {
        List<String> inputs = List.of(real(node, 0, 1, 2, 0), real(node, 3, 4, 5, 0));
        quantized(node, operator, inputs, List.of(), 6, 7);
    }

    private void activation(Node node, String operator) {
        List<String> inputs = List.of(real(node, 0, 1, 2, 0));
        quantized(node, operator, inputs, node.attributes().values(), 3, 4);
    }

    private void convolutionOfWholeNumbers(Node node) {
        List<String> inputs = List.of(shifted(node, 0, 2, 1), shifted(node, 1, 3, 0));
        add("Conv", inputs, node.output(0), node.attributes().values());
    }

    private void productOfWholeNumbers(Node node) {
        add("MatMul", List.of(shifted(node, 0, 2, -2), shifted(node, 1, 3, -1)), node.output(0), List.of());
    }

    /** The reals that an input of a node stands for. */
    private String real(Node node, int input, int scale, int zero, long axis) {
        return dequantized(node.input(input), node.input(scale), node.input(zero), axis);
    }

    /** An input of a node less its zero point. */
    private String shifted(Node node, int input, int zero, long axis) {
        String point = node.input(zero);
        String one = PREFIX + "one";
        while (!constants.containsKey(one) && !names.add(one)) {
            one += "'";
        }
        constants.computeIfAbsent(one, name -> Initializer.scalar(name, ElementType.FLOAT, 1));
        types.put(one, new ValueType(ElementType.FLOAT, List.of()));
        if (point.isEmpty() || type(point).rank() == 0) {
            return dequantized(node.input(input), one, point, axis);
        }
        String sizes = value("sizes", new ValueType(ElementType.INT64, null));
        String ones = value("ones", new ValueType(ElementType.FLOAT, type(point).dims()));
        add("Shape", List.of(point), sizes, List.of());
        add("Expand", List.of(one, sizes), ones, List.of());
        return dequantized(node.input(input), ones, point, axis);
    }

    /** Scales with several axes repeat along those of size one, as operands do. */
    private String dequantized(String value, String scale, String zero, long axis) {
        ElementType real = element(scale);
        String result = value("real", new ValueType(real, type(value).dims()));
        if (type(scale).rank() <= 1) {
            List<String> inputs = zero.isEmpty() ? List.of(value, scale) : List.of(value, scale, zero);
            List<Attribute> along = type(scale).rank() == 1 ? List.of(Attribute.of("axis", axis)) : List.of();
            add("DequantizeLinear", inputs, result, along);
            return result;
        }
        String shifted = cast(value, real);
        if (!zero.isEmpty()) {
            String point = cast(zero, real);
            String less = value("less", type(shifted));
            add("Sub", List.of(shifted, point), less, List.of());
            shifted = less;
        }
        add("Mul", List.of(shifted, scale), result, List.of());
        return result;
    }

    String cast(String value, ElementType to) {
        String result = value("cast", new ValueType(to, type(value).dims()));
        add("Cast", List.of(value), result, List.of(Attribute.of("to", (long) to.code())));
        return result;
    }

    private void quantized(
            Node node, String operator, List<String> inputs, Collection<Attribute> attributes, int scale, int zero) {
        String y = node.output(0);
        String real = value("result", new ValueType(element(node.input(scale)), type(y).dims()));
        add(operator, inputs, real, attributes);
        add("QuantizeLinear", List.of(real, node.input(scale), node.input(zero)), y, List.of());
    }

    /** Writes a node, and returns the name of its result. */
    String op(String type, List<String> inputs, ValueType result, Attribute... attributes) {
        String name = value(type, result);
        add(type, inputs, name, List.of(attributes));
        return name;
    }

    /** Numbers that are the same in every run. */
    String reals(float[] numbers, long... sizes) {
        double[] wide = new double[numbers.length];
        Arrays.setAll(wide, i -> numbers[i]);
        return constant(name -> Initializer.of(name, ElementType.FLOAT, wide, sizes));
    }

    /** A list of whole numbers. */
    String integers(long... numbers) {
        return constant(name -> Initializer.of(name, numbers, numbers.length));
    }

    private String constant(Function<String, Initializer> make) {
        String name = value("constant", new ValueType(ElementType.OTHER, null));
        Initializer constant = make.apply(name);
        constants.put(name, constant);
        types.put(name, constant.valueType());
        return name;
    }

    /** Writes a node that computes a value. */
    void add(String type, List<String> inputs, String to, Collection<Attribute> attributes) {
        nodes.add(Node.of(type, to, inputs, List.of(to), attributes.toArray(new Attribute[0])));
    }

    private String value(String hint, ValueType type) {
        String name = PREFIX + hint;
        for (int i = 0; !names.add(name); i++) {
            name = PREFIX + hint + " " + i;
        }
        types.put(name, type);
        return name;
    }

    /** The number of axes of a value; -1 if it is not known, or if this is no tensor. */
    int rank(String value) {
        ValueType type = types.get(value);
        return type == null ? -1 : type.rank();
    }

    ElementType element(String value) {
        return type(value).element();
    }

    ValueType type(String value) {
        ValueType type = types.get(value);
        if (type == null) {
            throw new IllegalStateException("the type of '" + value + "' is not known");
        }
        return type;
    }
}
