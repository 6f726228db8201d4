// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * A graph that also runs on references: every value whose numbers depend on what has a reference is computed a second
 * time, by copies of the nodes. Weights, sizes and everything else are shared.
 *
 * <p>Copies of nodes, and not more rows of the same run, because a value inside a graph may have its rows on any axis
 * or on none, a file may fix the number of its rows, and a model without a batch axis takes one row only. One session
 * still gives both runs.
 *
 * <p>A branch or loop whose course is the same in both runs stays one node, whose graphs compute both. A loop whose
 * course depends on what has a reference is copied as a whole, since the two runs may take different numbers of steps.
 *
 * @param graph both runs
 * @param types of the values of both
 * @param references for each value that the second run has other numbers of, its name there
 */
public record Compared(Graph graph, Map<String, ValueType> types, Map<String, String> references) {
    private static final String PREFIX = "attribution/reference/";

    /**
     * Adds a second run.
     *
     * @param graph the model's
     * @param types of its values
     * @param given values and the names that they have in the second run; those that no node computes become inputs
     * @param computed inputs that the second run computes: for each node's value that is in the place of such an input
     *     there, the input
     */
    public static Compared of(
            Graph graph, Map<String, ValueType> types, Map<String, String> given, Map<String, String> computed) {
        Second second = new Second(new HashMap<>(given), new HashMap<>(types), computed, graph.names());
        second.taken.addAll(given.values());
        given.forEach((value, reference) -> second.type(value, reference));
        List<Node> nodes = second.nodes(graph.nodes(), Set.copyOf(given.keySet()));
        List<ValueInfo> inputs = new ArrayList<>(graph.inputs());
        Set<String> there = new HashSet<>();
        nodes.forEach(node -> there.addAll(node.outputs()));
        graph.inputs().forEach(input -> there.add(input.name()));
        Set<String> added = new HashSet<>();
        for (Map.Entry<String, String> each : given.entrySet()) {
            if (!there.contains(each.getValue()) && added.add(each.getValue())) {
                inputs.add(ValueInfo.of(each.getValue(), second.typeOf(each.getKey())));
            }
        }
        return new Compared(
                new Graph(graph.name(), inputs, graph.outputs(), nodes, graph.initializers()),
                second.types,
                second.names);
    }

    /** A name for the reference of a value. */
    public static String name(String value) {
        return PREFIX + value;
    }

    /** Writes the second run. */
    private static final class Second {
        private final Map<String, String> names;
        private final Map<String, ValueType> types;
        private final Map<String, String> sources;
        private final Set<String> taken;

        Second(
                Map<String, String> names,
                Map<String, ValueType> types,
                Map<String, String> sources,
                Set<String> taken) {
            this.names = names;
            this.types = types;
            this.sources = sources;
            this.taken = taken;
        }

        private ValueType typeOf(String value) {
            ValueType type = types.get(value);
            if (type == null) {
                throw new IllegalStateException("the type of '" + value + "' is not known");
            }
            return type;
        }

        private void type(String value, String reference) {
            ValueType type = types.get(value);
            if (type != null) {
                types.put(reference, type);
            }
        }

        private String second(String value) {
            return names.getOrDefault(value, value);
        }

        private String add(String value) {
            String name = name(value);
            while (!taken.add(name)) {
                name += "'";
            }
            names.put(value, name);
            type(value, name);
            if (sources.containsKey(value)) {
                names.put(sources.get(value), name);
            }
            return name;
        }

        /**
         * The nodes of both runs; a copy comes right after its node.
         *
         * @param given values whose name in the second run is known, although a node computes them
         */
        private List<Node> nodes(List<Node> nodes, Set<String> given) {
            List<Node> both = new ArrayList<>();
            for (Node node : nodes) {
                if (node.readsNumbersOf().stream().noneMatch(names::containsKey) || given.containsAll(outputs(node))) {
                    both.add(node);
                } else if (isOneCourse(node)) {
                    both.add(joined(node));
                } else {
                    both.add(node);
                    both.add(copied(node, given));
                }
            }
            return both;
        }

        private static List<String> outputs(Node node) {
            return node.outputs().stream().filter(value -> !value.isEmpty()).toList();
        }

        private Node copied(Node node, Set<String> given) {
            List<String> outputs = new ArrayList<>();
            for (String value : node.outputs()) {
                // A value that is replaced in the second run is computed there for nobody.
                outputs.add(value.isEmpty() || given.contains(value) ? "" : add(value));
            }
            Map<String, String> read = new HashMap<>();
            node.reads().stream().filter(names::containsKey).forEach(value -> read.put(value, second(value)));
            String own = outputs.stream()
                    .filter(value -> !value.isEmpty())
                    .findFirst()
                    .orElse("");
            return node.renamed(read).withOutputs(outputs).named(own);
        }

