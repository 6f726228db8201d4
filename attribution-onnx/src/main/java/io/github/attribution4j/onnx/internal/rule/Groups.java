// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.Operation.Kind;
import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds operations that exporters write as several nodes: a dense layer as product and sum, GELU, SiLU and the like as
 * the product of a value and a function of it, the reciprocal of a root.
 */
final class Groups {
    /** Activations are written in no more nodes than this. */
    private static final int MOST = 12;

    private static final Set<String> ELEMENTWISE = Set.of(
            "Abs",
            "Add",
            "Clip",
            "Div",
            "Erf",
            "Exp",
            "HardSigmoid",
            "Identity",
            "Log",
            "Max",
            "Min",
            "Mul",
            "Neg",
            "Pow",
            "Reciprocal",
            "Relu",
            "Sigmoid",
            "Softplus",
            "Sqrt",
            "Sub",
            "Tanh");

    /** The name of x · f(x) by a node in f; the first one counts. */
    private static final List<Map.Entry<String, String>> NAMES = List.of(
            Map.entry("Erf", "gelu"),
            Map.entry("Softplus", "mish"),
            Map.entry("Tanh", "gelu"),
            Map.entry("HardSigmoid", "hardswish"),
            Map.entry("Clip", "hardswish"),
            Map.entry("Sigmoid", "silu"));

    private final Graph graph;
    private final Constants constants;
    private final Function<String, @Nullable ValueType> types;
    private final Set<String> exposed;
    private final Map<String, Integer> producers = new HashMap<>();
    private final Map<String, List<Node>> readers = new HashMap<>();
    private final Map<Node, Group> found = new HashMap<>();

    private Groups(
            Graph graph, Constants constants, Function<String, @Nullable ValueType> types, Collection<String> exposed) {
        this.graph = graph;
        this.constants = constants;
        this.types = types;
        this.exposed = new HashSet<>(exposed);
        graph.outputs().forEach(output -> this.exposed.add(output.name()));
        List<Node> nodes = graph.nodes();
        for (int i = 0; i < nodes.size(); i++) {
            for (String output : nodes.get(i).outputs()) {
                producers.put(output, i);
            }
            for (String read : nodes.get(i).readsNumbersOf()) {
                readers.computeIfAbsent(read, any -> new ArrayList<>()).add(nodes.get(i));
            }
        }
    }

    /**
     * Returns the operations of several nodes, by their last nodes.
     *
     * @param exposed values that are looked at from outside, so that they lie inside no operation
     */
    static Map<Node, Group> of(
            Graph graph, Constants constants, Function<String, @Nullable ValueType> types, Collection<String> exposed) {
        Groups groups = new Groups(graph, constants, types, exposed);
        Set<Node> taken = new HashSet<>();
        for (Node node : graph.nodes()) {
            Group group = node.domain().isEmpty() ? groups.endingAt(node) : null;
            if (group != null && group.nodes().stream().noneMatch(taken::contains)) {
                groups.found.put(node, group);
                taken.addAll(group.nodes());
            }
        }
        return groups.found;
    }

    private @Nullable Group endingAt(Node node) {
        return switch (node.type()) {
            case "Add" -> dense(node);
            case "Mul" -> gated(node);
            case "Reciprocal" -> root(node, node.input(0));
            case "Div" -> {
                Double one = constants.number(node.input(0));
                yield one != null && one == 1 ? root(node, node.input(1)) : null;
            }
            default -> null;
        };
    }

    private @Nullable Node producer(String value) {
        Integer at = producers.get(value);
        return at == null || value.isEmpty() ? null : graph.nodes().get(at);
    }

    /** Whether only some nodes see a value. */
    private boolean isInside(String value, Collection<Node> nodes) {
        return !exposed.contains(value) && nodes.containsAll(readers.getOrDefault(value, List.of()));
    }

    private @Nullable Group dense(Node add) {
        for (int side = 0; side < 2; side++) {
            Node product = producer(add.input(side));
            String bias = add.input(1 - side);
            ValueType type = types.apply(bias);
            if (product != null
                    && Operators.isDense(product, constants, types)
                    && constants.constant(bias)
                    && type != null
                    && (type.rank() == 0 || type.rank() == 1)
                    && isInside(product.output(0), List.of(add))) {
                return new Group(Kind.WEIGHTED, "linear", List.of(product, add), product.input(0));
            }
        }
        return null;
    }

    private @Nullable Group root(Node end, String value) {
        Node root = producer(value);
        return root != null && root.is("Sqrt") && isInside(value, List.of(end))
                ? new Group(Kind.ACTIVATION, "rsqrt", List.of(root, end), root.input(0))
                : null;
    }

    /** A product of a value and a function of the same value. */
    private @Nullable Group gated(Node product) {
        Set<String> open = new HashSet<>(operands(product));
        if (open.size() != 2) {
            return null;
        }
        TreeMap<Integer, Node> nodes = new TreeMap<>();
        nodes.put(producers.getOrDefault(product.output(0), 0), product);
        while (open.size() > 1) {
            int latest = open.stream()
                    .mapToInt(value -> producers.getOrDefault(value, -1))
                    .max()
                    .orElse(-1);
            Node node = latest < 0 || nodes.size() > MOST ? null : graph.nodes().get(latest);
            if (node == null || !isElementwise(node) || !isInside(node.output(0), nodes.values())) {
                return null;
            }
            nodes.put(latest, node);
            open.remove(node.output(0));
            open.addAll(operands(node));
        }
        for (Map.Entry<String, String> name : NAMES) {
            if (nodes.values().stream().anyMatch(node -> node.is(name.getKey()))) {
                List<Node> inOrder = List.copyOf(nodes.values());
                return new Group(
                        Kind.ACTIVATION,
                        name.getValue(),
                        inOrder,
                        open.iterator().next());
            }
        }
        return null;
    }

    private boolean isElementwise(Node node) {
        return node.domain().isEmpty()
                && ELEMENTWISE.contains(node.type())
                && !operands(node).isEmpty();
    }

    /** What a node reads, without constant numbers. */
    private List<String> operands(Node node) {
        return node.inputs().stream()
                .filter(value -> !value.isEmpty() && !Operators.scalar(value, constants))
                .distinct()
                .toList();
    }
}
