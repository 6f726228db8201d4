// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which values of a graph do not depend on its inputs, and what those are that stand in the file, under whatever name.
 */
public final class Constants {
    private final Graph graph;
    private final Map<String, Node> producers;
    private final Set<String> constant;
    private final @Nullable Constants around;

    /** Looks at a graph. */
    public Constants(Graph graph) {
        this(graph, null);
    }

    /**
     * Looks at a graph of a node.
     *
     * @param around what is constant in the graph of that node
     */
    public Constants(Graph graph, @Nullable Constants around) {
        this.graph = graph;
        this.around = around;
        this.producers = graph.producers();
        this.constant = new HashSet<>(graph.initializers().keySet());
        for (Node node : graph.nodes()) {
            if (!node.type().startsWith("Random")
                    && !node.is("Multinomial")
                    && !node.is("Bernoulli")
                    && node.reads().stream().allMatch(this::constant)) {
                constant.addAll(node.outputs());
            }
        }
        constant.remove("");
    }

    /** Whether a value is the same in every run. */
    public boolean constant(String value) {
        return constant.contains(value) || (around != null && around.constant(value));
    }

    /** The tensor that a value is: an initializer, a constant node, or another name of one; null if it is computed. */
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
                    // texts and lists of floats: no rule asks for them
                }
            }
        }
        return null;
    }

    /** The whole numbers that a value is; null if it is computed, long or of another type. */
    public long @Nullable [] longs(String value) {
        Initializer tensor = tensor(value);
        return tensor == null ? null : tensor.longs();
    }

    /** The one number that a value is; null if it is computed or not one. */
    public @Nullable Double number(String value) {
        Initializer tensor = tensor(value);
        double[] numbers = tensor == null || tensor.elements() != 1 ? null : tensor.doubles();
        return numbers == null ? null : numbers[0];
    }
}
