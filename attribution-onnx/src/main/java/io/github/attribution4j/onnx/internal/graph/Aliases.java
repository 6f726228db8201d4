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
 * Other names of constants. An exporter that finds two weights equal stores one, and writes an {@code Identity} for the
 * other. Whoever reads the other name reads the stored one from here on: ONNX Runtime loses such a name when it
 * computes what depends on constants only.
 */
final class Aliases {
    private Aliases() {}

    /** The same graph without the other names, but for those that are outputs. */
    static Graph resolve(Graph graph) {
        Set<String> constants = new HashSet<>(graph.initializers().keySet());
        Map<String, String> stored = new HashMap<>();
        for (Node node : graph.nodes()) {
            if (node.is("Constant")) {
                constants.add(node.output(0));
            } else if (node.is("Identity")) {
                String name = stored.getOrDefault(node.input(0), node.input(0));
                if (constants.contains(name)) {
                    stored.put(node.output(0), name);
                }
            }
        }
        return stored.isEmpty() ? graph : withoutUnread(reading(graph, stored), stored.keySet());
    }

    private static Graph withoutUnread(Graph graph, Set<String> aliases) {
        Set<String> read = new HashSet<>();
        graph.outputs().forEach(output -> read.add(output.name()));
        graph.nodes().forEach(node -> read.addAll(node.reads()));
        List<Node> nodes = new ArrayList<>(graph.nodes());
        nodes.removeIf(
                node -> node.is("Identity") && aliases.contains(node.output(0)) && !read.contains(node.output(0)));
        return new Graph(graph.name(), graph.inputs(), graph.outputs(), nodes, graph.initializers());
    }

    private static Graph reading(Graph graph, Map<String, String> others) {
        List<Node> nodes = new ArrayList<>();
        graph.nodes().forEach(node -> nodes.add(reading(node, others)));
        return new Graph(graph.name(), graph.inputs(), graph.outputs(), nodes, graph.initializers());
    }

    /** A graph within a node; what it calls by one of the names itself is not meant. */
    private static Graph within(Graph graph, Map<String, String> others) {
        Map<String, String> captured = new HashMap<>(others);
        Set<String> own = new HashSet<>(graph.initializers().keySet());
        graph.inputs().forEach(input -> own.add(input.name()));
        graph.nodes().forEach(node -> own.addAll(node.outputs()));
        captured.keySet().removeAll(own);
        captured.values().removeAll(own);
        // What it gives by the name of a value around it, it needs by that name.
        graph.outputs().forEach(output -> captured.remove(output.name()));
        return reading(graph, captured);
    }

    private static Node reading(Node node, Map<String, String> others) {
        Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
        boolean changed = node.inputs().stream().anyMatch(others::containsKey);
        for (Attribute attribute : node.attributes().values()) {
            List<Graph> inner = attribute.graphs();
            if (inner.size() == 1 && inner.get(0).captured().stream().anyMatch(others::containsKey)) {
                attributes.put(attribute.name(), Attribute.of(attribute.name(), within(inner.get(0), others)));
                changed = true;
            }
        }
        if (!changed) {
            return node;
        }
        List<String> inputs = node.inputs().stream()
                .map(input -> others.getOrDefault(input, input))
                .toList();
        return node.with(inputs, attributes);
    }
}
