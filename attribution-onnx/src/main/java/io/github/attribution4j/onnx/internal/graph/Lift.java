// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes nodes of older operator sets in the words of version 18, in which the rules are written. Between 13 and 18
 * four things changed: the axes of reductions became inputs, {@code Split} wants to be told into how many, {@code
 * RoiAlign} places its samples otherwise, and {@code BatchNormalization} has other outputs in training, which is
 * refused elsewhere.
 */
final class Lift {
    /** To this version. */
    static final long TO = 18;

    /** The oldest version of the format that may have it. */
    static final long IR_VERSION = 8;

    private static final Set<String> REDUCTIONS = Set.of(
            "ReduceMax",
            "ReduceMean",
            "ReduceMin",
            "ReduceProd",
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp",
            "ReduceSumSquare");

    private final long from;
    private final Set<String> names;

    private Lift(long from, Graph graph) {
        this.from = from;
        this.names = graph.names();
    }

    static Graph from(long opset, Graph graph) {
        return opset >= TO ? graph : new Lift(opset, graph).lift(graph);
    }

    private Graph lift(Graph graph) {
        List<Node> nodes = new ArrayList<>();
        Map<String, Initializer> initializers = new LinkedHashMap<>(graph.initializers());
        for (Node node : graph.nodes()) {
            nodes.add(node.domain().isEmpty() ? lift(node, initializers) : node);
        }
        return new Graph(graph.name(), graph.inputs(), graph.outputs(), nodes, initializers);
    }

    private Node lift(Node node, Map<String, Initializer> initializers) {
        Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
        boolean changed = false;
        for (Attribute attribute : node.attributes().values()) {
            List<Graph> inner = attribute.graphs();
            if (inner.size() == 1) {
                attributes.put(attribute.name(), Attribute.of(attribute.name(), lift(inner.get(0))));
                changed = true;
            }
        }
        List<String> inputs = node.inputs();
        if (REDUCTIONS.contains(node.type()) && attributes.containsKey("axes")) {
            inputs = List.of(node.input(0), constant(attributes.remove("axes").integers(), initializers));
            changed = true;
        } else if (node.is("Split") && node.input(1).isEmpty()) {
            attributes.put(
                    "num_outputs", Attribute.of("num_outputs", node.outputs().size()));
            changed = true;
        } else if (node.is("RoiAlign") && from < 16) {
            attributes.putIfAbsent(
                    "coordinate_transformation_mode",
                    Attribute.of("coordinate_transformation_mode", "output_half_pixel"));
            changed = true;
        }
        return changed ? node.with(inputs, attributes) : node;
    }

    private String constant(long[] values, Map<String, Initializer> initializers) {
        String name = "attribution/axes";
        for (int i = 0; names.contains(name); i++) {
            name = "attribution/axes_" + i;
        }
        names.add(name);
        initializers.put(name, Initializer.of(name, values, values.length));
        return name;
    }
}
