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
import java.util.List;
import java.util.Map;

/** Sequences of tensors, as scripted programs collect them. The gradient of a sequence is a sequence. */
final class SequenceRules {
    private SequenceRules() {}

    static void addTo(Map<String, Rule> table) {
        table.put("SequenceConstruct", s -> {
            for (int i = 0; i < s.node().inputs().size(); i++) {
                if (s.needs(i)) {
                    s.give(i, s.op("SequenceAt", s.g(), s.integer(i)));
                }
            }
        });
        table.put("SequenceInsert", SequenceRules::insert);
        table.put("SequenceErase", SequenceRules::erase);
        table.put("SequenceAt", s -> {
            String place = counted(s, s.x(1), s.op("SequenceLength", s.x()));
            String zeros = s.op("SequenceErase", zeros(s, s.x()), place);
            s.give(0, s.op("SequenceInsert", zeros, s.g(), place));
        });
        table.put("ConcatFromSequence", SequenceRules::join);
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
