// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import io.github.attribution4j.onnx.internal.proto.Message;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Nodes, and the values that they compute. Each node comes after those whose values it reads.
 *
 * @param name its name
 * @param inputs its inputs; constants of the file are not among them
 * @param outputs its outputs
 * @param nodes its nodes
 * @param initializers its constants, by name
 */
public record Graph(
        String name,
        List<ValueInfo> inputs,
        List<ValueInfo> outputs,
        List<Node> nodes,
        Map<String, Initializer> initializers) {
    private static final int NODE = 1;
    private static final int NAME = 2;
    private static final int INITIALIZER = 5;
    private static final int INPUT = 11;
    private static final int OUTPUT = 12;
    private static final int SPARSE_INITIALIZER = 15;

    /**
     * From this size on, sessions share the weights in the mapped file. Otherwise every session makes copies in the
     * order that its kernels prefer, which saves some time of a run and takes as much memory as the weights.
     */
    private static final long LARGE = 512L << 20;

    /** Copies the lists. */
    public Graph {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        nodes = List.copyOf(nodes);
    }

    /** Makes a graph with constants. */
    public static Graph of(
            String name,
            List<ValueInfo> inputs,
            List<ValueInfo> outputs,
            List<Node> nodes,
            Collection<Initializer> initializers) {
        Map<String, Initializer> byName = new LinkedHashMap<>();
        initializers.forEach(initializer -> byName.put(initializer.name(), initializer));
        return new Graph(name, inputs, outputs, nodes, byName);
    }

    static Graph read(Message message) {
        return Aliases.resolve(written(message));
    }

    /** A graph as it is written, with the other names of constants. */
    static Graph written(Message message) {
        if (message.has(SPARSE_INITIALIZER)) {
            throw new FormatException(
                    Reason.UNSUPPORTED, "the model has sparse initializers; store them as ordinary tensors");
        }
        Map<String, Initializer> initializers = new LinkedHashMap<>();
        for (Message each : message.messages(INITIALIZER)) {
            Initializer initializer = Initializer.read(each);
            initializers.put(initializer.name(), initializer);
        }
        // Before version 4 of the format, constants were also inputs, so that the caller could replace them. Here they
        // are constant.
        List<ValueInfo> inputs = message.messages(INPUT).stream()
                .map(ValueInfo::read)
                .filter(input -> !initializers.containsKey(input.name()))
                .toList();
        return new Graph(
                message.text(NAME),
                inputs,
                message.messages(OUTPUT).stream().map(ValueInfo::read).toList(),
                Order.of(message.messages(NODE).stream().map(Node::read).toList()),
                initializers);
    }

    Message toMessage() {
        return toMessage(null, null);
    }

    Message toMessage(@Nullable Path file, @Nullable WeightFolder folder) {
        Message.Builder builder = Message.builder();
        nodes.forEach(node -> builder.message(NODE, node.message()));
        builder.text(NAME, name);
        initializers.values().forEach(each -> builder.message(INITIALIZER, each.reference(file, folder)));
        inputs.forEach(input -> builder.message(INPUT, input.message()));
        outputs.forEach(output -> builder.message(OUTPUT, output.message()));
        return builder.build();
    }

    /**
     * The part of this graph that computes some values.
     *
     * @param values the outputs of the part
     */
    public Graph giving(List<String> values) {
        List<Node> needed = upstream(nodes, values);
        Set<String> reads = new HashSet<>(values);
        needed.forEach(node -> reads.addAll(node.reads()));
        return of(
                name,
                inputs.stream().filter(input -> reads.contains(input.name())).toList(),
                values.stream().map(ValueInfo::of).toList(),
                needed,
                initializers.values().stream()
                        .filter(each -> reads.contains(each.name()))
                        .toList());
    }

    /** A copy in which some values have other names. */
    Graph renamed(Map<String, String> names) {
        return new Graph(
                name,
                inputs,
                outputs.stream()
                        .map(output -> output.named(names.getOrDefault(output.name(), output.name())))
                        .toList(),
                nodes.stream().map(node -> node.renamed(names)).toList(),
                initializers);
    }

    /** The nodes that compute some values, in their order. */
    public static List<Node> upstream(List<Node> nodes, Collection<String> values) {
        Set<String> wanted = new HashSet<>(values);
        List<Node> found = new ArrayList<>();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.outputs().stream().anyMatch(wanted::contains)) {
                wanted.addAll(node.reads());
                found.add(node);
            }
        }
        Collections.reverse(found);
        return found;
    }

    /**
     * Adds the values whose numbers depend on those of others: what is computed from the sizes of values alone does not
     * depend on their numbers.
     *
     * @param values grows
     */
    public static void addDependent(List<Node> nodes, Set<String> values) {
        for (Node node : nodes) {
            if (node.readsNumbersOf().stream().anyMatch(values::contains)) {
                node.outputs().stream().filter(value -> !value.isEmpty()).forEach(values::add);
            }
        }
    }

    /** The values outside this graph that its nodes, and the graphs in them, read. */
    public Set<String> captured() {
        return captured(Node::reads);
    }

    /** Of {@link #captured} those that nodes read in a way. */
    Set<String> captured(Function<Node, Set<String>> reads) {
        Set<String> own = new LinkedHashSet<>(initializers.keySet());
        inputs.forEach(input -> own.add(input.name()));
        Set<String> captured = new LinkedHashSet<>();
        for (Node node : nodes) {
            for (String read : reads.apply(node)) {
                if (!own.contains(read)) {
                    captured.add(read);
                }
            }
            own.addAll(node.outputs());
        }
        for (ValueInfo output : outputs) {
            if (!own.contains(output.name())) {
                captured.add(output.name());
            }
        }
        return captured;
    }

    /** The names of all values, also of those in graphs of nodes. */
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>(initializers.keySet());
        inputs.forEach(input -> names.add(input.name()));
        outputs.forEach(output -> names.add(output.name()));
        for (Node node : nodes) {
            names.addAll(node.outputs());
            node.graphs().forEach(graph -> names.addAll(graph.names()));
        }
        return names;
    }

    /** The number of bytes of its constants, here and in files that they are in. */
    public long weights() {
        return initializers.values().stream().mapToLong(Initializer::bytes).sum();
    }

    /** Whether they are so many that nothing should copy them. */
    public boolean isLarge() {
        return weights() >= LARGE;
    }

    /** The node that computes each value. */
    public Map<String, Node> producers() {
        Map<String, Node> producers = new LinkedHashMap<>();
        for (Node node : nodes) {
            for (String output : node.outputs()) {
                if (!output.isEmpty()) {
                    producers.put(output, node);
                }
            }
        }
        return producers;
    }
}
