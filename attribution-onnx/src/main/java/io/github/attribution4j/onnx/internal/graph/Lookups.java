// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Lookups of ids in a table of vectors: {@code Gather} with a constant table and computed indices. */
public final class Lookups {
    /** Operators that convert the looked-up vectors: those of a quantized table, or of one with 16 bits. */
    private static final Set<String> CONVERTING = Set.of("DequantizeLinear", "Cast", "Identity");

    private static final int TABLE_AXES = 2;

    private Lookups() {}

    /** The ids of lookups, by the vectors found; these may be converted after the lookup. */
    public static Map<String, String> of(Graph graph, Constants constants) {
        Map<String, String> ids = new LinkedHashMap<>();
        for (Node node : graph.nodes()) {
            if (node.is("Gather") && axis(node) % TABLE_AXES == 0 && isTable(node.input(0), graph, constants)) {
                if (!constants.constant(node.input(1))) {
                    ids.put(node.output(0), node.input(1));
                }
            } else if (node.domain().isEmpty() && CONVERTING.contains(node.type()) && ids.containsKey(node.input(0))) {
                ids.put(node.output(0), ids.getOrDefault(node.input(0), ""));
            }
        }
        return ids;
    }

    /**
     * The values whose numbers depend on those of inputs or of vectors that are looked up. Vectors of positions are
     * found by the sizes of inputs alone, but they are weights, and what is computed from them is explained as what is
     * computed from other vectors.
     *
     * @param vectors the results of lookups
     */
    public static Set<String> dependent(Graph graph, Set<String> vectors) {
        Set<String> dependent = new HashSet<>(vectors);
        graph.inputs().forEach(input -> dependent.add(input.name()));
        Graph.addDependent(graph.nodes(), dependent);
        return dependent;
    }

    private static long axis(Node node) {
        Attribute axis = node.attributes().get("axis");
        return axis == null ? 0 : axis.integer();
    }

    /** Shapes are looked up too; they have one axis. */
    private static boolean isTable(String value, Graph graph, Constants constants) {
        Initializer table = constants.tensor(value);
        if (table == null && constants.constant(value)) {
            // A table of 16 bits that is converted whole, or of a transposed weight.
            Node producer = graph.producers().get(value);
            table = producer == null ? null : constants.tensor(producer.input(0));
        }
        return table != null && table.dims().length == TABLE_AXES;
    }
}
