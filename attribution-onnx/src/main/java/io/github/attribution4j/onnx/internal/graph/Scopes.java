// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gives every value in graphs of nodes a unique name, even if two branches use the same, and moves the constants of
 * these graphs to the outermost graph. Then a name identifies a value everywhere. A result that nobody reads may have
 * no name; ONNX Runtime's kernels write it nevertheless, into no memory, unless the standard says that it may be left
 * out. So it gets a name.
 */
final class Scopes {
    /** Operators with results that may be left out. */
    private static final Set<String> OPTIONAL = Set.of(
            "Attention",
            "BatchNormalization",
            "Dropout",
            "GRU",
            "LSTM",
            "LayerNormalization",
            "MaxPool",
            "RNN",
            "SoftmaxCrossEntropyLoss",
            "Unique");

    private final Set<String> taken = new HashSet<>();
    private final Map<String, Initializer> initializers;

    private Scopes(Graph graph) {
        this.initializers = new LinkedHashMap<>(graph.initializers());
        taken.addAll(initializers.keySet());
        graph.inputs().forEach(input -> taken.add(input.name()));
        graph.nodes().forEach(node -> taken.addAll(node.outputs()));
    }

    static Graph unique(Graph graph) {
        if (graph.nodes().stream()
                .allMatch(node -> node.graphs().isEmpty() && !node.outputs().contains(""))) {
            return graph;
        }
        Scopes scopes = new Scopes(graph);
        List<Node> nodes = graph.nodes().stream()
                .map(node -> scopes.renamed(node, Map.of()))
                .toList();
        return new Graph(graph.name(), graph.inputs(), graph.outputs(), nodes, scopes.initializers);
    }

    private Node renamed(Node node, Map<String, String> names) {
        Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
        for (Attribute attribute : node.attributes().values()) {
            List<Graph> graphs = attribute.graphs();
            if (graphs.size() == 1) {
                attributes.put(attribute.name(), Attribute.of(attribute.name(), renamed(graphs.get(0), names)));
            }
        }
        List<String> outputs = new ArrayList<>(renamed(node.outputs(), names));
        if (node.domain().isEmpty() && !OPTIONAL.contains(node.type())) {
            outputs.replaceAll(output -> output.isEmpty() ? fresh(Lift.ADDED + "unread") : output);
        }
        return node.with(node.type(), renamed(node.inputs(), names), outputs, attributes);
    }

    private static List<String> renamed(List<String> values, Map<String, String> names) {
        return values.stream().map(value -> names.getOrDefault(value, value)).toList();
    }

    private Graph renamed(Graph graph, Map<String, String> around) {
        Map<String, String> names = new HashMap<>(around);
        graph.initializers().keySet().forEach(name -> names.put(name, fresh(name)));
        graph.inputs().forEach(input -> names.put(input.name(), fresh(input.name())));
        graph.nodes()
                .forEach(node -> node.outputs().stream()
                        .filter(value -> !value.isEmpty())
                        .forEach(value -> names.put(value, fresh(value))));
        List<Node> nodes = new ArrayList<>();
        graph.nodes().forEach(node -> nodes.add(renamed(node, names)));
        for (Initializer initializer : graph.initializers().values()) {
            String name = names.getOrDefault(initializer.name(), initializer.name());
            initializers.put(name, initializer.named(name));
        }
        List<ValueInfo> outputs = new ArrayList<>();
        for (ValueInfo output : graph.outputs()) {
            String name = names.getOrDefault(output.name(), output.name());
            if (graph.initializers().containsKey(output.name())) {
                // A graph may return only values that it computes itself.
                String given = fresh(name);
                nodes.add(Node.of("Identity", given, List.of(name), List.of(given)));
                name = given;
            }
            outputs.add(output.named(name));
        }
        return new Graph(
                graph.name(),
                graph.inputs().stream()
                        .map(input -> input.named(names.getOrDefault(input.name(), input.name())))
                        .toList(),
                outputs,
                nodes,
                Map.of());
    }

    private String fresh(String name) {
        String found = name;
        for (int i = 1; !taken.add(found); i++) {
            found = name + "_" + i;
        }
        return found;
    }
}
