// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.unfuse;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A graph in which operators that ONNX Runtime's optimizer has written, joined of several, are said in the words of the
 * standard again, so that everything that is known of these holds: gradients, rules, layers. A node that cannot be said
 * remains, with the reason.
 */
public final class Unfused {
    private static final String SET = "com.microsoft";
    private static final String BLOCKED = "com.microsoft.nchwc";
    private static final String REASON = "attribution.unfused";

    /** By set and operator. */
    private static final Map<String, Unfusing> TABLE = table();

    /** Operators that the runtime has no kernel for on the CPU, so that it does not describe their results. */
    private static final Set<String> ELSEWHERE = Set.of(
            "BiasAdd",
            "BiasSoftmax",
            "BiasSplitGelu",
            "FusedMatMulActivation",
            "GemmFastGelu",
            "GroupNorm",
            "NhwcConv",
            "NhwcFusedConv");

    private final Function<String, @Nullable ValueType> types;
    private final IntSupplier block;
    private final Predicate<Node> wanted;
    private final Set<String> outputs = new HashSet<>();
    private final Set<String> names;
    private final Set<String> nodeNames = new HashSet<>();
    private final Set<String> read = new HashSet<>();
    private final Map<String, Initializer> initializers;
    private final Map<String, String> constants = new HashMap<>();
    /** Other names of values, which the file tells by names of nodes. */
    private final Map<String, String> renamed = new HashMap<>();

    private final Map<String, String> former = new HashMap<>();
    /** Values with channels that the model does not have, which fill up a block. */
    private final Set<String> filled = new HashSet<>();

    /** The names of the nodes that compute values. */
    private final Map<String, String> makers = new HashMap<>();

    private String unsaidBlock = "";

    private Unfused(
            Graph graph, Function<String, @Nullable ValueType> types, IntSupplier block, Predicate<Node> wanted) {
        this.types = types;
        this.block = block;
        this.wanted = wanted;
        this.names = graph.names();
        this.initializers = new LinkedHashMap<>(graph.initializers());
        graph.outputs().forEach(output -> outputs.add(output.name()));
        reads(graph);
    }

    private static Map<String, Unfusing> table() {
        Map<String, Unfusing> own = new TreeMap<>();
        Products.addTo(own);
        Norms.addTo(own);
        Attentions.addTo(own);
        Map<String, Unfusing> table = new TreeMap<>();
        own.forEach((operator, unfusing) -> table.put(SET + " " + operator, unfusing));
        // The runtime has this one in the standard's set.
        table.put(" SimplifiedLayerNormalization", Norms::simplified);
        Map<String, Unfusing> blocked = new TreeMap<>();
        Blocks.addTo(blocked);
        blocked.forEach((operator, unfusing) -> table.put(BLOCKED + " " + operator, unfusing));
        return table;
    }

    private void reads(Graph graph) {
        graph.outputs().forEach(output -> read.add(output.name()));
        for (Node node : graph.nodes()) {
            if (!TABLE.containsKey(key(node))) {
                nodeNames.add(node.name());
            }
            read.addAll(node.inputs());
            node.graphs().forEach(this::reads);
        }
    }

    /** The operators that are said in other words, each after its set; the standard's set has no name. */
    public static Set<String> operators() {
        return TABLE.keySet();
    }

    /** Whether a graph has nodes that are said in other words. */
    public static boolean needs(Graph graph) {
        return graph.nodes().stream()
                .anyMatch(node ->
                        TABLE.containsKey(key(node)) || node.graphs().stream().anyMatch(Unfused::needs));
    }

    private static String key(Node node) {
        return node.domain() + " " + node.type();
    }

    /**
     * The graph without the operators for which the runtime has no kernel on the CPU.
     *
     * @param block how many channels the runtime of this machine keeps together
     */
    public static Graph runnable(Graph graph, IntSupplier block) {
        boolean blocked = graph.nodes().stream().anyMatch(node -> isBlocked(node) && isElsewhere(node));
        return new Unfused(graph, value -> null, block, node -> isBlocked(node) ? blocked : isElsewhere(node))
                .whole(graph);
    }

    /** Versions of the runtime after 1.29 join a function that this one does not know. */
    private static boolean isElsewhere(Node node) {
        Attribute function = node.attributes().get("activation");
        boolean packed =
                node.type().equals("MultiHeadAttention") && node.input(2).isEmpty();
        return packed
                || ELSEWHERE.contains(node.type())
                || (function != null && function.text().equals("HardSwish"));
    }

    /**
     * The graph in the words of the standard.
     *
     * @param types of values, as far as they are known
     * @param block how many channels the runtime of this machine keeps together, where it reorders them
     */
    public static Graph of(Graph graph, Function<String, @Nullable ValueType> types, IntSupplier block) {
        return new Unfused(graph, types, block, node -> true).whole(graph);
    }

    /** Why a node could not be said in the words of the standard; empty if nothing is known of it. */
    public static String reason(Node node) {
        return node.metadata().getOrDefault(REASON, "");
    }

