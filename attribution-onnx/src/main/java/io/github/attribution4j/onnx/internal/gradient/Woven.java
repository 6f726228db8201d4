// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A model with the nodes of a vector-Jacobian product, as one graph or as two.
 *
 * <p><b>Fused</b>: the model's inputs and the cotangent in, the output and the gradients out. <b>Split</b>: the
 * forward graph gives besides the output what the backward graph {@link #kept() reads}; the backward graph takes that
 * and a cotangent, any number of times. Both give the same bits.
 */
public final class Woven {
    private final Graph graph;
    private final Map<String, ValueType> types;
    private final Constants constants;
    private final List<Node> forward;
    private final List<Node> backward;
    private final Map<String, Initializer> initializers;
    private final String cotangent;
    private final String output;
    private final Map<String, String> gradients;
    private final List<String> kept;

    Woven(
            Graph graph,
            Map<String, ValueType> types,
            Constants constants,
            List<Node> forward,
            List<Node> backward,
            Map<String, Initializer> added,
            String cotangent,
            String output,
            Map<String, String> gradients) {
        this.graph = graph;
        this.types = types;
        this.constants = constants;
        this.forward = forward;
        this.initializers = new LinkedHashMap<>(graph.initializers());
        initializers.putAll(added);
        this.cotangent = cotangent;
        this.output = output;
        this.gradients = gradients;
        this.backward = upstream(backward, gradients.values());
        Set<String> own = new HashSet<>(initializers.keySet());
        own.add(cotangent);
        this.backward.forEach(node -> own.addAll(node.outputs()));
        Set<String> reads = new LinkedHashSet<>();
        this.backward.forEach(node -> reads.addAll(node.reads()));
        reads.removeIf(value -> own.contains(value) || constants.constant(value));
        this.kept = List.copyOf(reads);
    }

    /** The nodes that some values are made by, in their order. */
    private static List<Node> upstream(List<Node> nodes, Collection<String> values) {
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

    /** The input that takes the gradient of the score with respect to the output. */
    public String cotangent() {
        return cotangent;
    }

    /**
     * The attributed values that a gradient comes to, and the names of the gradients; on the others the output does
     * not depend.
     */
    public Map<String, String> gradients() {
        return gradients;
    }

    /** The values of the forward graph that the backward graph reads, model inputs among them. */
    public List<String> kept() {
        return kept;
    }

    /** One graph. */
    public Graph fused() {
        List<Node> nodes = new ArrayList<>(forward);
        nodes.addAll(backward);
        List<ValueInfo> inputs = new ArrayList<>(graph.inputs());
        inputs.add(ValueInfo.of(cotangent, type(output)));
        List<String> outputs =
                Stream.concat(Stream.of(output), gradients.values().stream()).toList();
        return graph(inputs, outputs, nodes);
    }

    /** The graph that runs forth and gives the output, then the {@link #kept} values that are not its inputs. */
    public Graph forward() {
        Set<String> given = new HashSet<>();
        graph.inputs().forEach(input -> given.add(input.name()));
        List<String> outputs = Stream.concat(
                        Stream.of(output),
                        kept.stream().filter(value -> !given.contains(value) && !value.equals(output)))
                .toList();
        return graph(graph.inputs(), outputs, forward);
    }

    /** The graph that runs back. */
    public Graph backward() {
        List<ValueInfo> inputs = new ArrayList<>();
        inputs.add(ValueInfo.of(cotangent, type(output)));
        kept.forEach(value -> inputs.add(ValueInfo.of(value, type(value))));
        List<Node> nodes = new ArrayList<>();
        for (Node node : forward) {
            if (node.outputs().stream().anyMatch(constants::constant)) {
                nodes.add(node);
            }
        }
        nodes.addAll(backward);
        return graph(inputs, List.copyOf(gradients.values()), nodes);
    }

    private ValueType type(String value) {
        ValueType type = types.get(value);
        if (type == null) {
            throw new IllegalStateException("the type of '" + value + "' is not known");
        }
        return type;
    }

    private Graph graph(List<ValueInfo> inputs, List<String> outputs, List<Node> nodes) {
        List<Node> needed = upstream(nodes, outputs);
        Set<String> reads = new HashSet<>(outputs);
        needed.forEach(node -> reads.addAll(node.reads()));
        return Graph.of(
                graph.name(),
                inputs.stream()
                        .filter(input ->
                                reads.contains(input.name()) || input.name().equals(cotangent))
                        .toList(),
                outputs.stream().map(ValueInfo::of).toList(),
                needed,
                initializers.values().stream()
                        .filter(each -> reads.contains(each.name()))
                        .toList());
    }
}
