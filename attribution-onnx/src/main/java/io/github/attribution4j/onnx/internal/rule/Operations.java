// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.ModuleValues;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The operations of a model, as rules choose them: every node that gives floats, and nodes that are written for one
 * operation of PyTorch as one. Nodes that compute constants are none.
 */
public final class Operations {
    private final List<Operation> all = new ArrayList<>();
    /** By the result. */
    private final Map<String, Operation> byValue = new HashMap<>();

    /**
     * Lists the operations of a graph.
     *
     * @param types of its values
     * @param output what is explained
     */
    public Operations(Graph graph, Map<String, ValueType> types, String output) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        visit(graph, new Constants(graph), types::get, List.of(output), (group, constants) -> {
            Node end = group.end();
            String value = result(end);
            ElementType element = types.containsKey(value) ? types.get(value).element() : ElementType.OTHER;
            if (value.isEmpty()
                    || constants.constant(value)
                    || OnnxFile.added(value)
                    || !(element == ElementType.OTHER || element.carriesGradient())) {
                return;
            }
            String module = ModuleValues.weighted(group.nodes().get(0));
            String inside = module.isEmpty() ? group.name() : module + "/" + group.name();
            int number = counts.merge(inside, 1, Integer::sum) - 1;
            Operation operation = new Operation(inside + "#" + number, module, group.name(), group.kind(), all.size());
            all.add(operation);
            byValue.put(value, operation);
        });
    }

    /** All of them, in order. */
    public List<Operation> all() {
        return List.copyOf(all);
    }

    /** The operation that computes a value; null if none does. */
    @Nullable
    Operation of(String value) {
        return byValue.get(value);
    }

    /** The result of a node that stands for it. */
    static String result(Node node) {
        return node.outputs().stream()
                .filter(value -> !value.isEmpty())
                .findFirst()
                .orElse("");
    }

    /**
     * Visits the operations of a graph and of the graphs inside its nodes, in order.
     *
     * @param exposed values that lie inside no operation
     */
    static void visit(
            Graph graph,
            Constants constants,
            Function<String, @Nullable ValueType> types,
            Collection<String> exposed,
            BiConsumer<Group, Constants> visitor) {
        Map<Node, Group> groups = Groups.of(graph, constants, types, exposed);
        Set<Node> inside = new HashSet<>();
        groups.values().forEach(group -> inside.addAll(group.nodes()));
        for (Node node : graph.nodes()) {
            node.graphs().forEach(inner -> visit(inner, new Constants(inner, constants), types, exposed, visitor));
            Group group = groups.get(node);
            if (group != null) {
                visitor.accept(group, constants);
            } else if (!inside.contains(node)) {
                Operators.Known known = Operators.of(node, constants, types);
                if (known.kind() != null) {
                    visitor.accept(new Group(known.kind(), known.name(), List.of(node), node.input(0)), constants);
                }
            }
        }
    }
}
