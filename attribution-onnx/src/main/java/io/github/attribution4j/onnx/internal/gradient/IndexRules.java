// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueInfo;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Operators that take or put elements by indices, of tensors and of sequences. */
final class IndexRules {
    private IndexRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("Gather", IndexRules::gather);
        table.put("GatherElements", s -> s.give(0, addedAlong(s, s.integer("axis", 0), s.x(1), s.g())));
        table.put("GatherND", IndexRules::gatherMany);
        table.put("ScatterElements", IndexRules::scatter);
        table.put("ScatterND", IndexRules::scatterMany);
        table.put(
                "TopK",
                s -> s.give(
                        0,
                        addedAlong(
                                s,
                                s.integer("axis", -1),
                                s.node().output(1).isEmpty()
                                        ? s.alsoGive(
                                                1,
                                                new ValueType(
                                                        ElementType.INT64,
                                                        s.type(s.y()).dims()))
                                        : s.node().output(1),
                                s.g())));
        table.put("OneHot", IndexRules::oneHot);
        table.put("Compress", s -> {
            List<Attribute> attributes = List.copyOf(s.node().attributes().values());
            s.give(0, s.scatterBack(s.op("Compress", attributes, s.elementNumbers(), s.x(1))));
        });
        Sequences.addTo(table);
    }

    /** Zeros shaped like the first input, with a gradient added at the indices. */
    private static String addedAlong(Step s, long axis, String indices, String g) {
        return s.addAt("ScatterElements", List.of(set("axis", axis)), s.element(), s.zeros(s.x()), indices, g);
    }

    private static void gather(Step s) {
        int rank = s.rank(s.x());
        int axis = s.axis(s.x(), s.integer("axis", 0));
        long[] constant = s.longs(1);
        int indexRank = s.rank(s.x(1));
        if (constant != null
                && constant.length == 1
                && indexRank == 0
                && s.type(0).dim(axis).known()) {
            // One position: zeros before and after it.
            long size = s.type(0).dim(axis).size();
            long place = constant[0] < 0 ? constant[0] + size : constant[0];
            s.give(0, s.padded(s.unsqueeze(s.g(), axis), s.ints(place), s.ints(size - 1 - place), s.x(), axis));
            return;
        }
        // The axes of the indices are joined into one, and every index is repeated along the other axes.
        int[] before = IntStream.range(0, axis).toArray();
        int[] after = IntStream.range(axis + 1, rank).toArray();
        List<String> sizes = new ArrayList<>();
        if (before.length > 0) {
            sizes.add(s.sizes(s.x(), before));
        }
        sizes.add(s.count(s.x(1)));
        if (after.length > 0) {
            sizes.add(s.sizes(s.x(), after));
        }
        String shape = s.concat(0, sizes.toArray(new String[0]));
        long[] column = new long[rank - axis];
        Arrays.fill(column, 1);
        column[0] = -1;
        String indices = s.expand(s.reshape(s.x(1), column), shape);
        s.give(0, addedAlong(s, axis, indices, s.reshape(s.g(), shape)));
    }

    private static void gatherMany(Step s) {
        long batch = s.integer("batch_dims", 0);
        if (batch == 0) {
            s.give(0, s.addAt("ScatterND", List.of(), s.element(), s.zeros(s.x()), s.x(1), s.g()));
            return;
        }
        String moved = s.op("GatherND", List.of(set("batch_dims", batch)), s.elementNumbers(), s.x(1));
        s.give(0, s.scatterBack(moved));
    }

    private static void scatter(Step s) {
        Attribute axis = set("axis", s.integer("axis", 0));
        scatter(s, new Placing("ScatterElements", "GatherElements", List.of(axis)));
    }

    private static void scatterMany(Step s) {
        scatter(s, new Placing("ScatterND", "GatherND", List.of()));
    }

    /** How elements are written to places, and how they are read from there. */
    private record Placing(String put, String take, List<Attribute> attributes) {
        String put(Step s, String into, String values, String reduction) {
            List<Attribute> all = new ArrayList<>(attributes);
            all.add(set("reduction", reduction));
            return s.op(put, all, into, s.x(1), values);
        }

        String take(Step s, String from) {
            return s.op(take, attributes, from, s.x(1));
        }
    }

    private static void scatter(Step s, Placing placing) {
        String reduction = s.text("reduction", "none");
        switch (reduction) {
            case "none" -> {
                give(s, 0, () -> placing.put(s, s.g(), s.zeros(s.x(2)), "none"));
                give(s, 2, () -> placing.take(s, s.g()));
            }
            case "add" -> {
                give(s, 0, s::g);
                give(s, 2, () -> placing.take(s, s.g()));
            }
            case "mul" -> {
                give(s, 0, () -> s.mul(s.g(), placing.put(s, s.ones(s.x()), s.x(2), "mul")));
                give(s, 2, () -> s.mul(placing.take(s, s.g()), others(s, placing)));
            }
            default -> {
                // Equal elements share the gradient.
                String first = s.mask(s.op("Equal", s.x(), s.y()));
                String second = s.mask(s.op("Equal", s.x(2), placing.take(s, s.y())));
                String share = s.div(s.g(), placing.put(s, first, second, "add"));
                give(s, 0, () -> s.keep(s.op("Equal", s.x(), s.y()), share));
                give(s, 2, () -> s.mul(second, placing.take(s, share)));
            }
        }
    }

    private static void give(Step s, int input, Supplier<String> gradient) {
        if (s.needs(input)) {
            s.give(input, gradient.get());
        }
    }

    /** The product of the former element and of the others written to the same place, correct also if some are zero. */
    private static String others(Step s, Placing placing) {
        String zero = s.op("Equal", s.x(2), s.number(0));
        String safe = s.where(zero, s.number(1), s.x(2));
        String product = placing.take(s, placing.put(s, s.x(), safe, "mul"));
        String zeros = placing.take(s, placing.put(s, s.zeros(s.x()), s.mask(zero), "add"));
        String none = s.keep(s.op("Equal", zeros, s.number(0)), s.div(product, safe));
        String one = s.keep(s.op("And", zero, s.op("Equal", zeros, s.number(1))), product);
        return s.add(none, one);
    }

    /** With respect to the two values, off and on. */
    private static void oneHot(Step s) {
        long axis = s.axis(s.y(), s.integer("axis", -1));
        ElementType type = s.type(2).element();
        String pair = s.op("Expand", s.number(type, 0), s.ints(1));
        String hot = s.op(
                "OneHot",
                List.of(set("axis", axis)),
                s.x(0),
                s.x(1),
                s.concat(0, pair, s.op("Expand", s.number(type, 1), s.ints(1))));
        long[] all = LongStream.range(0, s.rank(s.y())).toArray();
        String on = s.sum(s.mul(s.g(), hot), false, all);
        String off = s.sub(s.sum(s.g(), false, all), on);
        s.give(2, s.concat(0, s.unsqueeze(off, 0), s.unsqueeze(on, 0)));
    }

    /** Sequences of tensors, as scripted programs collect them. The gradient of a sequence is a sequence. */
    static final class Sequences {
        private Sequences() {}

        static void addTo(Map<String, Rules.Rule> table) {
            table.put("SequenceConstruct", s -> {
                for (int i = 0; i < s.node().inputs().size(); i++) {
                    if (s.needs(i)) {
                        s.give(i, s.op("SequenceAt", s.g(), s.integer(i)));
                    }
                }
            });
            table.put("SequenceInsert", Sequences::insert);
            table.put("SequenceErase", Sequences::erase);
            table.put("SequenceAt", s -> {
                String place = counted(s, s.x(1), s.op("SequenceLength", s.x()));
                String zeros = s.op("SequenceErase", zeros(s, s.x()), place);
                s.give(0, s.op("SequenceInsert", zeros, s.g(), place));
            });
            table.put("ConcatFromSequence", Sequences::join);
            table.put("SplitToSequence", s -> {
                boolean bare = !s.has(1) && s.integer("keepdims", 1) == 0;
                List<Attribute> attributes = List.of(set("axis", s.integer("axis", 0)), set("new_axis", bare ? 1 : 0));
                s.give(0, s.op("ConcatFromSequence", attributes, s.g()));
            });
        }

        /** A place counted from the start. */
        private static String counted(Step s, String place, String length) {
            String wide = s.cast(place, ElementType.INT64);
            return s.where(s.op("Less", wide, s.integer(0)), s.add(wide, length), wide);
        }

        private static void insert(Step s) {
            String last = s.sub(s.op("SequenceLength", s.g()), s.integer(1));
            String place = s.has(2) ? counted(s, s.x(2), last) : last;
            if (s.needs(0)) {
                s.give(0, s.op("SequenceErase", s.g(), place));
            }
            if (s.needs(1)) {
                s.give(1, s.op("SequenceAt", s.g(), place));
            }
        }

        private static void erase(Step s) {
            String length = s.op("SequenceLength", s.x());
            String place = s.has(1) ? counted(s, s.x(1), length) : s.sub(length, s.integer(1));
            String gone = s.op("SequenceAt", s.x(), place);
            s.give(0, s.op("SequenceInsert", s.g(), s.zerosOf(ElementType.FLOAT, gone), place));
        }

        private static void join(Step s) {
            long axis = s.integer("axis", 0);
            if (s.integer("new_axis", 0) != 0) {
                s.give(0, s.op("SplitToSequence", List.of(set("axis", axis), set("keepdims", 0)), s.g()));
                return;
            }
            String sizes = sizes(s, s.x(), axis);
            s.give(0, s.op("SplitToSequence", List.of(set("axis", axis)), s.g(), sizes));
        }

        /** Adds two sequences, element by element. */
        static String sum(Words words, String a, String b) {
            return loop(words, a, true, (nodes, element, step) -> {
                String other = add(words, nodes, "SequenceAt", b, step);
                return add(words, nodes, "Add", element, other);
            });
        }

        /** A sequence of zeros of the same sizes. */
        static String zeros(Words words, String sequence) {
            return loop(words, sequence, true, (nodes, element, step) -> {
                String shape = add(words, nodes, "Shape", element);
                return add(words, nodes, "Expand", words.number(ElementType.FLOAT, 0), shape);
            });
        }

        /** The sizes of one axis of all elements. */
        private static String sizes(Words words, String sequence, long axis) {
            String place = words.integer(axis);
            return loop(
                    words,
                    sequence,
                    false,
                    (nodes, element, step) -> add(words, nodes, "Gather", add(words, nodes, "Shape", element), place));
        }

        private static String add(Words words, List<Node> nodes, String type, String... inputs) {
            String name = words.freshName(type);
            nodes.add(Node.of(type, name, List.of(inputs), List.of(name)));
            return name;
        }

        /** A function of one element of a sequence. */
        private interface Element {
            String of(List<Node> nodes, String element, String step);
        }

        /** Applies a function to each element; returns a sequence of floats, or one tensor with all results. */
        private static String loop(Words words, String sequence, boolean sequences, Element element) {
            String step = words.freshName("step");
            String condition = words.freshName("condition");
            List<Node> nodes = new ArrayList<>();
            String go = add(words, nodes, "Identity", condition);
            String made = element.of(nodes, add(words, nodes, "SequenceAt", sequence, step), step);
            List<ValueInfo> inputs = new ArrayList<>(List.of(
                    ValueInfo.of(step, new ValueType(ElementType.INT64, List.of())),
                    ValueInfo.of(condition, new ValueType(ElementType.BOOL, List.of()))));
            List<String> given = new ArrayList<>(List.of(words.op("SequenceLength", sequence), ""));
            if (sequences) {
                String before = words.freshName("before");
                inputs.add(ValueInfo.of(before));
                given.add(words.op("SequenceEmpty"));
                made = add(words, nodes, "SequenceInsert", before, made);
            }
            Graph body = Graph.of(
                    words.freshName("graph"), inputs, List.of(ValueInfo.of(go), ValueInfo.of(made)), nodes, List.of());
            return words.op("Loop", List.of(Attribute.of("body", body)), given.toArray(new String[0]));
        }
    }
}
