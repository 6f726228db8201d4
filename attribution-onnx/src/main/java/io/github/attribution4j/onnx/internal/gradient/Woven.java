// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.quantized.Dequantized;
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

    private final Dequantized words;
    private final Graph graph;
    private final Map<String, ValueType> types;
    private final Constants constants;
    private final List<Node> forward;
    private final Map<Node, Node> replaced;
    private final List<Node> straight;
    private final List<Node> backward;
    private final Map<String, Initializer> initializers;
    private final String cotangent;
    private final String output;
    private final Map<String, String> gradients;
    private final List<String> kept;
    private final List<Node> again;

    /**
     * Joins both ways.
     *
     * @param words the graph as the way back sees it
     * @param types of values that run forward
     * @param forward nodes of these words with the outputs that the way back reads, and then others for it
     * @param replaced for nodes of the graph those with more outputs
     * @param straight the quantizers that gradients pass
     */
    Woven(
            Dequantized words,
            Map<String, ValueType> types,
            Constants constants,
            List<Node> forward,
            Map<Node, Node> replaced,
            List<Node> straight,
            List<Node> backward,
            Map<String, Initializer> added,
            String cotangent,
            String output,
            Map<String, String> gradients) {
        this.words = words;
        this.graph = words.original();
        this.types = types;
        this.constants = constants;
        this.forward = forward;
        this.replaced = replaced;
        this.straight = List.copyOf(straight);
        this.initializers = new LinkedHashMap<>(words.graph().initializers());
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
     * The nodes whose results cannot be handed on and are computed again: those that are no tensors, such as sequences,
     * or whose elements Java has no type of, and what only the words of quantized operators have.
     *
     * @param reads what the nodes of the way back read; grows
     * @param own what is made on the way back; grows
     */
    private List<Node> again(Set<String> reads, Set<String> own) {
        Set<Node> found = new HashSet<>();
        int nodes = words.graph().nodes().size();
        for (int i = forward.size() - 1; i >= 0; i--) {
            Node node = forward.get(i);
            List<String> needed = node.outputs().stream()
                    .filter(value -> reads.contains(value) && !constants.constant(value))
                    .toList();
            boolean ofWayBack = needed.stream().anyMatch(value -> !isHandedOn(value))
                    || node.outputs().stream().anyMatch(words::isOfWayBack)
                    || (i >= nodes && node.reads().stream().anyMatch(words::isOfWayBack));
            if (ofWayBack && !needed.isEmpty()) {
                found.add(node);
                reads.addAll(node.reads());
                own.addAll(node.outputs());
            }
        }
        return forward.stream().filter(found::contains).toList();
    }

    private boolean isHandedOn(String value) {
        ValueType type = types.get(value);
        return type != null && type.element() != ElementType.OTHER;
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

    /** The quantizers that the gradients pass as if they did not round. */
    public List<Node> straight() {
        return straight;
    }

    /** The values of the forward graph that the backward graph reads, including inputs of the model. */
    public List<String> kept() {
        return kept;
    }

    /** One graph. */
    public Graph fused() {
        List<Node> nodes = new ArrayList<>(run(false));
        again.stream().filter(this::isOfWordsAlone).forEach(nodes::add);
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
        return graph(graph.inputs(), List.copyOf(outputs), run(true));
    }

    /**
     * The nodes that run forward.
     *
     * @param split whether what is computed again is left as it is in the file
     */
    private List<Node> run(boolean split) {
        List<Node> nodes = new ArrayList<>();
        Set<Node> left = new HashSet<>(again);
        for (Node node : graph.nodes()) {
            Node now = replaced.getOrDefault(node, node);
            nodes.add(split && left.contains(now) ? node : now);
        }
        forward.subList(words.graph().nodes().size(), forward.size()).stream()
                .filter(node -> split ? !left.contains(node) : !isOfWordsAlone(node))
                .forEach(nodes::add);
        return nodes;
    }

    private boolean isOfWordsAlone(Node node) {
        return node.outputs().stream().anyMatch(words::isAbsent)
                || node.reads().stream().anyMatch(words::isAbsent);
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
