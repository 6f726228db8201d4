// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Recurrent layers. The forward run uses the runtime's own node. The way back computes all gates of all steps again, by
 * one product with the inputs and one with the former states. Only a short rest runs step by step, as the body of
 * a scan.
 */
final class RecurrentRules {
    private RecurrentRules() {}

    static void addTo(Map<String, Rule> table) {
        table.put("LSTM", s -> new Layer(s, 4, true).apply());
        table.put("GRU", s -> new Layer(s, 3, false).apply());
        table.put("RNN", s -> new Layer(s, 1, false).apply());
    }

    /** One node: one layer with one direction or two. */
    private static final class Layer {
        private final Step s;
        private final int gates;
        private final boolean cells;
        private final long hidden;
        private final int directions;
        private final boolean relu;
        private final String states;

        Layer(Step s, int gates, boolean cells) {
            this.s = s;
            this.gates = gates;
            this.cells = cells;
            if (s.has(4)) {
                throw s.refuse("it is given the lengths of sequences; export the model with sequences of one length");
            }
            if (s.has(7) || s.set("clip") || s.integer("input_forget", 0) != 0 || s.integer("layout", 0) != 0) {
                throw s.refuse("it has peepholes, clip, input_forget or layout; no rule is known for these");
            }
            this.directions = s.text("direction", "forward").equals("bidirectional") ? 2 : 1;
            this.relu = activations(s, gates);
            Dim size = s.type(2).dim(2);
            if (!size.known()) {
                throw s.refuse("its number of hidden units is not known");
            }
            this.hidden = size.size();
            ValueType x = s.type(0);
            s.rank(s.x());
            this.states = s.alsoGive(
                    0, new ValueType(x.element(), List.of(x.dim(0), Dim.of(directions), x.dim(1), Dim.of(hidden))));
        }

        /** Whether the function is relu; unusual functions are refused. */
        private static boolean activations(Step s, int gates) {
            Attribute attribute = s.node().attributes().get("activations");
            if (attribute == null) {
                return false;
            }
            List<String> names = attribute.texts();
            List<String> usual = switch (gates) {
                case 4 -> List.of("Sigmoid", "Tanh", "Tanh");
                case 3 -> List.of("Sigmoid", "Tanh");
                default -> List.of("Tanh");
            };
            if (gates == 1 && names.stream().allMatch(name -> name.equals("Relu"))) {
                return true;
            }
            for (int i = 0; i < names.size(); i++) {
                if (!names.get(i).equals(usual.get(i % usual.size()))) {
                    throw s.refuse("its activations are " + names + "; rules are known for the usual ones");
                }
            }
            return false;
        }

        void apply() {
            List<String> inputs = new ArrayList<>();
            List<String> initialStates = new ArrayList<>();
            List<String> initialCells = new ArrayList<>();
            boolean onlyReverse = s.text("direction", "forward").equals("reverse");
            for (int d = 0; d < directions; d++) {
                List<String> back = new Direction(d, onlyReverse || d == 1).back();
                inputs.add(back.get(0));
                initialStates.add(s.unsqueeze(back.get(1), 0));
                if (cells) {
                    initialCells.add(s.unsqueeze(back.get(2), 0));
                }
            }
            if (s.needs(0)) {
                s.give(0, directions == 1 ? inputs.get(0) : s.add(inputs.get(0), inputs.get(1)));
            }
            if (s.needs(5)) {
                s.give(5, s.concat(0, initialStates.toArray(new String[0])));
            }
            if (s.needs(6)) {
                s.give(6, s.concat(0, initialCells.toArray(new String[0])));
            }
        }

        /** One direction of a layer. */
        private final class Direction {
            private final int d;
            private final boolean reverse;
            private final String input;
            private final String recurrent;
            private final String fromInput;
            private final String fromState;
            private final String before;

            Direction(int d, boolean reverse) {
                this.d = d;
                this.reverse = reverse;
                this.input = one(s.x(1), 0);
                this.recurrent = one(s.x(2), 0);
                this.before = shifted(one(states, 1), initial(5));
                String a = s.matmul(s.x(), s.transpose(input, 1, 0));
                String b = s.matmul(before, s.transpose(recurrent, 1, 0));
                if (s.has(3)) {
                    String bias = one(s.x(3), 0);
                    a = s.add(a, s.slice(bias, s.ints(0), s.ints(gates * hidden), s.ints(0)));
                    b = s.add(b, s.slice(bias, s.ints(gates * hidden), s.ints(2L * gates * hidden), s.ints(0)));
                }
                this.fromInput = a;
                this.fromState = b;
            }

