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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** One node on the way back: its inputs, outputs and attributes, and the gradients of its outputs. */
public final class Step extends Words {
    private final Weaver weaver;
    private final Node node;
    private final List<@Nullable String> gradients;
    /** Takes what is given to values, in place of the way back. */
    private final @Nullable BiConsumer<String, String> taker;

    private final Set<Integer> given = new HashSet<>();
    private final Set<Integer> asked = new HashSet<>();
    private final Set<String> givenCaptured = new HashSet<>();

    /** The step in whose place this one asks a rule, and what the rule gave; null if what it gives is passed on. */
    private final @Nullable Asked instead;

    private record Asked(Step of, Map<Integer, String> gave) {}

    Step(Weaver weaver, Node node, List<@Nullable String> gradients) {
        this(weaver, node, gradients, null, null);
    }

    private Step(
            Weaver weaver,
            Node node,
            List<@Nullable String> gradients,
            @Nullable BiConsumer<String, String> taker,
            @Nullable Asked instead) {
        super(weaver);
        this.taker = taker;
        this.weaver = weaver;
        this.node = node;
        this.gradients = gradients;
        this.instead = instead;
    }

    /**
     * What a rule would give each input, if other gradients came and inputs had other numbers. Nothing is passed on.
     *
     * @param inputs of the types and sizes of the node's own
     * @param came for each output the gradient, or null
     */
    public Map<Integer, String> asked(Rules.Rule rule, List<String> inputs, List<@Nullable String> came) {
        Map<Integer, String> gave = new LinkedHashMap<>();
        Node other = inputs.equals(node.inputs()) ? node : node.with(inputs, node.attributes());
        rule.apply(new Step(weaver, other, came, null, new Asked(this, gave)));
        return gave;
    }

    /** The step of another node before this one, to ask rules of it. */
    public Step at(Node other) {
        return new Step(
                weaver, other, java.util.Collections.nCopies(other.outputs().size(), null));
    }

    /** The gradients that came to the outputs. */
    public List<@Nullable String> gradients() {
        return gradients;
    }

    // Inputs, outputs and attributes

    public Node node() {
        return node;
    }

    /** The name of an input; empty if it is left out. */
    public String x(int i) {
        return node.input(i);
    }

    public String x() {
        return x(0);
    }

    /** The name of the first output. */
    public String y() {
        return node.output(0);
    }

    /** The gradient of an output; zeros if none arrived. */
    public String g(int i) {
        asked.add(i);
        String gradient = gradients.get(i);
        return gradient != null ? gradient : zeros(node.output(i));
    }

    /** The gradient of the first output. */
    public String g() {
        return g(0);
    }

    public boolean arrived(int i) {
        asked.add(i);
        return i < gradients.size() && gradients.get(i) != null;
    }

    /** Says that no input has a part in an output, so that its gradient ends here. */
    public void ends(int output) {
        asked.add(output);
    }

    public boolean has(int i) {
        return !x(i).isEmpty();
    }

    /** Whether a value depends on what is attributed. */
    public boolean needsValue(String value) {
        return weaver.carries(value);
    }

    /** Whether a value is the same in every run. */
    public boolean constant(String value) {
        return weaver.constants().constant(value);
    }

    /** The node that computes a value; null if it is an input or a constant of the file. */
    public @Nullable Node producer(String value) {
        return weaver.producer(value);
    }

    /** The scale of a norm of groups for each channel. */
    public String scaleOfChannels() {
        return NormalizationRules.eachChannel(this);
    }

    /** Whether an input depends on what is attributed. */
    public boolean needs(int i) {
        return instead != null ? instead.of().needs(i) : has(i) && weaver.carries(x(i));
    }

    /** Passes on the gradient of an input. */
    public void give(int i, String gradient) {
        given.add(i);
        if (instead != null) {
            instead.gave().put(i, gradient);
        } else {
            pass(x(i), gradient);
        }
    }

    private void pass(String value, String gradient) {
        if (taker == null) {
            weaver.give(value, gradient);
        } else {
            taker.accept(value, gradient);
        }
    }

    /**
     * Passes something on to a value that is not an input of this node, but from which its inputs are computed. Nothing
     * else comes back to what lies between.
     */
    public void giveBeyond(String value, String gradient) {
        for (int i = 0; i < node.inputs().size(); i++) {
            given.add(i);
        }
        pass(value, gradient);
    }