    private Graph whole(Graph graph) {
        List<Node> nodes = nodes(graph);
        if (!unsaidBlock.isEmpty()) {
            // Some images would have the standard's order and others not.
            String why = unsaidBlock;
            Graph noted = new Graph(
                    graph.name(), graph.inputs(), graph.outputs(), noted(graph.nodes(), why), graph.initializers());
            return new Unfused(noted, types, block, wanted.and(node -> !isBlocked(node))).whole(noted);
        }
        return new Graph(graph.name(), graph.inputs(), graph.outputs(), nodes, initializers);
    }

    private static List<Node> noted(List<Node> nodes, String why) {
        return nodes.stream()
                .map(node -> isBlocked(node) ? node.withMetadata(REASON, why) : node)
                .toList();
    }

    private static boolean isBlocked(Node node) {
        return node.domain().equals(BLOCKED);
    }

    private List<Node> nodes(Graph graph) {
        List<Node> nodes = new ArrayList<>();
        for (Node each : graph.nodes()) {
            Node node = within(renamed.isEmpty() ? each : each.renamed(renamed));
            Unfusing unfusing = wanted.test(node) ? TABLE.get(key(node)) : null;
            if (!isBlocked(node) && node.reads().stream().anyMatch(filled::contains)) {
                node.outputs().forEach(this::fill);
            }
            if (unfusing == null) {
                add(node, nodes);
                continue;
            }
            try {
                Fused fused = new Fused(this, node);
                unfusing.apply(fused);
                fused.nodes().forEach(said -> add(said, nodes));
            } catch (Unsayable e) {
                if (isBlocked(node)) {
                    unsaidBlock = String.valueOf(e.getMessage());
                }
                nodes.add(node.withMetadata(REASON, String.valueOf(e.getMessage())));
            }
        }
        return nodes;
    }

    private Node within(Node node) {
        if (node.graphs().stream().noneMatch(Unfused::needs)) {
            return node;
        }
        Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
        for (Attribute attribute : node.attributes().values()) {
            if (attribute.graphs().size() == 1) {
                Graph inner = attribute.graphs().get(0);
                attributes.put(
                        attribute.name(),
                        Attribute.of(
                                attribute.name(),
                                new Graph(
                                        inner.name(),
                                        inner.inputs(),
                                        inner.outputs(),
                                        nodes(inner),
                                        inner.initializers())));
            }
        }
        return node.with(node.inputs(), attributes);
    }

    ValueType type(String value) {
        ValueType known = types.apply(former.getOrDefault(value, value));
        if (known == null) {
            Initializer constant = initializers.get(value);
            known = constant == null ? null : constant.valueType();
        }
        return known == null ? new ValueType(ElementType.OTHER, null) : known;
    }

    /** The size of an axis; -1 if it is not known. */
    long size(String value, int axis) {
        ValueType type = type(value);
        Dim dim = type.ranked() && (axis < 0 ? -axis <= type.rank() : axis < type.rank()) ? type.dim(axis) : Dim.OPEN;
        return dim.size();
    }

    int block() {
        return block.getAsInt();
    }

    boolean read(String value) {
        return read.contains(former.getOrDefault(value, value));
    }

    /** Gives a value another name from here on, unless there is such a value. */
    void rename(String value, String name) {
        if (names.add(name)) {
            renamed.put(value, name);
            former.put(name, value);
        }
    }

    /** Records that a value may have more channels than the model. */
    void fill(String value) {
        if (!value.isEmpty()) {
            hide(value);
            filled.add(renamed.getOrDefault(value, value));
        }
    }

    /** Makes a value one that cannot be asked for. */
    void hide(String value) {
        if (!isOutput(value) && !OnnxFile.added(renamed.getOrDefault(value, value))) {
            String hidden = fresh("hidden");
            renamed.put(value, hidden);
            former.put(hidden, former.getOrDefault(value, value));
        }
    }

    /** Whether the model returns a value. */
    boolean isOutput(String value) {
        return outputs.contains(value);
    }

    /** The name of the node that computes a value; empty if it is not known. */
    String maker(String value) {
        return makers.getOrDefault(value, "");
    }

    private void add(Node node, List<Node> nodes) {
        Node other = renamed.isEmpty() ? node : node.renamed(renamed);
        other.outputs().forEach(value -> makers.put(value, other.name()));
        nodes.add(other);
    }

    boolean isFilled(String value) {
        return filled.contains(value);
    }

    String fresh(String hint) {
        String name = OnnxFile.ADDED + hint;
        for (int i = 0; !names.add(name); i++) {
            name = OnnxFile.ADDED + hint + "_" + i;
        }
        return name;
    }

    /** Whether no value has a name; from then on one has it. */
    boolean take(String name) {
        return names.add(name);
    }

    /** Whether no node has a name; from then on one has it. */
    boolean takeNode(String name) {
        return nodeNames.add(name);
    }

    /** A name that no node has, numbered as the exporter numbers. */
    String freshNode(String wanted) {
        String name = wanted;
        for (int i = 1; !nodeNames.add(name); i++) {
            name = wanted + "_" + i;
        }
        return name;
    }

    /** A constant; equal ones are written once. */
    String constant(String key, Function<String, Initializer> make) {
        return constants.computeIfAbsent(key, k -> {
            String name = fresh("constant");
            initializers.put(name, make.apply(name));
            return name;
        });
    }

    /** A node that cannot be said in the words of the standard; the message is the reason, and what helps. */
    static final class Unsayable extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unsayable(String why) {
            super(why);
        }
    }
}
