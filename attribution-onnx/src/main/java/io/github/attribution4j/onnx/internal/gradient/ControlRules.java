// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Branches and loops that do not depend on what is attributed. The way back is a branch or a loop as well, whose graphs
 * first run forward again. A second run of a loop collects the states before each of its steps.
 */
final class ControlRules {
    private ControlRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("If", ControlRules::choice);
    }

    private static void choice(Step s) {
        if (s.touched(s.x())) {
            throw s.refuse(
                    "which of its graphs runs depends on what is attributed; export the model with the choice made"
                            + " (traced), or perturb the inputs instead");
        }
        List<String> sources = s.captured();
        Refusals thenRefused = new Refusals();
        Refusals elseRefused = new Refusals();
        Graph thenBranch = branch(s, "then_branch", sources, thenRefused);
        Graph elseBranch = branch(s, "else_branch", sources, elseRefused);
        long[] known = s.longs(0);
        boolean mayThen = known == null || known[0] != 0;
        boolean mayElse = known == null || known[0] == 0;
        boolean passes = (mayThen && thenRefused.isEmpty()) || (mayElse && elseRefused.isEmpty());
        if (!passes || !sources.stream().allMatch(s::isTensor)) {
            s.refuseAll(thenRefused);
            s.refuseAll(elseRefused);
        } else if (!thenRefused.isEmpty()) {
            thenBranch = refusing(s, "then_branch", sources, thenRefused);
        } else if (!elseRefused.isEmpty()) {
            elseBranch = refusing(s, "else_branch", sources, elseRefused);
        }
        List<String> back = s.ops(
                "If",
                sources.size(),
                List.of(Attribute.of("then_branch", thenBranch), Attribute.of("else_branch", elseBranch)),
                s.x());
        for (int i = 0; i < sources.size(); i++) {
            s.giveCaptured(sources.get(i), back.get(i));
        }
    }

    /**
     * A branch that no gradient passes, of a node whose other branch runs as a rule: a run that comes here fails with
     * the reason, which is the name of the node that fails.
     */
    private static Graph refusing(Step s, String name, List<String> sources, Refusals refused) {
        Weaver weaver = s.within(s.graph(name), refused);
        Words words = s.seenFrom(weaver);
        String beyond = words.add(words.cast(s.x(), ElementType.INT64), words.integer(1));
        String never = words.freshName("never");
        weaver.emitter()
                .backward()
                .add(Node.of(
                        "Gather", Woven.REFUSED + refused.words(), List.of(words.ints(0), beyond), List.of(never)));
        List<String> outputs = sources.stream()
                .map(value -> words.copy(words.add(
                        words.zeros(value), words.cast(never, words.type(value).element()))))
                .toList();
        return graph(words, List.of(), outputs, Graph.upstream(weaver.emitter().backward(), outputs));
    }

    private static Graph branch(Step s, String name, List<String> sources, Refusals refused) {
        Inner inner;
        try {
            inner = new Inner(s, s.graph(name), s.within(s.graph(name), refused));
        } catch (UnsupportedModelException e) {
            refused.add(s.node(), e);
            return s.graph(name);
        }
        inner.weaver.touch(List.of());
        for (int i = 0; i < inner.out.size(); i++) {
            if (s.arrived(i)) {
                inner.arrives(inner.out.get(i), s.g(i));
            }
        }
        inner.back(inner.weaver.carriedFrom(sources));
        if (!refused.isEmpty()) {
            return inner.graph;
        }
        return inner.graph(List.of(), sources.stream().map(inner::gradient).toList());
    }

    /** A graph of a node, on the way back. */
    static final class Inner {
        final Graph graph;
        final Weaver weaver;
        final Step words;
        final List<String> in;
        final List<String> out;
        private final Map<String, String> cotangents = new LinkedHashMap<>();

        Inner(Step s, Graph graph) {
            this(s, graph, s.within(graph));
        }

        private Inner(Step s, Graph graph, Weaver weaver) {
            if (graph.nodes().stream().anyMatch(Node::draws)) {
                throw s.refuse("it draws random numbers, and the way back, which runs it again, would draw others;"
                        + " export the model without them, or perturb the inputs instead");
            }
            this.graph = graph;
            this.weaver = weaver;
            this.words = s.seenFrom(weaver);
            this.in = graph.inputs().stream().map(ValueInfo::name).toList();
            this.out = graph.outputs().stream().map(ValueInfo::name).toList();
        }

        void arrives(String value, String gradient) {
            String before = cotangents.get(value);
            cotangents.put(value, before == null ? gradient : add(value, before, gradient));
        }

        /** Adds two gradients of a value. */
        String add(String value, String a, String b) {
            return words.isTensor(value) ? words.add(a, b) : IndexRules.Sequences.sum(words, a, b);
        }

        void back(Set<String> carried) {
            cotangents.keySet().retainAll(carried);
            weaver.back(carried, cotangents);
        }

        /** The gradient of an input or of a value from outside; zeros if there is none. */
        String gradient(String value) {
            String gradient = weaver.gradient(value);
            return words.copy(gradient != null ? gradient : zeros(value));
        }

        private String zeros(String value) {
            if (words.isTensor(value) && words.type(value).element() == ElementType.OTHER) {
                throw words.refuse("it takes '" + value + "', which is no tensor of floats");
            }
            return words.zeros(value);
        }

        /** The nodes that compute some values, including those that run forward. */
        List<Node> nodes(List<String> values) {
            List<Node> all = new ArrayList<>(weaver.forward());
            all.addAll(weaver.emitter().backward());
            return Graph.upstream(all, values);
        }

        Graph graph(List<String> inputs, List<String> outputs) {
            return ControlRules.graph(words, inputs, outputs, nodes(outputs));
        }
    }

    /** The runtime infers the types from the inputs of the graph. */
    static Graph graph(Words words, List<String> inputs, List<String> outputs, List<Node> nodes) {
        return typed(words, inputs.stream().map(ValueInfo::of).toList(), outputs, nodes);
    }

    static Graph typed(Words words, List<ValueInfo> inputs, List<String> outputs, List<Node> nodes) {
        return Graph.of(
                words.freshName("graph"),
                inputs,
                outputs.stream().map(ValueInfo::of).toList(),
                nodes,
                List.of());
    }
}