            /** The slice of this direction. */
            private String one(String value, long axis) {
                return s.squeeze(s.slice(value, s.ints(d), s.ints(d + 1L), s.ints(axis)), axis);
            }

            /** The state before each step. */
            private String shifted(String after, String first) {
                return reverse
                        ? s.concat(0, s.slice(after, s.ints(1), s.ints(Long.MAX_VALUE), s.ints(0)), first)
                        : s.concat(0, first, s.slice(after, s.ints(0), s.ints(-1), s.ints(0)));
            }

            /** The first state, or zeros: (1, rows, hidden). */
            private String initial(int index) {
                return s.has(index) ? s.unsqueeze(one(s.x(index), 0), 0) : s.unsqueeze(rows(), 0);
            }

            private String rows() {
                return s.expand(s.number(0), s.concat(0, s.sizes(s.x(), 1), s.ints(hidden)));
            }

            /** The gradient of each state without those of later steps: (steps, rows, hidden). */
            private String arrived() {
                return s.arrived(0)
                        ? one(s.g(0), 1)
                        : s.expand(s.number(0), s.concat(0, s.sizes(s.x(), 0, 1), s.ints(hidden)));
            }

            private String last(int output) {
                return s.arrived(output) ? one(s.g(output), 0) : rows();
            }

            private List<String> parts(String gatesTogether) {
                long[] sizes = new long[gates];
                Arrays.fill(sizes, hidden);
                return s.ops("Split", gates, List.of(set("axis", -1)), gatesTogether, s.ints(sizes));
            }

            /** The derivative of a sigmoid, from its result. */
            private String slope(String sigmoid) {
                return s.mul(sigmoid, s.sub(s.number(1), sigmoid));
            }

            private String tanhSlope(String tanh) {
                return s.sub(s.number(1), s.mul(tanh, tanh));
            }

            /** Gradients of the inputs, of the first state, and of the first cells. */
            List<String> back() {
                List<String> scanned = switch (gates) {
                    case 4 -> lstm();
                    case 3 -> gru();
                    default -> plain();
                };
                List<String> found = new ArrayList<>(scanned);
                String gradients = found.remove(found.size() - 1);
                found.add(0, s.matmul(gradients, input));
                return found;
            }

            private List<String> plain() {
                String state = one(states, 1);
                String slope = relu ? s.mask(s.op("Greater", state, s.number(0))) : tanhSlope(state);
                Body body = new Body();
                String h = body.state(last(1));
                String g = body.each(arrived());
                String k = body.each(slope);
                String back = body.op("Mul", body.op("Add", h, g), k);
                body.gives(body.op("MatMul", back, recurrent));
                return body.run(back, !reverse);
            }

            private List<String> gru() {
                List<String> a = parts(fromInput);
                List<String> b = parts(fromState);
                String z = s.op("Sigmoid", s.add(a.get(0), b.get(0)));
                String r = s.op("Sigmoid", s.add(a.get(1), b.get(1)));
                boolean after = s.integer("linear_before_reset", 0) != 0;
                String weights = s.slice(recurrent, s.ints(2 * hidden), s.ints(3 * hidden), s.ints(0));
                String candidate;
                if (after) {
                    candidate = s.add(a.get(2), s.mul(r, b.get(2)));
                } else {
                    candidate = s.add(a.get(2), s.matmul(s.mul(r, before), s.transpose(weights, 1, 0)));
                    if (s.has(3)) {
                        String bias = one(s.x(3), 0);
                        candidate = s.add(candidate, s.slice(bias, s.ints(5 * hidden), s.ints(6 * hidden), s.ints(0)));
                    }
                }
                String n = s.op("Tanh", candidate);
                Body body = new Body();
                String h = body.state(last(1));
                String now = body.op("Add", h, body.each(arrived()));
                String keep = body.each(z);
                String dz = body.op("Mul", now, body.each(s.mul(s.sub(before, n), slope(z))));
                String dn = body.op("Mul", now, body.each(s.mul(s.sub(s.number(1), z), tanhSlope(n))));
                String straight = body.op("Mul", now, keep);
                String reset = body.each(r);
                if (after) {
                    String dr = body.op("Mul", dn, body.each(s.mul(b.get(2), slope(r))));
                    String scaled = body.op("Mul", dn, reset);
                    String product = body.op("MatMul", body.concat(dz, dr, scaled), recurrent);
                    body.gives(body.op("Add", straight, product));
                    return body.run(body.concat(dz, dr, dn), !reverse);
                }
                String through = body.op("MatMul", dn, weights);
                String dr = body.op("Mul", through, body.each(s.mul(before, slope(r))));
                String others = s.slice(recurrent, s.ints(0), s.ints(2 * hidden), s.ints(0));
                String product = body.op("MatMul", body.concat(dz, dr), others);
                body.gives(body.op("Add", body.op("Add", straight, product), body.op("Mul", through, reset)));
                return body.run(body.concat(dz, dr, dn), !reverse);
            }

