// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The values of a graph that do not depend on its inputs, and the elements of those that are in the file, under
 * any name.
 */
public final class Constants {
    private final Graph graph;
    private final Map<String, Node> producers;
    private final Set<String> constant;
    private final @Nullable Constants around;

    /** Finds the constants of a graph. */
    public Constants(Graph graph) {
        this(graph, null);
    }

    /**
     * Finds the constants of a graph of a node.
     *
     * @param around the constants of the graph of that node
     */
    public Constants(Graph graph, @Nullable Constants around) {
        this.graph = graph;
        this.around = around;
        this.producers = graph.producers();
        this.constant = new HashSet<>(graph.initializers().keySet());
        for (Node node : graph.nodes()) {
            if (!node.draws() && node.reads().stream().allMatch(this::constant)) {
                constant.addAll(node.outputs());
            }
        }
        constant.remove("");
    }

    /** Whether a value is the same in every run. */
    public boolean constant(String value) {
        return constant.contains(value) || (around != null && around.constant(value));
    }

    /**
     * The tensor of a value: an initializer, a constant node, or another name of one; null if the value is computed.
     */
    public @Nullable Initializer tensor(String value) {
        String name = value;
        for (Node node = producers.get(name); node != null; node = producers.get(name)) {
            if (node.is("Constant")) {
                return literal(node);
            }
            if (!node.is("Identity")) {
                return null;
            }
            name = node.input(0);
        }
        Initializer own = graph.initializers().get(name);
        return own != null || around == null ? own : around.tensor(name);
    }

    private static @Nullable Initializer literal(Node node) {
        for (Attribute attribute : node.attributes().values()) {
            switch (attribute.name()) {
                case "value" -> {
                    return attribute.tensor(node.output(0));
                }
                case "value_int" -> {
                    return Initializer.of(node.output(0), new long[] {attribute.integer()});
                }
                case "value_ints" -> {
                    long[] values = attribute.integers();
                    return Initializer.of(node.output(0), values, values.length);
                }
                case "value_float" -> {
                    return Initializer.scalar(node.output(0), ElementType.FLOAT, attribute.real());
                }
                default -> {
                    // texts and lists of floats, which no rule reads
                }
            }
        }
        return null;
    }

    /** The whole numbers of a value; null if it is computed, long or of another type. */
    public long @Nullable [] longs(String value) {
        Initializer tensor = tensor(value);
        return tensor == null ? null : tensor.longs();
    }

    /** The number of a value; null if it is computed or has another number of elements than one. */
    public @Nullable Double number(String value) {
        Initializer tensor = tensor(value);
        double[] numbers = tensor == null || tensor.elements() != 1 ? null : tensor.doubles();
        return numbers == null ? null : numbers[0];
    }
}
