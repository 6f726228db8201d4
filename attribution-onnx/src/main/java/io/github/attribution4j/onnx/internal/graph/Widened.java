// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Graphs in the next wider type, because Java has no tensors of some types: either the inputs alone, or all floats of
 * 16 bits.
 */
public final class Widened {
    private static final String GIVEN = "attribution/given ";
    private static final String STORED = "attribution/stored ";

    /** Attributes that are the type of a result, or the type to compute in. */
    private static final Set<String> TYPES =
            Set.of("to", "dtype", "output_dtype", "output_datatype", "precision", "softmax_precision", "stash_type");

    private Widened() {}

    /**
     * The same graph with wider inputs: a Cast makes of each what the file says. Graphs of nodes see no difference,
     * because the result has the input's name.
     */
    static Graph inputs(Graph graph) {
        List<ValueInfo> inputs = new ArrayList<>();
        List<Node> nodes = new ArrayList<>();
        for (ValueInfo input : graph.inputs()) {
            ValueType type = input.type();
            ElementType wide = type == null ? null : type.element().wide();
            if (type == null || wide == null || wide == type.element()) {
                inputs.add(input);
                continue;
            }
            String given = GIVEN + input.name();
            inputs.add(ValueInfo.of(given, new ValueType(wide, type.dims())));
            nodes.add(cast(given, input.name(), type.element()));
        }
        if (nodes.isEmpty()) {
            return graph;
        }
        nodes.addAll(graph.nodes());
        return new Graph(graph.name(), inputs, graph.outputs(), nodes, graph.initializers());
    }

    /** The name that the file gives to an input. */
    public static String named(String input) {
        return input.startsWith(GIVEN) ? input.substring(GIVEN.length()) : input;
    }

    /**
     * The same graph in float32, where the file says float16 or bfloat16. Weights remain in the file as they are: a
     * Cast follows each, which the runtime computes once for each session, and whose result has the weight's name. A
     * Cast to 16 bits becomes one to float32, so that nothing is rounded on the way.
     *
     * @param graph in which graphs of nodes have no initializers
     */
    static Graph floats(Graph graph) {
        Map<String, Initializer> initializers = new LinkedHashMap<>();
        List<Node> nodes = new ArrayList<>();
        for (Initializer each : graph.initializers().values()) {
            Initializer wide = each.type().isHalf() ? each.inFloat32() : each;
            if (wide != null) {
                initializers.put(each.name(), wide);
            } else {
                String stored = STORED + each.name();
                initializers.put(stored, each.named(stored));
                nodes.add(cast(stored, each.name(), ElementType.FLOAT));
            }
        }
        graph.nodes().forEach(node -> addWide(node, nodes));
        return new Graph(graph.name(), wide(graph.inputs()), wide(graph.outputs()), nodes, initializers);
    }

    /** Whether a graph computes with floats of 16 bits. */
    static boolean hasHalves(Graph graph) {
        return graph.initializers().values().stream()
                        .anyMatch(each -> each.type().isHalf() && !each.name().startsWith(STORED))
                || graph.inputs().stream()
                        .map(ValueInfo::type)
                        .anyMatch(type -> type != null && type.element().isHalf())
                || graph.nodes().stream()
                        .anyMatch(node ->
                                node.attributes().values().stream().anyMatch(attribute -> isHalfType(node, attribute)));
    }

    /** Whether a value is a weight of the file. */
    static boolean isWeight(Graph graph, String value) {
        return graph.initializers().containsKey(value) || graph.initializers().containsKey(STORED + value);
    }

    private static Node cast(String from, String to, ElementType type) {
        return Node.of("Cast", from, List.of(from), List.of(to), Attribute.of("to", (long) type.code()));
    }

    private static List<ValueInfo> wide(List<ValueInfo> values) {
        return values.stream().map(ValueInfo::inFloat32).toList();
    }

    private static Graph within(Graph graph) {
        List<Node> nodes = new ArrayList<>();
        graph.nodes().forEach(node -> addWide(node, nodes));
        return new Graph(graph.name(), wide(graph.inputs()), wide(graph.outputs()), nodes, graph.initializers());
    }

    private static void addWide(Node node, List<Node> nodes) {
        Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
        attributes.replaceAll((name, attribute) -> wide(node, attribute));
        Node wide = attributes.equals(node.attributes()) ? node : node.with(node.inputs(), attributes);
        Attribute value = attributes.get("value");
        if (node.is("Constant") && value != null && isHalf(value)) {
            String stored = STORED + node.output(0);
            nodes.add(wide.withOutputs(List.of(stored)));
            nodes.add(cast(stored, node.output(0), ElementType.FLOAT));
        } else {
            nodes.add(wide);
        }
    }

    private static boolean isHalf(Attribute attribute) {
        return attribute.hasTensor() && attribute.tensor("").type().isHalf();
    }

    private static Attribute wide(Node node, Attribute attribute) {
        List<Graph> graphs = attribute.graphs();
        if (graphs.size() == 1) {
            return Attribute.of(attribute.name(), within(graphs.get(0)));
        }
        if (isHalf(attribute)) {
            Initializer wide = attribute.tensor("").inFloat32();
            return wide == null ? attribute : Attribute.of(attribute.name(), wide);
        }
        return isHalfType(node, attribute)
                ? Attribute.of(attribute.name(), (long) ElementType.FLOAT.code())
                : attribute;
    }

    private static boolean isHalfType(Node node, Attribute attribute) {
        return node.domain().isEmpty()
                && TYPES.contains(attribute.name())
                && ElementType.of(attribute.integer()).isHalf();
    }
}
