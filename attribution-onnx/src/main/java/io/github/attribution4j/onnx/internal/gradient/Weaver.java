// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.quantized.Dequantized;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Adds to a graph the nodes that compute a vector-Jacobian product: from one output back to any values before it. Only
 * nodes between these get a backward part. A graph of a node, such as the body of a loop, has its own weaver.
 */
public final class Weaver {
    /** What each node does on the way back: its derivative, or something else. */
    public interface Ways {
        /** Derivatives everywhere. */
        Ways DERIVATIVES = new Ways() {
            @Override
            public Rules.@Nullable Rule of(Node node) {
                return Rules.of(node);
            }

            @Override
            public boolean cuts(Node node) {
                return Rules.cuts(node);
            }

            @Override
            public String where(Node node) {
                return "gradients do not pass " + Refusals.where(node);
            }

            @Override
            public String remedy(Node node) {
                return Refusals.remedy(node);
            }
        };

        /** How it passes a node; null if it does not. */
        Rules.@Nullable Rule of(Node node);

        /** Whether nothing passes a node, whatever comes, so that its results count as constants. */
        boolean cuts(Node node);

        /** Whether something passes truth values too, as the numbers 0 and 1. */
        default boolean carriesTruth() {
            return false;
        }

        /** The name of a value in the run of the references, if these ways compare with one. */
        default String reference(String value) {
            return value;
        }

        /** Begins the message of a refusal at a node. */
        String where(Node node);

        /** What a user does about a node without a rule. */
        String remedy(Node node);
    }

    private static final ValueType UNKNOWN = new ValueType(ElementType.OTHER, null);

    private final Dequantized words;
    private final Graph graph;
    private final Map<String, ValueType> types;
    private final Constants constants;
    private final Emitter emitter;
    private final Ways ways;
    private final Refusals refusals;

    private final boolean sharesWeights;

    /** The quantizers that gradients pass as if these did not round. */
    private final List<Node> straight;

    /** The values through which a gradient passes from the output to an attributed value. */
    private final Set<String> carrying = new HashSet<>();

    /** The values whose numbers depend on what is attributed, directly or not. */
    private final Set<String> touched = new HashSet<>();

    private final Map<String, List<String>> arrived = new HashMap<>();

    /** For values of the way back one of the forward run that has their type and sizes. */
    private final Map<String, String> alike;

    /** The replacements of nodes that need more outputs. */
    private final Map<Node, Node> replaced = new HashMap<>();

    private Weaver(Dequantized words, Ways ways) {
        this.words = words;
        this.graph = words.graph();
        this.types = words.types();
        this.straight = new ArrayList<>();
        this.sharesWeights = graph.isLarge();
        this.ways = ways;
        this.alike = new HashMap<>();
        this.constants = new Constants(graph);
        this.emitter = new Emitter(graph);
        this.refusals = new Refusals();
    }

    private Weaver(Graph graph, Weaver around, Refusals refusals) {
        this.words = around.words;
        this.graph = graph;
        this.types = around.types;
        this.straight = around.straight;
        this.sharesWeights = around.sharesWeights;
        this.ways = around.ways;
        this.alike = around.alike;
        this.constants = new Constants(graph, around.constants);
        this.emitter = around.emitter.within(graph);
        this.refusals = refusals;
        this.touched.addAll(around.touched);
    }

    /**
     * Adds the nodes.
     *
     * @param graph the model's, in opset 18 or later
     * @param types of its values
     * @param attributed values of a floating type: inputs, results of nodes, or initializers
     * @param output the value whose gradient is taken
     * @param ways takes the graph as the way back sees it, and the types of its values; returns what each node does
     * @throws UnsupportedModelException if operators between them have no rule for this use, or if every way between
     *     them ends at whole numbers
     */
    public static Woven weave(
            Graph graph,
            Map<String, ValueType> types,
            List<String> attributed,
            String output,
            BiFunction<Graph, Map<String, ValueType>, Ways> ways) {
        Dequantized seen = Dequantized.of(graph, types);
        return new Weaver(seen, ways.apply(seen.graph(), seen.types())).weave(attributed, output, types);
    }

    /** Adds the nodes of derivatives. */
    public static Woven weave(Graph graph, Map<String, ValueType> types, List<String> attributed, String output) {
        return weave(graph, types, attributed, output, (seen, known) -> Ways.DERIVATIVES);
    }

