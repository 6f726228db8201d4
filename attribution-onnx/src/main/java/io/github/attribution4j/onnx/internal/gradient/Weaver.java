// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Modules;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Adds to a graph the nodes that compute a vector-Jacobian product: from one output back to any values before it. Only
 * nodes between these get a backward part.
 */
public final class Weaver {
    private static final ValueType UNKNOWN = new ValueType(ElementType.OTHER, null);

    private final Graph graph;
    private final Map<String, ValueType> types;
    private final Constants constants;
    private final Emitter emitter;

    /** The values that depend on what is attributed in a way that gradients know. */
    private final Set<String> carrying = new HashSet<>();

    private final Map<String, List<String>> arrived = new HashMap<>();

    /** What stands in the place of nodes that have to give more outputs. */
    private final Map<Node, Node> replaced = new HashMap<>();

    private Weaver(Graph graph, Map<String, ValueType> types) {
        this.graph = graph;
        this.types = types;
        this.constants = new Constants(graph);
        this.emitter = new Emitter(graph);
    }

    /**
     * Weaves.
     *
     * @param graph the model's, in opset 18 or later
     * @param types of its values
     * @param attributed values of a floating type: inputs, or results of nodes
     * @param output the value whose gradient is taken
     * @throws UnsupportedModelException if an operator between them has no rule, or not for how it is used here
     */
    public static Woven weave(Graph graph, Map<String, ValueType> types, List<String> attributed, String output) {
        return new Weaver(graph, types).weave(attributed, output);
    }

    private Woven weave(List<String> attributed, String output) {
        for (String value : attributed) {
            if (!type(value).element().carriesGradient()) {
                throw new UnsupportedModelException(
                        "'" + value + "' is of type " + type(value).element()
                                + ", which has no gradients; attribute the values that are looked up by it");
            }
        }
        Set<String> between = between(attributed, output);
        carrying.retainAll(between);
        String cotangent = emitter.freshName("cotangent");
        if (carrying.contains(output)) {
            give(output, cotangent);
        }
        List<Node> nodes = graph.nodes();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.outputs().stream().anyMatch(arrived::containsKey)
                    && node.reads().stream().anyMatch(carrying::contains)) {
                List<@Nullable String> gradients = new ArrayList<>();
                for (String value : node.outputs()) {
                    gradients.add(arrived.containsKey(value) ? total(value) : null);
                }
                Step step = new Step(this, node, gradients);
                rule(node).apply(step);
                step.check();
            }
        }
        Map<String, String> gradients = new LinkedHashMap<>();
        for (String value : attributed) {
            if (arrived.containsKey(value)) {
                // A graph gives a value once, and not one that it was given.
                String name = emitter.freshName("gradient");
                emitter.backward().add(Node.of("Identity", name, List.of(total(value)), List.of(name)));
                gradients.put(value, name);
            }
        }
        List<Node> forward = new ArrayList<>();
        nodes.forEach(node -> forward.add(replaced.getOrDefault(node, node)));
        forward.addAll(emitter.forward());
        Map<String, ValueType> known = new HashMap<>(types);
        known.putAll(emitter.types());
        return new Woven(
                graph,
                known,
                constants,
                forward,
                emitter.backward(),
                emitter.constants(),
                cotangent,
                output,
                gradients);
    }

    /** The values from which a gradient of the output comes to an attributed value. */
    private Set<String> between(List<String> attributed, String output) {
        carrying.addAll(attributed);
        for (Node node : graph.nodes()) {
            if (!Rules.cuts(node) && node.reads().stream().anyMatch(carrying::contains)) {
                for (String value : node.outputs()) {
                    if (!value.isEmpty() && type(value).element().carriesGradient()) {
                        carrying.add(value);
                    }
                }
            }
        }
        Set<String> wanted = new HashSet<>(Set.of(output));
        List<Node> nodes = graph.nodes();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            if (nodes.get(i).outputs().stream().anyMatch(wanted::contains)) {
                wanted.addAll(nodes.get(i).reads());
            }
        }
        return wanted;
    }

    private Rule rule(Node node) {
        Rule rule = Rules.of(node);
        if (rule == null) {
            throw refuse(node, remedy(node));
        }
        return rule;
    }

    private static String remedy(Node node) {
        if (!node.graphs().isEmpty()) {
            return "it runs a graph of its own; export the model with this part unrolled or traced";
        }
        if (node.domain().equals("com.microsoft") || node.domain().equals("com.ms.internal.nhwc")) {
            return "ONNX Runtime's optimizer has put it there; give the model as it was before it was optimized";
        }
        if (!node.domain().isEmpty()) {
            return "it belongs to '" + node.domain()
                    + "', not to the standard; inline it with onnx.inliner if it is a function, or export without it";
        }
        return "no rule is known for it; perturb the inputs instead, or attribute a layer behind it";
    }

    UnsupportedModelException refuse(Node node, String why) {
        String around = Modules.around(node);
        return new UnsupportedModelException("gradients do not pass " + node.type() + " at node '" + node.name() + "'"
                + (around.isEmpty() ? "" : " in module '" + around + "'") + ": " + why);
    }

    private String total(String value) {
        List<String> parts = arrived.get(value);
        if (parts == null) {
            throw new IllegalStateException("no gradient has arrived at " + value);
        }
        if (parts.size() > 1) {
            String sum = parts.get(0);
            for (String part : parts.subList(1, parts.size())) {
                sum = emitter.emit("Add", 1, List.of(), sum, part).get(0);
            }
            arrived.put(value, List.of(sum));
            return sum;
        }
        return parts.get(0);
    }

    void give(String value, String gradient) {
        if (carrying.contains(value)) {
            List<String> parts = new ArrayList<>(arrived.getOrDefault(value, List.of()));
            parts.add(gradient);
            arrived.put(value, parts);
        }
    }

    boolean carries(String value) {
        return carrying.contains(value);
    }

    /** What is known of a value; of one that is no tensor, nothing. */
    ValueType type(String value) {
        return types.getOrDefault(value, UNKNOWN);
    }

    Constants constants() {
        return constants;
    }

    Emitter emitter() {
        return emitter;
    }

    String alsoGive(Node node, int output, ValueType type) {
        Node now = replaced.getOrDefault(node, node);
        if (!now.output(output).isEmpty()) {
            return now.output(output);
        }
        List<String> outputs = new ArrayList<>(now.outputs());
        while (outputs.size() <= output) {
            outputs.add("");
        }
        String name = emitter.freshName(node.type());
        outputs.set(output, name);
        emitter.type(name, type);
        replaced.put(node, now.withOutputs(outputs));
        return name;
    }
}
