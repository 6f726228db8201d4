// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.quantized;

import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A graph as the way back sees it: quantized operators stand in words of {@code QuantizeLinear},
 * {@code DequantizeLinear} and the operator on floats, and whole numbers that stand for reals have the type of these.
 * Smooth operators of classical models stand in words of the standard.
 * The run forward does not see it, so that its results have the bits of the file. What only the words have is computed
 * on the way back.
 *
 * <p>The runtime joins an operator and the quantizers around it to one that computes with whole numbers, unless a value
 * between them is asked for. So what is made of dequantized values alone is computed again on the way back, too.
 */
public final class Dequantized {
    /** Operators whose results are the numbers that they read, elsewhere, or sums of them; their rules read none. */
    private static final Set<String> MOVING = Set.of("""
            Add Cast Concat DepthToSpace Expand Flatten Gather GatherElements GatherND Identity MaxPool Pad Reshape
            Resize ReverseSequence Slice SpaceToDepth Split Squeeze Sub Sum Tile Transpose Trilu Unsqueeze Where
            """.strip().split("\\s+"));

    private static final Set<String> QUANTIZERS = Set.of("QuantizeLinear", "DynamicQuantizeLinear");

    private final Graph original;
    private final Graph graph;
    private final Map<String, ValueType> types;

    /** Values of whole numbers that stand for reals. */
    private final Set<String> whole = new HashSet<>();

    /** For each node of the words the node that it stands for. */
    private final Map<Node, Node> origins = new HashMap<>();

    /** Values that only the words have. */
    private final Set<String> absent = new HashSet<>();

    /** Nodes through whose graphs such numbers pass. */
    private final Set<Node> crossed = new HashSet<>();

    /** Values that are made of dequantized ones alone. */
    private final Set<String> again = new HashSet<>();

    private Dequantized(Graph original, Map<String, ValueType> known) {
        this.original = original;
        this.types = new HashMap<>(known);
        Expansion expansion = new Expansion(original, types);
        List<Node> nodes = new ArrayList<>();
        for (Node node : original.nodes()) {
            note(node, expansion);
            List<Node> words = expansion.of(node);
            if (words.isEmpty()) {
                nodes.add(node);
                continue;
            }
            for (Node word : words) {
                origins.put(word, node);
                word.outputs().stream()
                        .filter(value -> !node.outputs().contains(value))
                        .forEach(absent::add);
            }
            nodes.addAll(words);
            List<String> rest = new ArrayList<>(node.outputs());
            words.forEach(word -> Collections.replaceAll(rest, word.output(0), ""));
            if (rest.stream().anyMatch(value -> !value.isEmpty())) {
                nodes.add(node.withOutputs(rest));
            }
        }
        Map<String, Initializer> initializers = new LinkedHashMap<>(original.initializers());
        initializers.putAll(expansion.constants());
        this.graph = new Graph(original.name(), original.inputs(), original.outputs(), nodes, initializers);
    }

    /**
     * Sees a graph so.
     *
     * @param types of its values
     */
    public static Dequantized of(Graph graph, Map<String, ValueType> types) {
        Dequantized seen = new Dequantized(graph, types);
        if (!seen.whole.isEmpty()) {
            seen.findAgain();
        }
        return seen;
    }

    /** Whether a node rounds reals to whole numbers that stand for them. */
    public static boolean quantizes(Node node) {
        return node.domain().isEmpty() && QUANTIZERS.contains(node.type());
    }

    /** The operators that quantize, or compute with quantized numbers. */
    public static Set<String> operators() {
        Set<String> operators = new TreeSet<>(QUANTIZERS);
        operators.add("DequantizeLinear");
        operators.addAll(Expansion.operators());
        return operators;
    }

    /** Whether a node rounds so, among other things. */
    public static boolean rounds(Node node) {
        return quantizes(node)
                || (Expansion.knows(node)
                        && (Expansion.isWhole(node)
                                ? node.type().startsWith("Q")
                                : node.type().equals("DynamicQuantizeMatMul")));
    }

    /** Finds whole numbers that stand for reals, also in graphs of a node. Those that pass its border are refused. */
    private void note(Node node, Expansion expansion) {
        for (Graph inner : node.graphs()) {
            inner.nodes().forEach(each -> note(each, expansion));
            if (inner.outputs().stream().anyMatch(output -> whole.contains(output.name()))) {
                crossed.add(node);
                node.outputs().stream()
                        .filter(value -> mayStand(element(value)))
                        .forEach(value -> stand(value, ElementType.FLOAT));
            }
        }
        if (Expansion.knows(node)) {
            if (Expansion.isWhole(node)) {
                stand(node.output(0), expansion.real(node));
            }
        } else if (quantizes(node)) {
            stand(node.output(0), element(node.input(0)));
        } else if (node.domain().isEmpty() && !node.is("DequantizeLinear")) {
            node.reads().stream()
                    .filter(whole::contains)
                    .findFirst()
                    .ifPresent(read -> node.outputs().stream()
                            .filter(value -> mayStand(element(value)))
                            .forEach(value -> stand(value, element(read))));
        }
    }

    private void stand(String value, ElementType real) {
        if (!value.isEmpty()) {
            ValueType type = types.get(value);
            whole.add(value);
            types.put(value, new ValueType(real, type == null ? null : type.dims()));
        }
    }

    private ElementType element(String value) {
        ValueType type = types.get(value);
        return type == null ? ElementType.BOOL : type.element();
    }

    /** Positions and sizes are 64 bits long. */
    private static boolean mayStand(ElementType element) {
        return switch (element) {
            case INT8, UINT8, INT16, UINT16, INT32, UINT32, OTHER -> true;
            default -> false;
        };
    }

    private void findAgain() {
        Constants constants = new Constants(graph);
        for (Node node : graph.nodes()) {
            boolean starts =
                    (node.is("DequantizeLinear") && whole.contains(node.input(0))) || node.is("DynamicQuantizeLinear");
            boolean goesOn = node.domain().isEmpty()
                    && node.graphs().isEmpty()
                    && !node.draws()
                    && !node.is("QuantizeLinear")
                    && node.reads().stream().anyMatch(again::contains)
                    && node.reads().stream().allMatch(value -> again.contains(value) || constants.constant(value));
            if (starts || goesOn) {
                node.outputs().stream().filter(value -> !whole.contains(value)).forEach(again::add);
            }
        }
    }

    /** The graph that runs forward. */
    public Graph original() {
        return original;
    }

    /** The graph in these words. */
    public Graph graph() {
        return graph;
    }

    /** The types of its values, in which whole numbers that stand for reals are floats. */
    public Map<String, ValueType> types() {
        return types;
    }

    /** Whether a value holds whole numbers that stand for reals. */
    public boolean isWhole(String value) {
        return whole.contains(value);
    }

    /** Whether a node reads whole numbers that stand for reals as if they were none. */
    public boolean misreads(Node node) {
        boolean knows = node.domain().isEmpty()
                && (quantizes(node) || node.is("DequantizeLinear") || MOVING.contains(node.type()));
        return crossed.contains(node)
                || (!whole.isEmpty() && !knows && node.reads().stream().anyMatch(whole::contains));
    }

    /** Whether a value has to be computed on the way back if it is read there. */
    public boolean isOfWayBack(String value) {
        return absent.contains(value) || again.contains(value);
    }

    /** Whether only these words have a value. */
    public boolean isAbsent(String value) {
        return absent.contains(value);
    }

    /** The node of the file that a node stands for. */
    public Node origin(Node node) {
        return origins.getOrDefault(node, node);
    }
}