        /** Whether both runs go through the graphs of a node in the same way. */
        private boolean isOneCourse(Node node) {
            if (node.is("If")) {
                return !names.containsKey(node.input(0));
            }
            if (node.is("Scan")) {
                return true;
            }
            if (!node.is("Loop") || names.containsKey(node.input(0)) || names.containsKey(node.input(1))) {
                return false;
            }
            Graph body = node.graphs().get(0);
            Set<String> differing = new HashSet<>(names.keySet());
            for (int i = 2; i < body.inputs().size(); i++) {
                differing.add(body.inputs().get(i).name());
            }
            Graph.addDependent(body.nodes(), differing);
            return !differing.contains(body.outputs().get(0).name());
        }

        /** One node whose graphs compute both runs. Outputs are those of its states twice, then the others twice. */
        private Node joined(Node node) {
            if (node.is("If")) {
                Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
                for (Attribute attribute : node.attributes().values()) {
                    for (Graph branch : attribute.graphs()) {
                        attributes.put(attribute.name(), Attribute.of(attribute.name(), body(branch, 0, 0, 0)));
                    }
                }
                return node.with(node.inputs(), attributes)
                        .withOutputs(twice(
                                padded(node, node.graphs().get(0).outputs().size()), 0, 0, true));
            }
            Graph body = node.graphs().get(0);
            boolean loop = node.is("Loop");
            int slices = loop
                    ? 0
                    : Math.toIntExact(Objects.requireNonNull(node.attributes().get("num_scan_inputs"))
                            .integer());
            int kept = loop ? 2 : 0;
            int states = node.inputs().size() - slices - kept;
            Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
            if (!loop) {
                attributes.put("num_scan_inputs", Attribute.of("num_scan_inputs", 2L * slices));
                for (String list : List.of(
                        "scan_input_axes", "scan_input_directions", "scan_output_axes", "scan_output_directions")) {
                    Attribute written = attributes.get(list);
                    if (written != null) {
                        long[] values = written.integers();
                        attributes.put(
                                list,
                                Attribute.of(
                                        list,
                                        LongStream.concat(LongStream.of(values), LongStream.of(values))
                                                .toArray()));
                    }
                }
            }
            List<String> inputs = twice(node.inputs(), kept, kept + states, false);
            List<String> outputs = padded(node, body.outputs().size() - (loop ? 1 : 0));
            List<String> all = twice(outputs, 0, states, true);
            attributes.put("body", Attribute.of("body", body(body, kept, kept + states, loop ? 1 : 0)));
            return node.with(inputs, attributes).withOutputs(all);
        }

        private static List<String> padded(Node node, int count) {
            List<String> outputs = new ArrayList<>(node.outputs());
            while (outputs.size() < count) {
                outputs.add("");
            }
            return outputs;
        }

        /** The first ones once, those up to an end and their seconds, the others and their seconds. */
        private List<String> twice(List<String> values, int once, int end, boolean made) {
            List<String> all = new ArrayList<>(values.subList(0, once));
            int states = Math.max(once, end);
            for (List<String> part : List.of(values.subList(once, states), values.subList(states, values.size()))) {
                all.addAll(part);
                for (String value : part) {
                    all.add(value.isEmpty() ? "" : made ? add(value) : second(value));
                }
            }
            return all;
        }

        /**
         * A body or branch of both runs.
         *
         * @param kept how many inputs count or tell conditions
         * @param end where the states end among the inputs; the others are slices
         * @param conditions how many outputs tell conditions
         */
        private Graph body(Graph body, int kept, int end, int conditions) {
            List<ValueInfo> inputs = new ArrayList<>(body.inputs().subList(0, kept));
            for (List<ValueInfo> part : List.of(
                    body.inputs().subList(kept, end),
                    body.inputs().subList(end, body.inputs().size()))) {
                inputs.addAll(part);
                for (ValueInfo input : part) {
                    inputs.add(input.named(add(input.name())));
                }
            }
            List<Node> nodes = nodes(body.nodes(), Set.of());
            List<ValueInfo> outputs = new ArrayList<>(body.outputs().subList(0, conditions));
            int states = Math.min(conditions + end - kept, body.outputs().size());
            for (List<ValueInfo> part : List.of(
                    body.outputs().subList(conditions, states),
                    body.outputs().subList(states, body.outputs().size()))) {
                outputs.addAll(part);
                for (ValueInfo output : part) {
                    // A graph returns each value once, and what it returns it computes itself.
                    String copy = name(output.name()) + "'";
                    while (!taken.add(copy)) {
                        copy += "'";
                    }
                    nodes.add(Node.of("Identity", copy, List.of(second(output.name())), List.of(copy)));
                    type(output.name(), copy);
                    outputs.add(output.named(copy));
                }
            }
            return new Graph(body.name(), inputs, outputs, nodes, body.initializers());
        }
    }
}
