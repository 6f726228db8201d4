// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Recurrent layers. The forward run uses the runtime's own node. The way back computes all gates of all steps again, by
 * one product with the inputs and one with the former states. Only a short rest runs step by step, as the body of
 * a scan.
 */
public final class RecurrentRules {
    private RecurrentRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        addTo(table, null);
    }

    /** Adds rules by which functions have the slope between two runs, and products the mean of the other operand. */
    public static void addTo(Map<String, Rules.Rule> table, @Nullable Between between) {
        table.put("LSTM", s -> new Layer(s, 4, between).apply());
        table.put("GRU", s -> new Layer(s, 3, between).apply());
        table.put("RNN", s -> new Layer(s, 1, between).apply());
    }

    /** The slope of a function of single elements between two runs. */
    @FunctionalInterface
    public interface Between {
        /**
         * Writes it.
         *
         * @param x what the function is given in the two runs
         * @param y what it gives
         * @param derivative in the first run
         */
        String slope(Step s, Twice x, Twice y, String derivative);
    }

    /** A value in the run, and in the reference run; the second is empty without one. */
    public record Twice(String now, String then) {}

    /**
     * Passes on relevance instead of a gradient. A sum shares it in proportion to its summands; of a gate and its
     * signal, the signal gets all; functions pass it unchanged.
     *
     * @param epsilon of the stabilizer of sums
     */
    public static void relevance(Step s, double epsilon) {
        int gates = s.node().is("LSTM") ? 4 : s.node().is("GRU") ? 3 : 1;
        if (s.has(7) || s.integer("input_forget", 0) != 0 || s.real("clip", 0) != 0) {
            throw s.refuse("it has peepholes, clip or input_forget, for which there is no relevance rule");
        }
        Layer layer = new Layer(s, gates, null);
        layer.epsilon = epsilon;
        layer.apply();
    }

    /** One node: one layer with one direction or two. */
    private static final class Layer {
        private final Step s;
        private final int gates;
        private final boolean cells;
        private final long hidden;
        private final int directions;
        private final List<Activation> functions;
        private final double clip;
        private final @Nullable Between between;
        private final Twice states;
        /** Of relevance; negative if gradients are passed on. */
        private double epsilon = -1;

        Layer(Step s, int gates, @Nullable Between between) {
            this.s = s;
            this.gates = gates;
            this.cells = gates == 4;
            this.between = between;
            if (s.integer("layout", 0) != 0) {
                throw s.refuse("its rows come before its steps (layout 1); set layout 0");
            }
            this.directions = s.text("direction", "forward").equals("bidirectional") ? 2 : 1;
            this.functions = Activation.of(s, gates, directions);
            this.clip = s.real("clip", 0);
            if (s.has(7)
                    && (clip != 0
                            || coupled()
                            || IntStream.range(0, directions)
                                    .anyMatch(i -> !functions.get(3 * i).name().equals("Sigmoid")))) {
                throw s.refuse("it has peepholes together with clip, input_forget or an unusual activation");
            }
            Dim size = s.type(2).dim(2);
            if (!size.known()) {
                throw s.refuse("its number of hidden units is not known");
            }
            this.hidden = size.size();
            ValueType x = s.type(0);
            s.rank(s.x());
            ValueType all = new ValueType(x.element(), List.of(x.dim(0), Dim.of(directions), x.dim(1), Dim.of(hidden)));
            this.states = new Twice(s.alsoGive(0, all), between == null ? "" : s.alsoGivePast(0, all));
        }

        /** Whether what is forgotten makes room for what is put in. */
        private boolean coupled() {
            return s.integer("input_forget", 0) != 0;
        }

        void apply() {
            List<String> inputs = new ArrayList<>();
            List<String> initialStates = new ArrayList<>();
            List<String> initialCells = new ArrayList<>();
            List<Direction> sides = new ArrayList<>();
            boolean onlyReverse = s.text("direction", "forward").equals("reverse");
            for (int d = 0; d < directions; d++) {
                Direction direction = new Direction(d, onlyReverse || d == 1);
                List<String> back = direction.back();
                sides.add(direction);
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
            for (int weight : new int[] {1, 2, 3, 7}) {
                if (s.needs(weight)) {
                    String[] parts = sides.stream()
                            .map(side -> s.unsqueeze(side.weight(weight), 0))
                            .toArray(String[]::new);
                    s.give(weight, s.concat(0, parts));
                }
            }
        }

        /** One direction of a layer. */
        private final class Direction {
            private final int d;
            private final boolean reverse;
            private final String input;
            private final String recurrent;
            private final Run now;
            private final Run then;
            /** 1 in the steps that a row has, 0 afterwards: (steps, rows, 1); empty if all rows have all steps. */
            private final String lasts;
            /** The gradients of all gates: (steps, rows, gates · hidden). */
            private String gradients = "";
            /** What a GRU's gate lets through of the states; the cells of an LSTM before and after each step. */
            private String reset = "";

            private String cellsBefore = "";
            private String cellsAfter = "";

            Direction(int d, boolean reverse) {
                this.d = d;
                this.reverse = reverse;
                this.input = one(s.x(1), 0);
                this.recurrent = one(s.x(2), 0);
                this.lasts = s.has(4) ? lasts() : "";
                this.now = new Run(false);
                this.then = between == null ? now : new Run(true);
            }

            /** What the gates are made of, in the run or in the reference run. */
            private final class Run {
                private final boolean past;
                private final String before;
                private final String fromInput;
                private final String fromState;

                Run(boolean past) {
                    this.past = past;
                    this.before = shifted(held(one(past ? states.then() : states.now(), 1), initial(5)), initial(5));
                    String a = s.matmul(given(0), s.transpose(input, 1, 0));
                    String b = s.matmul(before, s.transpose(recurrent, 1, 0));
                    if (s.has(3)) {
                        String bias = one(s.x(3), 0);
                        a = s.add(a, s.slice(bias, s.ints(0), s.ints(gates * hidden), s.ints(0)));
                        b = s.add(b, s.slice(bias, s.ints(gates * hidden), s.ints(2L * gates * hidden), s.ints(0)));
                    }
                    this.fromInput = a;
                    this.fromState = b;
                }

                private String given(int input) {
                    return past ? s.past(s.x(input)) : s.x(input);
                }

                /** The first state, or zeros: (1, rows, hidden). */
                private String initial(int index) {
                    return s.has(index) ? s.unsqueeze(one(given(index), 0), 0) : s.unsqueeze(rows(), 0);
                }

                /** The first cells, or zeros: (rows, hidden). */
                private String cells() {
                    return s.has(6) ? one(given(6), 0) : rows();
                }

                /** What the three gates of a GRU are given: to keep, to reset, and the new values. */
                private List<String> gru(boolean after, String weights) {
                    List<String> a = parts(fromInput);
                    List<String> b = parts(fromState);
                    String toReset = s.add(a.get(1), b.get(1));
                    String reset = value(0, toReset);
                    String candidate;
                    if (after) {
                        candidate = s.add(a.get(2), s.mul(reset, b.get(2)));
                    } else {
                        candidate = s.add(a.get(2), s.matmul(s.mul(reset, before), s.transpose(weights, 1, 0)));
                        if (s.has(3)) {
                            String bias = one(s.x(3), 0);
                            candidate =
                                    s.add(candidate, s.slice(bias, s.ints(5 * hidden), s.ints(6 * hidden), s.ints(0)));
                        }
                    }
                    return List.of(s.add(a.get(0), b.get(0)), toReset, candidate, b.get(2));
                }

                /** What the four gates of an LSTM are given, then the cells before and after each step. */
                private List<String> lstm() {
                    List<String> all = parts(s.add(fromInput, fromState));
                    String first = cells();
                    String after = Direction.this.cells(all, value(1, all.get(3)), first);
                    String before = shifted(after, s.unsqueeze(first, 0));
                    if (!s.has(7)) {
                        return List.of(all.get(0), all.get(1), all.get(2), all.get(3), before, after);
                    }
                    return List.of(
                            s.add(all.get(0), s.mul(before, peephole(0))),
                            s.add(all.get(1), s.mul(after, peephole(1))),
                            s.add(all.get(2), s.mul(before, peephole(2))),
                            all.get(3),
                            before,
                            after);
                }
            }

            private Twice twice(String ofNow, String ofThen) {
                return new Twice(ofNow, between == null ? "" : ofThen);
            }

            /** Values of both runs, one pair for each. */
            private List<Twice> twice(Function<Run, List<String>> values) {
                List<String> first = values.apply(now);
                List<String> second = between == null ? first : values.apply(then);
                return IntStream.range(0, first.size())
                        .mapToObj(i -> twice(first.get(i), second.get(i)))
                        .toList();
            }

            /** As the other operand of a product sees it. */
            private String seen(Twice value) {
                return value.then().isEmpty() ? value.now() : s.times(s.add(value.now(), value.then()), 0.5);
            }

            private String lasts() {
                String last = s.reshape(s.sizes(s.x(), 0), new long[0]);
                String steps = s.unsqueeze(s.op("Range", s.integer(0), last, s.integer(1)), 1);
                String lengths = s.unsqueeze(s.cast(s.x(4), ElementType.INT64), 0);
                return s.unsqueeze(s.mask(s.op("Less", steps, lengths)), 2);
            }

            /** What is there at a step that a row does not have: from where a way back through time starts. */
            private String held(String value, String otherwise) {
                return lasts.isEmpty() ? value : s.where(s.op("Greater", lasts, s.number(0)), value, otherwise);
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

            /** The result of a function as products see it, and its slope. */
            private record Gate(String value, String slope) {}

            /** The result of one of the functions of this direction. */
            private String value(int which, String x) {
                return function(which).of(s, bounded(x));
            }

            private String bounded(String x) {
                return clip <= 0 ? x : s.op("Clip", x, s.number(-clip), s.number(clip));
            }

            /** Applies one of the functions of this direction. */
            private Gate gate(int which, Twice x) {
                Activation function = function(which);
                String y = value(which, x.now());
                String slope = function.slope(s, bounded(x.now()), y);
                if (clip > 0) {
                    slope = s.keep(s.op("LessOrEqual", s.op("Abs", x.now()), s.number(clip)), slope);
                }
                return between == null ? new Gate(y, slope) : gate(x, new Twice(y, value(which, x.then())), slope);
            }

            private Gate gate(Twice x, Twice y, String derivative) {
                return between == null
                        ? new Gate(y.now(), derivative)
                        : new Gate(seen(y), between.slope(s, x, y, derivative));
            }

            private Activation function(int which) {
                return functions.get((directions == 2 ? d : 0) * functions.size() / directions + which);
            }

            /** Gradients of the inputs, of the first state, and of the first cells. */
            List<String> back() {
                if (epsilon >= 0) {
                    return relevance();
                }
                List<String> scanned = switch (gates) {
                    case 4 -> lstm();
                    case 3 -> gru();
                    default -> plain();
                };
                List<String> found = new ArrayList<>(scanned);
                gradients = found.remove(found.size() - 1);
                found.add(0, s.matmul(gradients, input));
                return found;
            }

            /** Relevance of the inputs, of the first state, and of the first cells. */
            private List<String> relevance() {
                StepByStep body = new StepByStep(s);
                String h = body.state(last(1));
                String one = s.number(1);
                String toInput;
                if (gates == 4) {
                    List<String> all = now.lstm();
                    String after = all.get(5);
                    String put = s.mul(value(0, all.get(0)), value(1, all.get(3)));
                    String kept = s.mul(value(0, all.get(2)), all.get(4));
                    String cell = body.state(last(2));
                    String own = lasts.isEmpty() ? cell : body.op("Mul", cell, body.each(lasts));
                    String total = body.op("Add", own, body.now(h, lasts, arrived()));
                    toInput =
                            body.op("Mul", total, body.each(s.over(s.over(put, after, epsilon), all.get(3), epsilon)));
                    body.gives(body.held(h, lasts, throughState(body, toInput, now.before)));
                    String left = body.op("Mul", total, body.each(s.over(kept, after, epsilon)));
                    body.gives(body.held(cell, lasts, left));
                } else if (gates == 3) {
                    boolean after = s.integer("linear_before_reset", 0) != 0;
                    List<String> all = now.gru(after, ofSignal(recurrent));
                    String fromInputs = parts(now.fromInput).get(2);
                    String sum = all.get(2);
                    String gated = s.sub(sum, fromInputs);
                    String reset = value(0, all.get(1));
                    String signal = after ? now.before : s.mul(reset, now.before);
                    String inner = after ? all.get(3) : gated;
                    String keep = value(0, all.get(0));
                    String made = s.mul(s.sub(one, keep), value(1, sum));
                    String kept = s.mul(keep, now.before);
                    String state = s.add(made, kept);
                    String here = body.now(h, lasts, arrived());
                    String straight = body.op("Mul", here, body.each(s.over(kept, state, epsilon)));
                    String candidate = body.op("Mul", here, body.each(s.over(made, state, epsilon)));
                    String ofInput = s.over(s.over(fromInputs, sum, epsilon), fromInputs, epsilon);
                    String ofState = s.over(s.over(gated, sum, epsilon), inner, epsilon);
                    toInput = body.op("Mul", candidate, body.each(ofInput));
                    String through = throughState(body, body.op("Mul", candidate, body.each(ofState)), signal);
                    body.gives(body.held(h, lasts, body.op("Add", straight, through)));
                } else {
                    String share = s.over(one, s.add(now.fromInput, now.fromState), epsilon);
                    toInput = body.op("Mul", body.now(h, lasts, arrived()), body.each(share));
                    body.gives(body.held(h, lasts, throughState(body, toInput, now.before)));
                }
                List<String> found = new ArrayList<>(body.run(toInput, !reverse));
                String sent = found.remove(found.size() - 1);
                found.add(0, s.mul(s.x(), s.matmul(sent, ofSignal(input))));
                return found;
            }

            private String throughState(StepByStep body, String sent, String signal) {
                return body.op("Mul", body.each(signal), body.op("MatMul", sent, ofSignal(recurrent)));
            }

            /** The weights that make the signal; the others make gates. */
            private String ofSignal(String weights) {
                return s.slice(weights, s.ints((gates - 1) * hidden), s.ints(gates * hidden), s.ints(0));
            }

            /** The gradient of a weight of this direction: of inputs 1, of states 2, biases 3, peepholes 7. */
            String weight(int which) {
                if (which == 1) {
                    return products(gradients, s.x());
                }
                boolean after = s.integer("linear_before_reset", 0) != 0;
                List<String> each = parts(gradients);
                // What comes to the part that is computed from the states.
                String sent = gates == 3 && after
                        ? s.concat(2, each.get(0), each.get(1), s.mul(each.get(2), reset))
                        : gradients;
                if (which == 3) {
                    return s.concat(0, s.sum(gradients, false, 0, 1), s.sum(sent, false, 0, 1));
                }
                if (which == 7) {
                    String[] seen = {cellsBefore, cellsAfter, cellsBefore};
                    return s.concat(
                            0,
                            IntStream.range(0, seen.length)
                                    .mapToObj(gate -> s.sum(s.mul(each.get(gate), seen[gate]), false, 0, 1))
                                    .toArray(String[]::new));
                }
                return gates == 3 && !after
                        ? s.concat(
                                0,
                                products(s.concat(2, each.get(0), each.get(1)), now.before),
                                products(each.get(2), s.mul(reset, now.before)))
                        : products(sent, now.before);
            }

            /** The sum over steps and rows of the products of each gate and each number. */
            private String products(String gradient, String numbers) {
                return s.op("Einsum", List.of(set("equation", "tng,tni->gi")), gradient, numbers);
            }

            private List<String> plain() {
                String name = function(0).name();
                boolean byResult = between == null && clip <= 0 && (name.equals("Tanh") || name.equals("Relu"));
                String slope = byResult
                        ? function(0).slope(s, "", one(states.now(), 1))
                        : gate(0, twice(s.add(now.fromInput, now.fromState), s.add(then.fromInput, then.fromState)))
                                .slope();
                StepByStep body = new StepByStep(s);
                String h = body.state(last(1));
                String back = body.op("Mul", body.now(h, lasts, arrived()), body.each(slope));
                body.gives(body.held(h, lasts, body.op("MatMul", back, recurrent)));
                return body.run(back, !reverse);
            }

            private List<String> gru() {
                boolean after = s.integer("linear_before_reset", 0) != 0;
                String weights = s.slice(recurrent, s.ints(2 * hidden), s.ints(3 * hidden), s.ints(0));
                List<Twice> given = twice(run -> run.gru(after, weights));
                Gate keeps = gate(0, given.get(0));
                Gate resets = gate(0, given.get(1));
                Gate news = gate(1, given.get(2));
                String z = keeps.value();
                String r = resets.value();
                String n = news.value();
                String before = seen(twice(now.before, then.before));
                StepByStep body = new StepByStep(s);
                String h = body.state(last(1));
                String here = body.now(h, lasts, arrived());
                String keep = body.each(z);
                String dz = body.op("Mul", here, body.each(s.mul(s.sub(before, n), keeps.slope())));
                String dn = body.op("Mul", here, body.each(s.mul(s.sub(s.number(1), z), news.slope())));
                String straight = body.op("Mul", here, keep);
                reset = r;
                String passes = body.each(r);
                if (after) {
                    String dr = body.op("Mul", dn, body.each(s.mul(seen(given.get(3)), resets.slope())));
                    String scaled = body.op("Mul", dn, passes);
                    String product = body.op("MatMul", body.concat(dz, dr, scaled), recurrent);
                    body.gives(body.held(h, lasts, body.op("Add", straight, product)));
                    return body.run(body.concat(dz, dr, dn), !reverse);
                }
                String through = body.op("MatMul", dn, weights);
                String dr = body.op("Mul", through, body.each(s.mul(before, resets.slope())));
                String others = s.slice(recurrent, s.ints(0), s.ints(2 * hidden), s.ints(0));
                String product = body.op("MatMul", body.concat(dz, dr), others);
                String both = body.op("Add", body.op("Add", straight, product), body.op("Mul", through, passes));
                body.gives(body.held(h, lasts, both));
                return body.run(body.concat(dz, dr, dn), !reverse);
            }

            private List<String> lstm() {
                List<Twice> given = twice(Run::lstm);
                boolean peeps = s.has(7);
                Gate puts = gate(0, given.get(0));
                Gate gives = gate(0, given.get(1));
                Gate forgets = gate(0, given.get(2));
                Gate news = gate(1, given.get(3));
                Twice after = given.get(5);
                cellsBefore = seen(given.get(4));
                cellsAfter = after.now();
                String f = coupled() ? s.sub(s.number(1), puts.value()) : forgets.value();
                // The bound is of the gates only.
                String outside = function(2).of(s, after.now());
                Twice shows = twice(outside, between == null ? "" : function(2).of(s, after.then()));
                Gate shown = gate(after, shows, function(2).slope(s, after.now(), outside));

                StepByStep body = new StepByStep(s);
                String h = body.state(last(1));
                String cell = body.state(last(2));
                String here = body.now(h, lasts, arrived());
                String dO = body.op("Mul", here, body.each(s.mul(shown.value(), gives.slope())));
                String own = lasts.isEmpty() ? cell : body.op("Mul", cell, body.each(lasts));
                String total =
                        body.op("Add", own, body.op("Mul", here, body.each(s.mul(gives.value(), shown.slope()))));
                if (peeps) {
                    total = body.op("Add", total, body.op("Mul", dO, peephole(1)));
                }
                String gain = coupled() ? s.sub(news.value(), cellsBefore) : news.value();
                String di = body.op("Mul", total, body.each(s.mul(gain, puts.slope())));
                String loss = coupled() ? s.sub(puts.slope(), puts.slope()) : s.mul(cellsBefore, forgets.slope());
                String df = body.op("Mul", total, body.each(loss));
                String dn = body.op("Mul", total, body.each(s.mul(puts.value(), news.slope())));
                String back = body.concat(di, dO, df, dn);
                body.gives(body.held(h, lasts, body.op("MatMul", back, recurrent)));
                String left = body.op("Mul", total, body.each(f));
                if (peeps) {
                    left = body.op("Add", left, body.op("Mul", di, peephole(0)));
                    left = body.op("Add", left, body.op("Mul", df, peephole(2)));
                }
                body.gives(body.held(cell, lasts, left));
                return body.run(back, !reverse);
            }

            /** What the gates are shown of the cells: of the input, the output and the forget gate. */
            private String peephole(int gate) {
                String all = one(s.x(7), 0);
                return s.slice(all, s.ints(gate * hidden), s.ints((gate + 1) * hidden), s.ints(0));
            }

            /** The cells after each step. */
            private String cells(List<String> all, String news, String first) {
                StepByStep forth = new StepByStep(s);
                String c = forth.state(first);
                String put;
                String kept;
                if (s.has(7)) {
                    String i = forth.op(
                            "Sigmoid", forth.op("Add", forth.each(all.get(0)), forth.op("Mul", c, peephole(0))));
                    String f = forth.op(
                            "Sigmoid", forth.op("Add", forth.each(all.get(2)), forth.op("Mul", c, peephole(2))));
                    put = forth.op("Mul", i, forth.each(news));
                    kept = forth.op("Mul", c, f);
                } else {
                    String i = value(0, all.get(0));
                    String f = coupled() ? s.sub(s.number(1), i) : value(0, all.get(2));
                    put = forth.each(s.mul(i, news));
                    kept = forth.op("Mul", c, forth.each(f));
                }
                String next = forth.op("Add", kept, put);
                if (!lasts.isEmpty()) {
                    String step = forth.each(lasts);
                    String other = forth.op("Sub", next, c);
                    next = forth.op("Add", c, forth.op("Mul", other, step));
                }
                forth.gives(next);
                return forth.run(forth.op("Identity", next), reverse).get(1);
            }
        }
    }
}