    private Woven weave(List<String> attributed, String output, Map<String, ValueType> given) {
        for (String value : attributed) {
            if (!type(value).element().carriesGradient()) {
                throw new UnsupportedModelException(
                        "'" + value + "' is of type " + type(value).element()
                                + ", which has no gradients; attribute the values that are looked up by it");
            }
        }
        touch(attributed);
        Set<String> carried = carriedFrom(attributed);
        if (!carried.contains(output) && touched.contains(output)) {
            throw Refusals.cut(graph, output, carried, this::type, ends -> beyond(ends, attributed, output));
        }
        String cotangent = emitter.freshName("cotangent");
        back(carried, Map.of(output, cotangent));
        refuseSteps(output);
        if (!refusals.isEmpty()) {
            throw new UnsupportedModelException(refusals.words() + beyond(refusals.nodes(), attributed, output));
        }
        Map<String, String> gradients = new LinkedHashMap<>();
        for (String value : attributed) {
            String gradient = gradient(value);
            if (gradient != null) {
                // A graph may return a value only once, and none of its inputs. Java has no tensors of 16 bits.
                String name = emitter.freshName("gradient");
                ElementType own = type(value).element();
                emitter.backward()
                        .add(
                                own.wide() == own
                                        ? Node.of("Identity", name, List.of(gradient), List.of(name))
                                        : Node.of(
                                                "Cast",
                                                name,
                                                List.of(gradient),
                                                List.of(name),
                                                Attribute.of(
                                                        "to", (long) own.wide().code())));
                gradients.put(value, name);
            }
        }
        List<Node> forward = forward();
        Map<String, ValueType> known = new HashMap<>(given);
        known.putAll(emitter.types());
        return new Woven(
                words,
                known,
                constants,
                forward,
                replaced,
                straight,
                emitter.backward(),
                emitter.constants(),
                cotangent,
                output,
                gradients);
    }

    /**
     * Refuses classical operators of the way that are steps, such as encoders, even if gradients end before them: the
     * columns that they read would silently get none.
     */
    private void refuseSteps(String output) {
        for (Node node : Graph.upstream(graph.nodes(), List.of(output))) {
            if (node.domain().equals("ai.onnx.ml")
                    && node.reads().stream().anyMatch(touched::contains)
                    && !refusals.nodes().contains(node)) {
                refusals.add(node, refuse(node, ways.remedy(node)));
            }
        }
    }

    /** Names the first value after the last of some nodes through which alone the output depends on the inputs. */
    private String beyond(Collection<Node> steps, List<String> attributed, String output) {
        Graph file = words.original();
        List<Node> way = Graph.upstream(file.nodes(), List.of(output)).stream()
                .filter(node -> node.readsNumbersOf().stream().anyMatch(touched::contains))
                .toList();
        Set<Node> origins = new HashSet<>();
        steps.forEach(node -> origins.add(words.origin(node)));
        Map<String, Integer> lastReader = new HashMap<>();
        int last = -1;
        for (int i = 0; i < way.size(); i++) {
            for (String value : way.get(i).reads()) {
                lastReader.put(value, i);
            }
            last = origins.contains(way.get(i)) ? i : last;
        }
        lastReader.put(output, way.size());
        Set<String> open = new HashSet<>(attributed);
        for (int i = 0; i < way.size(); i++) {
            int at = i;
            way.get(i).outputs().stream().filter(touched::contains).forEach(open::add);
            open.removeIf(value -> lastReader.getOrDefault(value, -1) <= at);
            if (i >= last && last >= 0 && open.size() == 1) {
                String value = open.iterator().next();
                if (!value.equals(output) && passes(value, output)) {
                    return "; gradients pass from '" + value + "' on: Attribution.at(\"" + value + "\", method)";
                }
            }
        }
        return "";
    }

    /** Whether gradients come from an output back to a value, as far as operators tell. */
    private boolean passes(String value, String output) {
        Set<String> carried = carriedFrom(List.of(value));
        return type(value).element().carriesGradient()
                && carried.contains(output)
                && Graph.upstream(graph.nodes(), List.of(output)).stream()
                        .filter(node -> node.reads().stream().anyMatch(carried::contains))
                        .allMatch(node -> ways.cuts(node) || ways.of(node) != null);
    }

    /** Returns the weaver of a graph of a node. */
    Weaver within(Graph inner) {
        return within(inner, refusals);
    }

    /** Returns the weaver of a graph of a node whose refusals are collected elsewhere. */
    Weaver within(Graph inner, Refusals collected) {
        return new Weaver(inner, this, collected);
    }

    /** Refuses what was refused in graphs of a node. */
    void refuseAll(Refusals collected) {
        refusals.addAll(collected);
    }

    /** Records that the numbers of some values depend on what is attributed. */
    void touch(Collection<String> values) {
        touched.addAll(values);
        Graph.addDependent(graph.nodes(), touched);
    }

    /** Whether the numbers of a value depend on what is attributed, directly or not. */
    boolean touched(String value) {
        return touched.contains(value);
    }

