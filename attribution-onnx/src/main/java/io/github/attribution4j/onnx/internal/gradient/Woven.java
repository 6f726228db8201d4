// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
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
 * <p><b>Fused</b>: takes the model's inputs and the cotangent, and returns the output and the gradients. <b>Split</b>:
 * the forward graph returns the output and what the backward graph {@link #kept() reads}. The backward graph takes that
 * and a cotangent, any number of times. Both give the same bits.
 */
public final class Woven {
    /** Begins the name of a node that fails where a run takes a way that no gradient passes; the reason follows. */
    public static final String REFUSED = "attribution/refused: ";

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
    private final List<Node> again;

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
        this.backward = Graph.upstream(backward, gradients.values());
        Set<String> own = new HashSet<>(initializers.keySet());
        own.add(cotangent);
        this.backward.forEach(node -> own.addAll(node.outputs()));
        Set<String> reads = new LinkedHashSet<>();
        this.backward.forEach(node -> reads.addAll(node.reads()));
        reads.removeIf(own::contains);
        this.again = again(reads, own);
        reads.removeIf(value -> own.contains(value) || constants.constant(value));
        this.kept = List.copyOf(reads);
    }

    /**
     * The nodes whose results are no tensors, such as sequences: those cannot be handed on, and are computed again.
     *
     * @param reads what the nodes of the way back read; grows
     * @param own what is made on the way back; grows
     */
    private List<Node> again(Set<String> reads, Set<String> own) {
        Set<Node> found = new HashSet<>();
        for (int i = forward.size() - 1; i >= 0; i--) {
            Node node = forward.get(i);
            if (node.outputs().stream()
                    .anyMatch(value -> !value.isEmpty()
                            && reads.contains(value)
                            && !types.containsKey(value)
                            && !constants.constant(value))) {
                found.add(node);
                reads.addAll(node.reads());
                own.addAll(node.outputs());
            }
        }
        return forward.stream().filter(found::contains).toList();
    }

    /** The input that takes the gradient of the score with respect to the output. */
    public String cotangent() {
        return cotangent;
    }

    /**
     * The attributed values that a gradient reaches, and the names of the gradients. The output does not depend on
     * the others.
     */
    public Map<String, String> gradients() {
        return gradients;
    }

    /** The values of the forward graph that the backward graph reads, including inputs of the model. */
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

    /** The forward graph, which returns the output, then the {@link #kept} values that are not its inputs. */
    public Graph forward() {
        return forward(List.of());
    }

    /** The forward graph, which also returns other values. */
    public Graph forward(List<String> also) {
        Set<String> outputs = new LinkedHashSet<>(List.of(output));
        outputs.addAll(also);
        outputs.addAll(kept);
        graph.inputs().forEach(input -> outputs.remove(input.name()));
        return graph(graph.inputs(), List.copyOf(outputs), forward);
    }

    /** The backward graph. */
    public Graph backward() {
        List<ValueInfo> inputs = new ArrayList<>();
        inputs.add(ValueInfo.of(cotangent, type(output)));
        kept.forEach(value -> inputs.add(ValueInfo.of(value, type(value))));
        List<Node> nodes = new ArrayList<>();
        for (Node node : forward) {
            if (node.outputs().stream().anyMatch(constants::constant) || again.contains(node)) {
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
        return new Graph(graph.name(), inputs, List.of(), nodes, initializers).giving(outputs);
    }
}