            private List<String> lstm() {
                List<String> all = parts(s.add(fromInput, fromState));
                String i = s.op("Sigmoid", all.get(0));
                String o = s.op("Sigmoid", all.get(1));
                String f = s.op("Sigmoid", all.get(2));
                String n = s.op("Tanh", all.get(3));
                String first = s.has(6) ? one(s.x(6), 0) : rows();
                Body forth = new Body();
                String c = forth.state(first);
                String next = forth.op("Add", forth.op("Mul", c, forth.each(f)), forth.each(s.mul(i, n)));
                forth.gives(next);
                String cellsAfter =
                        forth.run(forth.op("Identity", next), reverse).get(1);
                String cellsBefore = shifted(cellsAfter, s.unsqueeze(first, 0));
                String shown = s.op("Tanh", cellsAfter);

                Body body = new Body();
                String h = body.state(last(1));
                String cell = body.state(last(2));
                String now = body.op("Add", h, body.each(arrived()));
                String total = body.op("Add", cell, body.op("Mul", now, body.each(s.mul(o, tanhSlope(shown)))));
                String di = body.op("Mul", total, body.each(s.mul(n, slope(i))));
                String dO = body.op("Mul", now, body.each(s.mul(shown, slope(o))));
                String df = body.op("Mul", total, body.each(s.mul(cellsBefore, slope(f))));
                String dn = body.op("Mul", total, body.each(s.mul(i, tanhSlope(n))));
                String back = body.concat(di, dO, df, dn);
                body.gives(body.op("MatMul", back, recurrent));
                body.gives(body.op("Mul", total, body.each(f)));
                return body.run(back, !reverse);
            }
        }

        /** The body of a scan: states that are passed from step to step, values of each step, and nodes. */
        private final class Body {
            private final List<String> states = new ArrayList<>();
            private final List<String> given = new ArrayList<>();
            private final List<String> stateNames = new ArrayList<>();
            private final List<String> givenNames = new ArrayList<>();
            private final List<String> next = new ArrayList<>();
            private final List<Node> nodes = new ArrayList<>();

            String state(String initial) {
                states.add(initial);
                return name(stateNames);
            }

            String each(String value) {
                given.add(value);
                return name(givenNames);
            }

            private String name(List<String> names) {
                String name = s.freshName("step");
                names.add(name);
                return name;
            }

            String op(String type, String... inputs) {
                return node(type, List.of(), inputs);
            }

            String concat(String... parts) {
                return node("Concat", List.of(set("axis", -1)), parts);
            }

            private String node(String type, List<Attribute> attributes, String... inputs) {
                String name = s.freshName(type);
                nodes.add(Node.of(type, name, List.of(inputs), List.of(name), attributes.toArray(new Attribute[0])));
                return name;
            }

            /** Sets the state of the next step, in the order of the states. */
            void gives(String value) {
                next.add(value);
            }

            /**
             * Returns the states at the end, and the values collected at each step.
             *
             * @param backwards whether the last step comes first
             */
            List<String> run(String collected, boolean backwards) {
                ValueType type = new ValueType(s.element(), null);
                List<ValueInfo> inputs = new ArrayList<>();
                stateNames.forEach(name -> inputs.add(ValueInfo.of(name, type)));
                givenNames.forEach(name -> inputs.add(ValueInfo.of(name, type)));
                List<ValueInfo> outputs = new ArrayList<>();
                next.forEach(name -> outputs.add(ValueInfo.of(name, type)));
                outputs.add(ValueInfo.of(collected, type));
                Graph graph = Graph.of(s.freshName("body"), inputs, outputs, nodes, List.of());
                long way = backwards ? 1 : 0;
                List<String> values = new ArrayList<>(states);
                values.addAll(given);
                return s.ops(
                        "Scan",
                        states.size() + 1,
                        List.of(
                                Attribute.of("body", graph),
                                set("num_scan_inputs", given.size()),
                                set(
                                        "scan_input_directions",
                                        LongStream.range(0, given.size())
                                                .map(k -> way)
                                                .toArray()),
                                set("scan_output_directions", new long[] {way})),
                        values.toArray(new String[0]));
            }
        }
    }
}
