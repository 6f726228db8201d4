// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Words.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Loops whose course does not depend on what is attributed. The states in which their steps began are collected by a
 * second run of them.
 */
final class LoopRules {
    private LoopRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("Loop", s -> new Loop(s).apply());
        table.put("Scan", s -> new Scan(s).apply());
    }

    /** What loops and scans have in common: states that are passed from step to step. */
    private abstract static class Repeated {
        final Step s;
        final ControlRules.Inner inner;
        /** The first state among the body's inputs, among its outputs, and among the node's inputs. */
        final int firstIn;

        final int firstOut;
        final int first;
        final int states;

        /** The states that pass gradients from step to step. */
        final List<Integer> carrying = new ArrayList<>();
        /** Values from outside the body. */
        final List<String> captured;

        Set<String> carried = Set.of();

        Repeated(Step s, int firstIn, int firstOut, int first, int states) {
            this.s = s;
            this.inner = new ControlRules.Inner(s, s.graph("body"));
            this.firstIn = firstIn;
            this.firstOut = firstOut;
            this.first = first;
            this.states = states;
            this.captured = s.captured();
        }

        String stateIn(int k) {
            return inner.in.get(firstIn + k);
        }

        String stateOut(int k) {
            return inner.out.get(firstOut + k);
        }

        /** Finds the values that depend on what is attributed in any step. */
        void spread(List<String> touchedInputs, List<String> carryingInputs) {
            Set<String> touched = new LinkedHashSet<>(touchedInputs);
            Set<String> sources = new LinkedHashSet<>(captured);
            sources.addAll(carryingInputs);
            for (int k = 0; k < states; k++) {
                if (s.touched(s.x(first + k))) {
                    touched.add(stateIn(k));
                }
                if (s.needs(first + k)) {
                    sources.add(stateIn(k));
                }
            }
            boolean more = true;
            while (more) {
                more = false;
                inner.weaver.touch(touched);
                carried = inner.weaver.carriedFrom(sources);
                for (int k = 0; k < states; k++) {
                    more |= inner.weaver.touched(stateOut(k)) && touched.add(stateIn(k));
                    more |= carried.contains(stateOut(k)) && sources.add(stateIn(k));
                }
            }
            for (int k = 0; k < states; k++) {
                if (sources.contains(stateIn(k))) {
                    carrying.add(k);
                } else {
                    s.ends(k);
                }
            }
        }

        /** The states that the nodes of the way back read. */
        List<Integer> read(List<String> outputs) {
            Set<String> reads = new LinkedHashSet<>(outputs);
            inner.nodes(outputs).forEach(node -> reads.addAll(node.reads()));
            List<Integer> read = new ArrayList<>();
            for (int k = 0; k < states; k++) {
                if (reads.contains(stateIn(k))) {
                    read.add(k);
                }
            }
            return read;
        }

        boolean reads(List<String> outputs, String value) {
            return inner.nodes(outputs).stream().anyMatch(node -> node.reads().contains(value));
        }

        ElementType element(int k) {
            ElementType element = s.type(stateIn(k)).element();
            if (element == ElementType.OTHER) {
                throw s.refuse("it hands on '" + stateIn(k) + "' from step to step, which is no tensor");
            }
            return element;
        }

        List<String> fresh(String hint, int count) {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                names.add(s.freshName(hint));
            }
            return names;
        }

        /** The gradient of each captured value after a step: what came back before and what the step adds. */
        List<String> sums(List<String> before) {
            List<String> after = new ArrayList<>();
            for (int i = 0; i < captured.size(); i++) {
                String more = inner.weaver.gradient(captured.get(i));
                String sum = before.get(i);
                after.add(inner.words.copy(more == null ? sum : inner.add(captured.get(i), sum, more)));
            }
            return after;
        }

        void give(List<String> back) {
            for (int i = 0; i < carrying.size(); i++) {
                s.give(first + carrying.get(i), back.get(i));
            }
            for (int i = 0; i < captured.size(); i++) {
                s.giveCaptured(captured.get(i), back.get(carrying.size() + i));
            }
        }
    }

    /** A loop: body inputs are the number of the step, a condition, and the states. */
    private static final class Loop extends Repeated {
        Loop(Step s) {
            super(s, 2, 1, 2, Math.max(0, s.node().inputs().size() - 2));
        }

        void apply() {
            spread(List.of(), List.of());
            if (s.touched(s.x(0)) || s.touched(s.x(1)) || inner.weaver.touched(inner.out.get(0))) {
                throw s.refuse(
                        "how often it runs depends on what is attributed; export the model with a fixed number of"
                                + " steps, or perturb the inputs instead");
            }
            String step = inner.in.get(0);
            String number = s.freshName("step");
            List<String> gradients = fresh("state", carrying.size());
            List<String> sums = fresh("sum", captured.size());
            for (int i = 0; i < carrying.size(); i++) {
                inner.arrives(stateOut(carrying.get(i)), gradients.get(i));
            }
            for (int k = states; k < s.node().outputs().size(); k++) {
                if (s.arrived(k)) {
                    inner.arrives(
                            inner.out.get(firstOut + k),
                            inner.words.op("Gather", List.of(set("axis", 0)), s.g(k), step));
                }
            }
            inner.back(carried);
            List<String> outputs = new ArrayList<>();
            outputs.add(inner.words.copy(inner.in.get(1)));
            carrying.forEach(k -> outputs.add(inner.gradient(stateIn(k))));
            outputs.addAll(sums(sums));

            List<Integer> read = read(outputs);
            List<String> again = again(read);
            String steps = s.reshape(s.op("Shape", again.get(again.size() - 1)), new long[0]);
            List<Node> nodes = new ArrayList<>();
            String last = s.sub(steps, s.integer(1));
            nodes.add(Node.of("Sub", step, List.of(last, number), List.of(step)));
            for (int i = 0; i < read.size(); i++) {
                String state = stateIn(read.get(i));
                nodes.add(Node.of("SequenceAt", state, List.of(again.get(states + i), step), List.of(state)));
            }
            nodes.addAll(inner.nodes(outputs));
            List<String> inputs = new ArrayList<>(List.of(number, inner.in.get(1)));
            inputs.addAll(gradients);
            inputs.addAll(sums);
            List<String> given = new ArrayList<>(List.of(steps, ""));
            for (int k : carrying) {
                given.add(s.arrived(k) ? s.g(k) : zeros(k, again.get(k)));
            }
            captured.forEach(value -> given.add(outerZeros(value)));
            give(s.ops(
                    "Loop",
                    given.size() - 2,
                    List.of(Attribute.of("body", body(inputs, outputs, nodes))),
                    given.toArray(new String[0])));
        }

        private String zeros(int k, String end) {
            return s.isTensor(stateIn(k)) ? s.zerosOf(element(k), end) : IndexRules.Sequences.zeros(s, end);
        }

        private String outerZeros(String value) {
            if (s.isTensor(value) && s.type(value).element() == ElementType.OTHER) {
                throw s.refuse("it takes '" + value + "', which is no tensor of floats");
            }
            return s.zeros(value);
        }

        /**
         * Runs it again. Returns the states at the end, for some of them a sequence of the states before each step, and
         * the numbers of the steps.
         */
        private List<String> again(List<Integer> collected) {
            List<Node> nodes = new ArrayList<>(inner.graph.nodes());
            List<String> inputs = new ArrayList<>(inner.in);
            List<String> outputs = new ArrayList<>(inner.out.subList(0, firstOut + states));
            List<String> given = new ArrayList<>(s.node().inputs());
            for (int k : collected) {
                String before = s.freshName("before");
                String after = s.freshName("after");
                nodes.add(Node.of("SequenceInsert", after, List.of(before, stateIn(k)), List.of(after)));
                inputs.add(before);
                outputs.add(after);
                given.add(s.op("SequenceEmpty", List.of(set("dtype", element(k).code()))));
            }
            String step = s.freshName("step");
            nodes.add(Node.of("Identity", step, List.of(inner.in.get(0)), List.of(step)));
            outputs.add(step);
            return s.ops(
                    "Loop",
                    outputs.size() - 1,
                    List.of(Attribute.of("body", body(inputs, outputs, Graph.upstream(nodes, outputs)))),
                    given.toArray(new String[0]));
        }

        /** The node may have no condition from which the type could be inferred. */
        private Graph body(List<String> inputs, List<String> outputs, List<Node> nodes) {
            List<ValueInfo> infos = new ArrayList<>();
            infos.add(ValueInfo.of(inputs.get(0), new ValueType(ElementType.INT64, List.of())));
            infos.add(ValueInfo.of(inputs.get(1), new ValueType(ElementType.BOOL, List.of())));
            inputs.subList(2, inputs.size()).forEach(input -> infos.add(ValueInfo.of(input)));
            return ControlRules.typed(s, infos, outputs, nodes);
        }
    }

    /** A scan: body inputs are the states, then a slice of each of the other inputs. */
    private static final class Scan extends Repeated {
        private final int slices;

        Scan(Step s) {
            super(s, 0, 0, 0, s.node().inputs().size() - (int) s.integer("num_scan_inputs", 1));
            this.slices = s.node().inputs().size() - states;
        }

        private String slice(int m) {
            return inner.in.get(states + m);
        }

        void apply() {
            List<String> touched = new ArrayList<>();
            List<Integer> wanted = new ArrayList<>();
            for (int m = 0; m < slices; m++) {
                if (s.touched(s.x(states + m))) {
                    touched.add(slice(m));
                }
                if (s.needs(states + m)) {
                    wanted.add(m);
                }
            }
            spread(touched, wanted.stream().map(this::slice).toList());
            List<String> gradients = fresh("state", carrying.size());
            List<String> sums = fresh("sum", captured.size());
            for (int i = 0; i < carrying.size(); i++) {
                inner.arrives(stateOut(carrying.get(i)), gradients.get(i));
            }
            Scanned scanned = new Scanned();
            long[] outAxes = s.integers("scan_output_axes", inner.out.size() - states, 0);
            long[] outWays = s.integers("scan_output_directions", inner.out.size() - states, 0);
            for (int j = 0; j < inner.out.size() - states; j++) {
                if (s.arrived(states + j)) {
                    String slice = s.freshName("slice");
                    scanned.add(slice, s.g(states + j), outAxes[j], 1 - outWays[j]);
                    inner.arrives(inner.out.get(states + j), slice);
                }
            }
            inner.back(carried);
            List<String> outputs = new ArrayList<>();
            List<String> like = new ArrayList<>();
            carrying.forEach(k -> like.add(stateIn(k)));
            like.addAll(captured);
            wanted.forEach(m -> like.add(slice(m)));
            carrying.forEach(k -> outputs.add(inner.gradient(stateIn(k))));
            outputs.addAll(sums(sums));
            wanted.forEach(m -> outputs.add(inner.gradient(slice(m))));

            List<Integer> read = read(outputs);
            List<String> again = read.isEmpty() ? List.of() : again(read);
            for (int i = 0; i < read.size(); i++) {
                scanned.add(stateIn(read.get(i)), again.get(states + i), 0, 1);
            }
            long[] axes = s.integers("scan_input_axes", slices, 0);
            long[] ways = s.integers("scan_input_directions", slices, 0);
            for (int m = 0; m < slices; m++) {
                if (reads(outputs, slice(m)) || scanned.names.isEmpty()) {
                    scanned.add(slice(m), s.x(states + m), axes[m], 1 - ways[m]);
                }
            }
            List<String> inputs = new ArrayList<>(gradients);
            inputs.addAll(sums);
            inputs.addAll(scanned.names);
            List<String> given = new ArrayList<>();
            for (int k : carrying) {
                given.add(s.arrived(k) ? s.g(k) : s.zeros(s.x(k)));
            }
            captured.forEach(value -> given.add(s.zeros(value)));
            given.addAll(scanned.values);
            List<String> back = s.ops(
                    "Scan",
                    outputs.size(),
                    List.of(
                            Attribute.of("body", body(inputs, outputs, like, inner.nodes(outputs))),
                            set("num_scan_inputs", scanned.names.size()),
                            set("scan_input_axes", longs(scanned.axes)),
                            set("scan_input_directions", longs(scanned.ways)),
                            set(
                                    "scan_output_axes",
                                    wanted.stream().mapToLong(m -> axes[m]).toArray()),
                            set(
                                    "scan_output_directions",
                                    wanted.stream().mapToLong(m -> 1 - ways[m]).toArray())),
                    given.toArray(new String[0]));
            give(back);
            for (int i = 0; i < wanted.size(); i++) {
                s.give(states + wanted.get(i), back.get(carrying.size() + captured.size() + i));
            }
        }

        /**
         * The body of a scan, whose outputs need a number of axes where the runtime cannot infer it.
         *
         * @param like for each output a value with as many axes
         */
        private Graph body(List<String> inputs, List<String> outputs, List<String> like, List<Node> nodes) {
            List<ValueInfo> infos = new ArrayList<>();
            for (int i = 0; i < outputs.size(); i++) {
                ElementType element = s.type(like.get(i)).element();
                List<Dim> open = Collections.nCopies(s.rank(like.get(i)), Dim.OPEN);
                infos.add(ValueInfo.of(outputs.get(i), new ValueType(element, open)));
            }
            return Graph.of(
                    s.freshName("graph"), inputs.stream().map(ValueInfo::of).toList(), infos, nodes, List.of());
        }

        private static long[] longs(List<Long> values) {
            return values.stream().mapToLong(value -> value).toArray();
        }

        /** Runs it again. Returns the states at the end, and some of them before each step. */
        private List<String> again(List<Integer> collected) {
            List<Node> nodes = new ArrayList<>(inner.graph.nodes());
            List<String> outputs = new ArrayList<>(inner.out.subList(0, states));
            List<String> like = new ArrayList<>(inner.in.subList(0, states));
            for (int k : collected) {
                like.add(stateIn(k));
                String before = s.freshName("before");
                nodes.add(Node.of("Identity", before, List.of(stateIn(k)), List.of(before)));
                outputs.add(before);
            }
            List<Attribute> attributes = new ArrayList<>(s.node().attributes().values());
            attributes.removeIf(attribute ->
                    attribute.name().equals("body") || attribute.name().startsWith("scan_output"));
            attributes.add(Attribute.of("body", body(inner.in, outputs, like, Graph.upstream(nodes, outputs))));
            return s.ops("Scan", outputs.size(), attributes, s.node().inputs().toArray(new String[0]));
        }

        /** The inputs that are cut into slices. */
        private static final class Scanned {
            private final List<String> names = new ArrayList<>();
            private final List<String> values = new ArrayList<>();
            private final List<Long> axes = new ArrayList<>();
            private final List<Long> ways = new ArrayList<>();

            void add(String name, String value, long axis, long way) {
                names.add(name);
                values.add(value);
                axes.add(axis);
                ways.add(way);
            }
        }
    }
}
