// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One node on the way back: its inputs, outputs and attributes, and the gradients of its outputs. */
final class Step extends Words {
    private final Weaver weaver;
    private final Node node;
    private final List<@Nullable String> gradients;
    private final Set<Integer> given = new HashSet<>();
    private final Set<Integer> asked = new HashSet<>();
    private final Set<String> givenCaptured = new HashSet<>();

    Step(Weaver weaver, Node node, List<@Nullable String> gradients) {
        super(weaver);
        this.weaver = weaver;
        this.node = node;
        this.gradients = gradients;
    }

    // Inputs, outputs and attributes

    Node node() {
        return node;
    }

    /** The name of an input; empty if it is left out. */
    String x(int i) {
        return node.input(i);
    }

    String x() {
        return x(0);
    }

    /** The name of the first output. */
    String y() {
        return node.output(0);
    }

    /** The gradient of an output; zeros if none arrived. */
    String g(int i) {
        asked.add(i);
        String gradient = gradients.get(i);
        return gradient != null ? gradient : zeros(node.output(i));
    }

    /** The gradient of the first output. */
    String g() {
        return g(0);
    }

    boolean arrived(int i) {
        asked.add(i);
        return i < gradients.size() && gradients.get(i) != null;
    }

    /** Says that no input has a part in an output, so that its gradient ends here. */
    void ends(int output) {
        asked.add(output);
    }

    boolean has(int i) {
        return !x(i).isEmpty();
    }

    /** Whether an input depends on what is attributed. */
    boolean needs(int i) {
        return has(i) && weaver.carries(x(i));
    }

    /** Passes on the gradient of an input. */
    void give(int i, String gradient) {
        given.add(i);
        weaver.give(x(i), gradient);
    }

    /** Passes on the gradient of a value outside its graphs that these read. */
    void giveCaptured(String value, String gradient) {
        givenCaptured.add(value);
        weaver.give(value, gradient);
    }

    /**
     * Refuses if a value that depends on what is attributed got no gradient, or if the rule left out a gradient that
     * came back, because it would silently be zero.
     */
    void check() {
        for (int i = 0; i < gradients.size(); i++) {
            if (gradients.get(i) != null && !asked.contains(i)) {
                throw refuse("a gradient comes to its output number " + (i + 1) + ", '" + node.output(i)
                        + "', and no rule is known for that");
            }
        }
        for (int i = 0; i < node.inputs().size(); i++) {
            if (needs(i) && !given.contains(i)) {
                throw refuse("its input number " + (i + 1) + ", '" + x(i)
                        + "', depends on what is attributed, and no rule is known for that");
            }
        }
        for (String value : captured()) {
            if (!givenCaptured.contains(value)) {
                throw refuse("it takes '" + value + "' from around it, which depends on what is attributed");
            }
        }
    }

    /** Whether the numbers of a value depend on what is attributed, directly or not. */
    boolean touched(String value) {
        return weaver.touched(value);
    }

    /** The values outside its graphs that these read and that depend on what is attributed. */
    List<String> captured() {
        if (node.graphs().isEmpty()) {
            return List.of();
        }
        Set<String> captured = new LinkedHashSet<>();
        node.graphs().forEach(graph -> captured.addAll(graph.captured()));
        captured.removeIf(value -> !weaver.carries(value));
        return List.copyOf(captured);
    }

    Graph graph(String name) {
        Attribute attribute = node.attributes().get(name);
        if (attribute == null || attribute.graphs().size() != 1) {
            throw refuse("it has no graph '" + name + "'");
        }
        return attribute.graphs().get(0);
    }

    /** Whether a value holds whole numbers that stand for reals. */
    boolean isWhole(String value) {
        return weaver.isWhole(value);
    }

    /** Returns the weaver of one of its graphs. */
    Weaver within(Graph graph) {
        return weaver.within(graph);
    }

    Weaver within(Graph graph, Refusals collected) {
        return weaver.within(graph, collected);
    }

    /** Refuses what was refused in its graphs. */
    void refuseAll(Refusals collected) {
        weaver.refuseAll(collected);
    }

    /** The same node for use inside one of its graphs, into which nodes are then written. */
    Step seenFrom(Weaver inner) {
        return new Step(inner, node, gradients);
    }

    /** Whether the node has an attribute. */
    boolean set(String name) {
        return node.attributes().containsKey(name);
    }

    long integer(String name, long otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.integer();
    }

    double real(String name, double otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.real();
    }

    String text(String name, String otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.text();
    }

    long @Nullable [] integers(String name) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? null : attribute.integers();
    }

    long[] integers(String name, int count, long otherwise) {
        long[] values = integers(name);
        if (values == null) {
            values = new long[count];
            Arrays.fill(values, otherwise);
        }
        return values;
    }

    Constants constants() {
        return weaver.constants();
    }

    /** The whole numbers of an input; null if it is computed. */
    long @Nullable [] longs(int i) {
        return has(i) ? constants().longs(x(i)) : null;
    }

    ValueType type(int input) {
        return type(x(input));
    }

    @Override
    ElementType element() {
        return type(0).element();
    }

    @Override
    UnsupportedModelException refuse(String why) {
        return weaver.refuse(node, why);
    }

    /** Adds an output to the node of the forward run that was not used before. */
    String alsoGive(int output, ValueType type) {
        return weaver.alsoGive(node, output, type);
    }

    /**
     * Sends a gradient back through an operation that only moves elements. The operation is run on the positions of the
     * elements, which shows the origin of each.
     *
     * @param moved the positions of the elements after the operation, shaped like the result
     */
    String scatterBack(String moved) {
        String flat = addAt(
                "ScatterElements",
                List.of(set("axis", 0)),
                element(),
                expand(number(0), count(x())),
                flat(moved),
                flat(g()));
        return shapedLike(flat, x());
    }

    /** The positions of the elements of the first input, shaped like it. */
    String elementNumbers() {
        return elementNumbers(x());
    }

    /** The numbers of the elements of a value, shaped like it. */
    String elementNumbers(String value) {
        String last = reshape(count(value), new long[0]);
        return shapedLike(op("Range", integer(0), last, integer(1)), value);
    }
}
