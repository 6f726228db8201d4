// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.List;

/**
 * Inputs of types that Java has no tensors of, such as float16, given in the next wider type: a Cast makes of each what
 * the file says. Graphs of nodes see no difference, because the result has the input's name.
 */
public final class Widened {
    private static final String GIVEN = "attribution/given ";

    private Widened() {}

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
            nodes.add(Node.of("Cast", given, List.of(given), List.of(input.name()), Attribute.of("to", (long)
                    type.element().code())));
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
}
