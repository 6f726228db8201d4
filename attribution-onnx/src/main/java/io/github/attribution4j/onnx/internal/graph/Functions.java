// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import io.github.attribution4j.onnx.internal.proto.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Replaces nodes that call functions of the model by the nodes of these functions. Names of inner values begin with the
 * name of the call. Where the function refers to attributes of the call, these are inserted.
 */
final class Functions {
    private static final int NAME = 1;
    private static final int INPUT = 4;
    private static final int OUTPUT = 5;
    private static final int NODE = 7;
    private static final int OPSET = 9;
    private static final int DOMAIN = 10;
    private static final int DEFAULT = 11;
    private static final int OVERLOAD = 13;
    private static final int OPSET_DOMAIN = 1;
    private static final int OPSET_VERSION = 2;

    /** The deepest nesting of calls; a deeper one is a cycle. */
    private static final int DEEPEST = 64;

    /** The most added nodes; only a malicious file has more. */
    private static final int MOST_NODES = 1_000_000;

    private final Map<String, Function> functions = new HashMap<>();
    private final Set<String> names;
    private final Set<String> nodeNames = new HashSet<>();
    private final Map<String, Initializer> initializers;
    private final long opset;
    private int nodes;

    private record Function(
            List<String> inputs, List<String> outputs, List<Node> nodes, Map<String, Attribute> defaults, long opset) {}

    private Functions(Graph graph, List<Message> messages, long opset) {
        this.names = graph.names();
        this.initializers = new LinkedHashMap<>(graph.initializers());
        this.opset = opset;
        graph.nodes().forEach(node -> nodeNames.add(node.name()));
        for (Message message : messages) {
            Map<String, Attribute> defaults = new LinkedHashMap<>();
            message.messages(DEFAULT).stream()
                    .map(Attribute::read)
                    .forEach(attribute -> defaults.put(attribute.name(), attribute));
            long own = opset;
            for (Message each : message.messages(OPSET)) {
                String domain = each.text(OPSET_DOMAIN);
                if (domain.isEmpty() || domain.equals("ai.onnx")) {
                    own = each.number(OPSET_VERSION, 1);
                }
            }
            functions.put(
                    key(message.text(DOMAIN), message.text(NAME), message.text(OVERLOAD)),
                    new Function(
                            message.texts(INPUT),
                            message.texts(OUTPUT),
                            Order.of(message.messages(NODE).stream()
                                    .map(Node::read)
                                    .toList()),
                            defaults,
                            own));
        }
    }

    private static String key(String domain, String name, String overload) {
        return domain + ":" + name + ":" + overload;
    }

    /**
     * Inlines all calls.
     *
     * @param graph whose own nodes are in the words of version {@code opset} at least
     * @param functions as FunctionProto
     */
    static Graph inlined(Graph graph, List<Message> functions, long opset) {
        if (functions.isEmpty()) {
            return graph;
        }
        Functions all = new Functions(graph, functions, opset);
        List<Node> nodes = all.inlined(graph.nodes(), 0);
        return new Graph(graph.name(), graph.inputs(), graph.outputs(), nodes, all.initializers);
    }

    private List<Node> inlined(List<Node> calls, int depth) {
        List<Node> found = new ArrayList<>();
        for (Node node : calls) {
            Function function = functions.get(key(node.domain(), node.type(), node.overload()));
            if (function == null) {
                found.add(node.graphs().isEmpty() ? node : within(node, depth));
            } else {
                found.addAll(inlined(body(node, function, depth), depth + 1));
            }
        }
        return found;
    }

    private Node within(Node node, int depth) {
        Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
        for (Attribute attribute : node.attributes().values()) {
            if (attribute.graphs().size() == 1) {
                Graph inner = attribute.graphs().get(0);
                Graph flat = new Graph(
                        inner.name(),
                        inner.inputs(),
                        inner.outputs(),
                        inlined(inner.nodes(), depth),
                        inner.initializers());
                attributes.put(attribute.name(), Attribute.of(attribute.name(), flat));
            }
        }
        return node.with(node.inputs(), attributes);
    }