    /** The values that depend on others with a derivative. */
    Set<String> carriedFrom(Collection<String> sources) {
        Set<String> carried = new HashSet<>(sources);
        for (Node node : graph.nodes()) {
            if (!ways.cuts(node) && node.reads().stream().anyMatch(carried::contains)) {
                for (String value : Rules.differentiable(node)) {
                    if (!value.isEmpty() && (mayCarry(value) || (ways.carriesTruth() && isTruth(value)))) {
                        carried.add(value);
                    }
                }
            }
        }
        return carried;
    }

    private boolean isTruth(String value) {
        return type(value).element() == ElementType.BOOL;
    }

    /** Values that are no tensors or have an unknown type count, so that they are refused and not silently left out. */
    private boolean mayCarry(String value) {
        ElementType element = type(value).element();
        return element == ElementType.OTHER || element.carriesGradient();
    }

    /**
     * Goes back.
     *
     * @param carried the values that depend on those whose gradients are wanted
     * @param cotangents gradients of some of them, by value
     */
    void back(Set<String> carried, Map<String, String> cotangents) {
        carrying.addAll(carried);
        Set<String> wanted = new HashSet<>(cotangents.keySet());
        Graph.upstream(graph.nodes(), cotangents.keySet()).forEach(node -> wanted.addAll(node.reads()));
        carrying.retainAll(wanted);
        cotangents.forEach(this::give);
        List<Node> nodes = graph.nodes();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            if (node.outputs().stream().anyMatch(arrived::containsKey)
                    && node.reads().stream().anyMatch(carrying::contains)) {
                back(node);
            }
        }
    }

    private void back(Node node) {
        List<@Nullable String> gradients = new ArrayList<>();
        for (String value : node.outputs()) {
            gradients.add(gradient(value));
        }
        Step step = new Step(this, node, gradients);
        try {
            Rules.Rule rule = ways.of(node);
            if (rule == null) {
                throw refuse(node, ways.remedy(node));
            }
            if (words.misreads(node)) {
                throw refuse(node, "it computes with quantized whole numbers, for which no rule is known");
            }
            rule.apply(step);
            step.check();
            if (Dequantized.quantizes(node)) {
                straight.add(words.origin(node));
            }
        } catch (UnsupportedModelException e) {
            refusals.add(node, e);
            // There may be more refusals further back.
            Stream<String> left = node.reads().stream().filter(value -> !arrived.containsKey(value));
            left.forEach(value -> give(value, "refused"));
        }
    }

    /** The gradient of a value; null if none has arrived. */
    @Nullable
    String gradient(String value) {
        List<String> parts = arrived.get(value);
        if (parts == null) {
            return null;
        }
        String sum = parts.get(0);
        for (String part : parts.subList(1, parts.size())) {
            sum = isTensor(value)
                    ? emitter.emit("Add", 1, List.of(), sum, part).get(0)
                    : IndexRules.Sequences.sum(new Step(this, graph.nodes().get(0), List.of()), sum, part);
        }
        arrived.put(value, List.of(sum));
        return sum;
    }

    /** The nodes of the forward run, with the outputs that the way back reads. */
    List<Node> forward() {
        List<Node> forward = new ArrayList<>();
        graph.nodes().forEach(node -> forward.add(replaced.getOrDefault(node, node)));
        forward.addAll(emitter.forward());
        return forward;
    }

    UnsupportedModelException refuse(Node node, String why) {
        return refusals.refuse(ways.where(node), why);
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

    /** Whether a value is known to be a tensor; others are sequences, or refused by rules. */
    boolean isTensor(String value) {
        return types.containsKey(value);
    }

    /** The known type of a value; nothing is known of one that is no tensor. */
    ValueType type(String value) {
        String known = original(value);
        ValueType type = types.get(known);
        return type != null ? type : emitter.types().getOrDefault(known, UNKNOWN);
    }

    /** The value of the forward run that has the type and sizes of a value. */
    String original(String value) {
        return alike.getOrDefault(value, value);
    }

    /** Records that a value of the way back has the type and sizes of one of the forward run. */
    void alike(String made, String value) {
        alike.put(made, original(value));
    }

    /** The name of a value in the reference run. */
    String reference(String value) {
        return ways.reference(value);
    }

    @Nullable
    Node producer(String value) {
        return graph.nodes().stream()
                .filter(node -> node.outputs().contains(value))
                .findFirst()
                .orElse(null);
    }

    /** Whether rules take weights as they lie, and not turned around in a copy. */
    boolean sharesWeights() {
        return sharesWeights;
    }

    /** Whether a value holds whole numbers that stand for reals, as which rules see them. */
    boolean isWhole(String value) {
        return words.isWhole(value);
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