    /**
     * Returns what the derivative of a node passes back to its inputs, by their names, instead of passing it on.
     *
     * @param like this node, or one of the same operator that reads other constants
     * @param sent what goes back from each of its outputs
     */
    public Map<String, String> derivative(Node like, List<@Nullable String> sent) {
        Map<String, String> taken = new LinkedHashMap<>();
        Rules.Rule rule = Rules.of(like);
        if (rule == null) {
            throw refuse(Refusals.remedy(like));
        }
        Step other = new Step(weaver, like, sent, (value, part) -> taken.merge(value, part, this::add), null);
        rule.apply(other);
        other.check();
        return taken;
    }

    /** Passes on the gradient of a value outside its graphs that these read. */
    public void giveCaptured(String value, String gradient) {
        givenCaptured.add(value);
        pass(value, gradient);
    }

    /**
     * Refuses if a value that depends on what is attributed got no gradient, or if the rule left out a gradient that
     * came back, because it would silently be zero.
     */
    public void check() {
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
    public boolean touched(String value) {
        return weaver.touched(value);
    }

    /** The values outside its graphs that these read and that depend on what is attributed. */
    public List<String> captured() {
        if (node.graphs().isEmpty()) {
            return List.of();
        }
        Set<String> captured = new LinkedHashSet<>();
        node.graphs().forEach(graph -> captured.addAll(graph.captured()));
        captured.removeIf(value -> !weaver.carries(value));
        return List.copyOf(captured);
    }

    public Graph graph(String name) {
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
    public Weaver within(Graph graph) {
        return weaver.within(graph);
    }

    public Weaver within(Graph graph, Refusals collected) {
        return weaver.within(graph, collected);
    }

    /** Refuses what was refused in its graphs. */
    public void refuseAll(Refusals collected) {
        weaver.refuseAll(collected);
    }

    /** The same node for use inside one of its graphs, into which nodes are then written. */
    public Step seenFrom(Weaver inner) {
        return new Step(inner, node, gradients, taker, instead);
    }

    /** Whether the node has an attribute. */
    public boolean set(String name) {
        return node.attributes().containsKey(name);
    }

    public long integer(String name, long otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.integer();
    }

    public double real(String name, double otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.real();
    }

    public String text(String name, String otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.text();
    }

    public long @Nullable [] integers(String name) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? null : attribute.integers();
    }

    public long[] integers(String name, int count, long otherwise) {
        long[] values = integers(name);
        if (values == null) {
            values = new long[count];
            Arrays.fill(values, otherwise);
        }
        return values;
    }

    public Constants constants() {
        return weaver.constants();
    }

    /** Whether the weights are too large for copies that are turned around, and are taken as they lie in the file. */
    boolean sharesWeights() {
        return weaver.sharesWeights();
    }

    /** The whole numbers of an input; null if it is computed. */
    public long @Nullable [] longs(int i) {
        return has(i) ? constants().longs(x(i)) : null;
    }

    public ValueType type(int input) {
        return type(x(input));
    }

    @Override
    public ElementType element() {
        return type(0).element();
    }

    @Override
    public UnsupportedModelException refuse(String why) {
        return weaver.refuse(node, why);
    }

    /** Records the type of a value that was written, so that rules can be told of it as of any other. */
    public String typed(String value, ValueType type) {
        weaver.emitter().type(value, type);
        return value;
    }

    /** Adds an output to the node of the forward run that was not used before. */
    public String alsoGive(int output, ValueType type) {
        return weaver.alsoGive(instead != null ? instead.of().node : node, output, type);
    }

    /** The same output of the node in the reference run. */
    public String alsoGivePast(int output, ValueType type) {
        for (String value : node.outputs()) {
            Node copy = past(value).equals(value) ? null : weaver.producer(past(value));
            if (copy != null) {
                return weaver.alsoGive(copy, output, type);
            }
        }
        return alsoGive(output, type);
    }

    /**
     * Sends a gradient back through an operation that only moves elements. The operation is run on the positions of the
     * elements, which shows the origin of each.
     *
     * @param moved the positions of the elements after the operation, shaped like the result
     */
    public String scatterBack(String moved) {
        return scatterBack(moved, g());
    }

    /** The same with numbers in place of the gradient that came. */
    public String scatterBack(String moved, String g) {
        String flat = addAt(
                "ScatterElements",
                List.of(set("axis", 0)),
                element(),
                expand(number(0), count(x())),
                flat(moved),
                flat(g));
        return shapedLike(flat, x());
    }

    /** The positions of the elements of the first input, shaped like it. */
    public String elementNumbers() {
        return elementNumbers(x());
    }

    /** The numbers of the elements of a value, shaped like it. */
    public String elementNumbers(String value) {
        String last = reshape(count(value), new long[0]);
        return shapedLike(op("Range", integer(0), last, integer(1)), value);
    }
}