    /** The nodes of one call. */
    private List<Node> body(Node call, Function function, int depth) {
        nodes += function.nodes().size();
        if (depth >= DEEPEST || nodes > MOST_NODES) {
            throw new FormatException(
                    Reason.CORRUPT,
                    "function '" + call.type() + "' calls itself, or there are more than " + MOST_NODES
                            + " nodes in functions; the file is damaged");
        }
        if (function.opset() > Math.max(opset, Lift.TO)) {
            throw new FormatException(
                    Reason.UNSUPPORTED,
                    "function '" + call.type() + "' is written in opset " + function.opset() + ", the model in " + opset
                            + "; ONNX Runtime takes one only: export the model again");
        }
        String prefix = call.name().isEmpty() ? call.type() : call.name();
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < function.inputs().size(); i++) {
            values.put(function.inputs().get(i), call.input(i));
        }
        List<Node> more = new ArrayList<>();
        for (int i = 0; i < function.outputs().size(); i++) {
            String inner = function.outputs().get(i);
            String outer = call.output(i);
            if (function.inputs().contains(inner)) {
                if (!outer.isEmpty()) {
                    more.add(Node.of("Identity", outer, List.of(values.getOrDefault(inner, "")), List.of(outer)));
                }
            } else if (!outer.isEmpty() && values.putIfAbsent(inner, outer) != null) {
                more.add(Node.of("Identity", outer, List.of(values.getOrDefault(inner, "")), List.of(outer)));
            }
        }
        List<Node> body = new ArrayList<>();
        for (Node node : function.nodes()) {
            body.add(instance(node, call, function, values, prefix));
        }
        body.addAll(more);
        Graph lifted = Lift.from(function.opset(), Graph.of(prefix, List.of(), List.of(), body, initializers.values()));
        initializers.putAll(lifted.initializers());
        return lifted.nodes();
    }

    private Node instance(Node node, Node call, Function function, Map<String, String> values, String prefix) {
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        for (Attribute attribute : node.attributes().values()) {
            String reference = attribute.reference();
            Attribute found = attribute;
            if (!reference.isEmpty()) {
                Attribute given = call.attributes()
                        .getOrDefault(reference, function.defaults().get(reference));
                if (given == null) {
                    continue; // then it has its usual value
                }
                found = given.named(attribute.name());
            }
            if (found.graphs().size() == 1) {
                Graph inner = found.graphs().get(0);
                Map<String, String> around = new HashMap<>(values);
                found = Attribute.of(found.name(), instance(inner, call, function, around, prefix));
            }
            attributes.put(found.name(), found);
        }
        List<String> outputs = node.outputs().stream()
                .map(value -> renamed(value, values, prefix))
                .toList();
        return node.with(
                        node.type(),
                        node.inputs().stream()
                                .map(value -> renamed(value, values, prefix))
                                .toList(),
                        outputs,
                        attributes)
                .named(free(prefix + "/" + (node.name().isEmpty() ? node.type() : node.name()), nodeNames));
    }

    private Graph instance(Graph graph, Node call, Function function, Map<String, String> values, String prefix) {
        List<ValueInfo> inputs = graph.inputs().stream()
                .map(input -> input.named(renamed(input.name(), values, prefix)))
                .toList();
        List<Initializer> constants = graph.initializers().values().stream()
                .map(each -> each.named(renamed(each.name(), values, prefix)))
                .toList();
        List<Node> inner = graph.nodes().stream()
                .map(node -> instance(node, call, function, values, prefix))
                .toList();
        List<ValueInfo> outputs = graph.outputs().stream()
                .map(output -> output.named(renamed(output.name(), values, prefix)))
                .toList();
        return Graph.of(graph.name(), inputs, outputs, inner, constants);
    }

    private String renamed(String value, Map<String, String> values, String prefix) {
        if (value.isEmpty()) {
            return value;
        }
        return values.computeIfAbsent(value, inner -> free(prefix + "/" + inner, names));
    }

    private static String free(String wanted, Set<String> taken) {
        String name = wanted;
        for (int i = 1; !taken.add(name); i++) {
            name = wanted + "_" + i;
        }
        return name;
    }
}
