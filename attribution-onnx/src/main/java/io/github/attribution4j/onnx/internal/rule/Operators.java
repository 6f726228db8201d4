// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.Operation.Kind;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The kind of each operator, and its name in PyTorch, by which rules choose. */
final class Operators {
    private static final String FILE = "operators.tsv";
    private static final Map<String, Known> TABLE = read();

    /**
     * What is known of a node.
     *
     * @param kind null if it is no operation: nodes with graphs inside them, and lists
     */
    record Known(@Nullable Kind kind, String name) {}

    private Operators() {}

    private static Map<String, Known> read() {
        Map<String, Known> table = new HashMap<>();
        try (InputStream in = Operators.class.getResourceAsStream(FILE)) {
            String text = new String(Objects.requireNonNull(in, FILE).readAllBytes(), StandardCharsets.UTF_8);
            for (String line : text.split("\n", -1)) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    String[] parts = line.split("\t", -1);
                    Kind kind = parts[0].equals("none") ? null : Kind.valueOf(parts[0].toUpperCase(Locale.ROOT));
                    for (String each : parts[1].split(" ", -1)) {
                        String[] names = each.split("=", -1);
                        String name = names.length == 1 ? names[0].toLowerCase(Locale.ROOT) : names[1];
                        table.put(names[0], new Known(kind, name));
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return table;
    }

    /** What a node is to rules. */
    static Known of(Node node, Constants constants, Function<String, @Nullable ValueType> types) {
        Known known = node.domain().isEmpty() ? TABLE.get(node.type()) : null;
        if (known == null) {
            return new Known(Kind.UNKNOWN, node.type().toLowerCase(Locale.ROOT));
        }
        return switch (node.type()) {
            case "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool" -> {
                int space = space(node, types);
                yield new Known(known.kind(), known.name().replace("{n}", space > 0 ? String.valueOf(space) : "n"));
            }
            case "Gemm" ->
                constants.constant(node.input(0)) || constants.constant(node.input(1))
                        ? known
                        : new Known(Kind.PRODUCT, "addmm");
            case "MatMul" -> isDense(node, constants, types) ? new Known(Kind.WEIGHTED, "linear") : known;
            case "Mul" -> scalar(node.input(0), constants) || scalar(node.input(1), constants) ? linear(known) : known;
            case "Div" -> scalar(node.input(1), constants) ? linear(known) : known;
            case "Pow" -> constants.constant(node.input(1)) ? known : new Known(Kind.PRODUCT, known.name());
            case "Clip" -> clip(node, constants);
            case "Max", "Min" -> extreme(node, constants, known);
            case "ScatterElements", "ScatterND" -> scatter(node, known);
            case "RNN" -> isRelu(node) ? new Known(Kind.RECURRENT, "rnn_relu") : known;
            default -> known;
        };
    }

    /** The number of axes of space; negative if it is not known. */
    private static int space(Node node, Function<String, @Nullable ValueType> types) {
        Attribute kernel = node.attributes().get("kernel_shape");
        if (kernel != null) {
            return kernel.integers().length;
        }
        ValueType type = types.apply(node.input(node.type().startsWith("Conv") ? 1 : 0));
        return type == null ? -1 : type.rank() - 2;
    }

    private static Known linear(Known known) {
        return new Known(Kind.LINEAR, known.name());
    }

    /** A product with a constant matrix on the right: a dense layer without a bias. */
    static boolean isDense(Node node, Constants constants, Function<String, @Nullable ValueType> types) {
        if (!node.is("MatMul") || !constants.constant(node.input(1)) || constants.constant(node.input(0))) {
            return false;
        }
        ValueType type = types.apply(node.input(1));
        return type != null && type.rank() == 2;
    }

    /** Whether a value is one constant number. */
    static boolean scalar(String value, Constants constants) {
        return constants.constant(value) && constants.number(value) != null;
    }

    private static Known clip(Node node, Constants constants) {
        Double low = node.input(1).isEmpty() ? null : constants.number(node.input(1));
        boolean open = node.input(2).isEmpty();
        Double high = open ? null : constants.number(node.input(2));
        boolean zero = low != null && low == 0;
        String name = zero && open ? "relu" : zero && high != null && high == 6 ? "relu6" : "clamp";
        return new Known(Kind.ACTIVATION, name);
    }

    /** The maximum of a value and a number is an activation. */
    private static Known extreme(Node node, Constants constants, Known known) {
        if (node.inputs().size() != 2) {
            return known;
        }
        Double bound = constants.number(node.input(1)) != null
                ? constants.number(node.input(1))
                : constants.number(node.input(0));
        if (bound == null) {
            return known;
        }
        return new Known(Kind.ACTIVATION, node.is("Max") && bound == 0 ? "relu" : "clamp");
    }

    private static Known scatter(Node node, Known known) {
        Attribute reduction = node.attributes().get("reduction");
        String how = reduction == null ? "none" : reduction.text();
        return switch (how) {
            case "none" -> known;
            case "add" -> new Known(Kind.LINEAR, "scatter_add");
            default -> new Known(Kind.UNKNOWN, "scatter_reduce");
        };
    }

    private static boolean isRelu(Node node) {
        Attribute said = node.attributes().get("activations");
        return said != null && said.texts().contains("Relu");
    }
}
