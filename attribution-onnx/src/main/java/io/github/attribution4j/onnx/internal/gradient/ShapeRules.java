// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Operators that only move, repeat, join or omit elements, in blocks. */
final class ShapeRules {
    private ShapeRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        Rules.Rule shapedBack = s -> s.give(0, s.shapedLike(s.g(), s.x()));
        for (String operator : List.of("Reshape", "Flatten", "Squeeze", "Unsqueeze")) {
            table.put(operator, shapedBack);
        }
        table.put("Transpose", ShapeRules::transpose);
        table.put("Expand", s -> s.give(0, s.unbroadcast(s.g(), s.y(), s.x())));
        table.put("Tile", ShapeRules::tile);
        table.put("Concat", ShapeRules::concat);
        table.put("Split", ShapeRules::split);
        table.put("Slice", ShapeRules::slice);
        table.put("Pad", ShapeRules::pad);
        table.put(
                "Trilu",
                s -> s.give(
                        0,
                        s.has(1)
                                ? s.op("Trilu", List.of(set("upper", s.integer("upper", 1))), s.g(), s.x(1))
                                : s.op("Trilu", List.of(set("upper", s.integer("upper", 1))), s.g())));
        table.put("DepthToSpace", ShapeRules::depthToSpace);
        table.put(
                "SpaceToDepth",
                s -> s.give(
                        0,
                        s.op(
                                "DepthToSpace",
                                List.of(set("blocksize", s.integer("blocksize", 1)), set("mode", "DCR")),
                                s.g())));
        table.put(
                "ReverseSequence",
                s -> s.give(
                        0,
                        s.op(
                                "ReverseSequence",
                                List.of(
                                        set("batch_axis", s.integer("batch_axis", 1)),
                                        set("time_axis", s.integer("time_axis", 0))),
                                s.g(),
                                s.x(1))));
    }

    private static void transpose(Step s) {
        int rank = s.rank(s.x());
        long[] order = s.integers("perm");
        long[] inverse = new long[rank];
        for (int i = 0; i < rank; i++) {
            inverse[order == null ? rank - 1 - i : (int) order[i]] = i;
        }
        s.give(0, s.transpose(s.g(), inverse));
    }

    private static void tile(Step s) {
        int rank = s.rank(s.x());
        // Every axis becomes two, repetitions and elements; the repetitions are summed.
        String pairs = s.concat(1, s.unsqueeze(s.x(1), 1), s.unsqueeze(s.shape(s.x()), 1));
        String split = s.reshape(s.g(), s.flat(pairs));
        s.give(
                0,
                s.sum(
                        split,
                        false,
                        LongStream.range(0, rank).map(axis -> 2 * axis).toArray()));
    }

    private static void concat(Step s) {
        int axis = s.axis(s.y(), s.integer("axis", 0));
        int count = s.node().inputs().size();
        if (count == 1) {
            s.give(0, s.g());
            return;
        }
        String[] lengths =
                IntStream.range(0, count).mapToObj(i -> s.sizes(s.x(i), axis)).toArray(String[]::new);
        List<String> parts = s.ops("Split", count, List.of(set("axis", axis)), s.g(), s.concat(0, lengths));
        for (int i = 0; i < count; i++) {
            if (s.needs(i)) {
                s.give(i, parts.get(i));
            }
        }
    }

    private static void split(Step s) {
        String[] parts =
                IntStream.range(0, s.node().outputs().size()).mapToObj(s::g).toArray(String[]::new);
        s.give(0, s.concat(s.axis(s.x(), s.integer("axis", 0)), parts));
    }

    private static void slice(Step s) {
        long[] steps = s.longs(4);
        long[] axes = s.has(3) ? s.longs(3) : null;
        long[] starts = s.longs(1);
        if (s.has(3) && axes == null) {
            everyElement(s);
            return;
        }
        if (axes == null) {
            int count = starts != null
                    ? starts.length
                    : s.type(1).fixed() ? (int) s.type(1).dim(0).size() : s.rank(s.x());
            axes = LongStream.range(0, count).toArray();
        }
        if (s.has(4) && (steps == null || LongStream.of(steps).anyMatch(step -> step != 1))) {
            everyElement(s);
            return;
        }
        // Zeros in place of what was left out before and after.
        int[] counted =
                LongStream.of(axes).mapToInt(axis -> s.axis(s.x(), axis)).toArray();
        String sizes = s.sizes(s.x(), counted);
        String start = s.type(1).element() == ElementType.INT64 ? s.x(1) : s.cast(s.x(1), ElementType.INT64);
        String fromFront = s.where(
                s.op("Less", start, s.integer(0)),
                s.op("Max", s.add(start, sizes), s.integer(0)),
                s.op("Min", start, sizes));
        String behind = s.sub(s.sub(sizes, fromFront), s.sizes(s.y(), counted));
        s.give(0, s.padded(s.g(), fromFront, behind, s.x(), counted));
    }

    private static void pad(Step s) {
        if (!s.text("mode", "constant").equals("constant")) {
            everyElement(s);
            return;
        }
        String taken = s.neg(s.x(1));
        String inner =
                s.has(3) ? s.op("Pad", s.g(), taken, s.number(0), s.x(3)) : s.op("Pad", s.g(), taken, s.number(0));
        s.give(0, inner);
        if (s.needs(2)) {
            s.give(2, s.shapedLike(s.sub(s.sumOfAll(s.g()), s.sumOfAll(inner)), s.x(2)));
        }
    }

    /** Runs the same operator on the positions of the elements. */
    private static void everyElement(Step s) {
        String[] inputs = s.node().inputs().toArray(new String[0]);
        inputs[0] = s.elementNumbers();
        if (s.node().is("Pad") && inputs.length > 2) {
            inputs[2] = "";
        }
        List<Attribute> attributes = new ArrayList<>(s.node().attributes().values());
        s.give(0, s.scatterBack(s.op(s.node().type(), attributes, inputs)));
    }

    private static void depthToSpace(Step s) {
        long block = s.integer("blocksize", 1);
        String blocks = s.op("SpaceToDepth", List.of(set("blocksize", block)), s.g());
        if (s.text("mode", "DCR").equals("DCR")) {
            s.give(0, blocks);
            return;
        }
        // Blocks are outermost in that mode, and innermost among the channels in this one.
        String channels = s.sizes(s.y(), 1);
        String split = s.concat(0, s.ints(0, block * block), channels, s.ints(-1));
        String turned = s.transpose(s.op("Reshape", blocks, split), 0, 2, 1, 3);
        s.give(0, s.shapedLike(turned, s.x()));
    }
}
