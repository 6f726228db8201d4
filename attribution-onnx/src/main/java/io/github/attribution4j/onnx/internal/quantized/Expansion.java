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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Operators in words of others: quantized ones in words of quantizers and the operator on floats; classical ones. */
final class Expansion {
    private static final String PREFIX = "attribution/words ";
    /** The input of {@code QGemm} that scales its result. */
    private static final int GEMM_SCALE = 7;

    private static final Map<String, BiConsumer<Expansion, Node>> TABLE = Map.of(
            "QLinearConv", Expansion::convolution,
            "QLinearMatMul", Expansion::product,
            "ConvInteger", Expansion::convolutionOfWholeNumbers,
            "MatMulInteger", Expansion::productOfWholeNumbers);

    private static final String CONTRIBUTED_DOMAIN = "com.microsoft";

    /** Operators of the runtime's own set. */
    private static final Map<String, BiConsumer<Expansion, Node>> CONTRIBUTED = Map.ofEntries(
            Map.entry("QLinearAdd", (words, node) -> words.binary(node, "Add")),
            Map.entry("QLinearMul", (words, node) -> words.binary(node, "Mul")),
            Map.entry("QLinearSigmoid", (words, node) -> words.unary(node, "Sigmoid")),
            Map.entry("QLinearLeakyRelu", (words, node) -> words.unary(node, "LeakyRelu", "alpha")),
            Map.entry("QLinearSoftmax", (words, node) -> words.unary(node, "Softmax", "axis")),
            Map.entry(
                    "QLinearAveragePool",
                    (words, node) -> words.unary(
                            node,
                            "AveragePool",
                            "auto_pad",
                            "ceil_mode",
                            "count_include_pad",
                            "kernel_shape",
                            "pads",
                            "strides")),
            Map.entry("QLinearGlobalAveragePool", (words, node) -> words.unary(node, "GlobalAveragePool")),
            Map.entry("QLinearConcat", Expansion::joined),
            Map.entry("QLinearWhere", Expansion::chosen),
            Map.entry("QGemm", Expansion::dense),
            Map.entry("MatMulIntegerToFloat", Expansion::productToFloat),
            Map.entry("DynamicQuantizeMatMul", Expansion::productOfRounded));

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
        if (node.domain().isEmpty()) {
            return TABLE.get(node.type());
        }
        return node.domain().equals(CONTRIBUTED_DOMAIN) && saysItsRange(node) && !isLaidOutOtherwise(node)
                ? CONTRIBUTED.get(node.type())
                : null;
    }

    /** Whether the zero point of a result of whole numbers is there, which may be left out: it has that type. */
    private static boolean saysItsRange(Node node) {
        int zero = switch (node.type()) {
            case "QLinearConcat" -> 1;
            case "QLinearAdd", "QLinearMul" -> 7;
            case "QLinearWhere", "QGemm" -> 8;
            default -> 4;
        };
        return !CONTRIBUTED.containsKey(node.type())
                || !isWhole(node)
                || !node.input(zero).isEmpty();
    }

    /** Channels on the last axis, or a softmax over all axes from one on, as before opset 13. */
    private static boolean isLaidOutOtherwise(Node node) {
        return integer(node, "channels_last", 0) != 0
                || (node.type().equals("QLinearSoftmax")
                        && integer(node, "opset", 13) < 13
                        && integer(node, "axis", -1) != -1);
    }

    private static long integer(Node node, String attribute, long otherwise) {
        Attribute found = node.attributes().get(attribute);
        return found == null ? otherwise : found.integer();
    }

    /** Whether a node computes with quantized numbers, and stands for others. */
    static boolean knows(Node node) {
        return words(node) != null;
    }

    /** Whether the result of a node that {@linkplain #knows is known} is whole numbers, which stand for reals. */
    static boolean isWhole(Node node) {
        return switch (node.type()) {
            case "MatMulIntegerToFloat", "DynamicQuantizeMatMul" -> false;
            case "QGemm" -> !node.input(GEMM_SCALE).isEmpty();
            default -> true;
        };
    }

    /** The operators of such nodes. */
    static Set<String> operators() {
        Set<String> all = new HashSet<>(TABLE.keySet());
        all.addAll(CONTRIBUTED.keySet());
        return all;
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
        int scale = switch (node.type()) {
            case "QLinearConcat" -> 0;
            case "QLinearWhere" -> 2;
            default -> 1;
        };
        return node.type().endsWith("Integer") ? ElementType.FLOAT : element(node.input(scale));
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

    private void convolutionOfWholeNumbers(Node node) {
        List<String> inputs = List.of(shifted(node, 0, 2, 1), shifted(node, 1, 3, 0));
        add("Conv", inputs, node.output(0), node.attributes().values());
    }

    private void productOfWholeNumbers(Node node) {
        add("MatMul", List.of(shifted(node, 0, 2, -2), shifted(node, 1, 3, -1)), node.output(0), List.of());
    }

    private void binary(Node node, String operator) {
        quantized(node, operator, List.of(real(node, 0, 1, 2, 0), real(node, 3, 4, 5, 0)), List.of(), 6, 7);
    }

    /** An operator of one operand, and those of its attributes that the standard has. */
    private void unary(Node node, String operator, String... attributes) {
        List<Attribute> kept = Arrays.stream(attributes)
                .filter(node.attributes()::containsKey)
                .map(node.attributes()::get)
                .toList();
        quantized(node, operator, List.of(real(node, 0, 1, 2, 0)), kept, 3, 4);
    }

    /** The scale and zero point of the result come first, then each operand with its own. */
    private void joined(Node node) {
        List<String> operands = new ArrayList<>();
        for (int input = 2; input < node.inputs().size(); input += 3) {
            operands.add(real(node, input, input + 1, input + 2, 0));
        }
        quantized(node, "Concat", operands, node.attributes().values(), 0, 1);
    }

    private void chosen(Node node) {
        List<String> operands = List.of(node.input(0), real(node, 1, 2, 3, 0), real(node, 4, 5, 6, 0));
        quantized(node, "Where", operands, List.of(), 7, 8);
    }

    private void dense(Node node) {
        List<String> inputs = new ArrayList<>();
        inputs.add(real(node, 0, 1, 2, 0));
        inputs.add(real(node, 3, 4, 5, integer(node, "transB", 0) == 0 ? 1 : 0));
        if (!node.input(6).isEmpty()) {
            String scale = value("scale", type(node.input(4)));
            add("Mul", List.of(node.input(1), node.input(4)), scale, List.of());
            inputs.add(dequantized(node.input(6), scale, "", -1));
        }
        if (isWhole(node)) {
            quantized(node, "Gemm", inputs, node.attributes().values(), GEMM_SCALE, GEMM_SCALE + 1);
        } else {
            add("Gemm", inputs, node.output(0), node.attributes().values());
        }
    }

    private void productToFloat(Node node) {
        shifted(node, List.of(real(node, 0, 2, 4, -2), real(node, 1, 3, 5, -1)), 6);
    }

    /** The runtime rounds the first operand by a scale of its own: here it is as given. */
    private void productOfRounded(Node node) {
        shifted(node, List.of(node.input(0), real(node, 1, 2, 3, -1)), 4);
    }

    /** A product, and a bias if there is one. */
    private void shifted(Node node, List<String> factors, int bias) {
        String y = node.output(0);
        if (node.input(bias).isEmpty()) {
            add("MatMul", factors, y, List.of());
            return;
        }
        String product = value("product", type(y));
        add("MatMul", factors, product, List.of());
        add("Add", List.of(product, node.input(bias)), y, List.of());
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
        List<String> rounded = new ArrayList<>(List.of(real, node.input(scale)));
        if (!node.input(zero).isEmpty()) {
            rounded.add(node.input(zero));
        }
        add("QuantizeLinear", rounded, y, List.of());
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
