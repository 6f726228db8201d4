// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Operators that take or put elements by indices. */
final class IndexRules {
    private IndexRules() {}

    static void addTo(Map<String, Rule> table) {
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
    }

    /** Zeros shaped like the first input, to which a gradient is added where the indices say. */
    private static String addedAlong(Step s, long axis, String indices, String g) {
        return s.op("ScatterElements", List.of(set("axis", axis), set("reduction", "add")), s.zeros(s.x()), indices, g);
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
            // One place: zeros before and after it.
            long size = s.type(0).dim(axis).size();
            long place = constant[0] < 0 ? constant[0] + size : constant[0];
            s.give(
                    0,
                    s.op("Pad", s.unsqueeze(s.g(), axis), s.ints(place, size - 1 - place), s.number(0), s.ints(axis)));
            return;
        }
        // The axes of the indices joined into one, and every index repeated along the other axes.
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
            s.give(0, s.op("ScatterND", List.of(set("reduction", "add")), s.zeros(s.x()), s.x(1), s.g()));
            return;
        }
        String moved = s.op("GatherND", List.of(set("batch_dims", batch)), s.elementNumbers(), s.x(1));
        s.give(0, s.scatterBack(moved));
    }

    private static void scatter(Step s) {
        long axis = s.integer("axis", 0);
        String reduction = reduction(s);
        if (s.needs(0)) {
            s.give(
                    0,
                    reduction.equals("add")
                            ? s.g()
                            : s.op("ScatterElements", List.of(set("axis", axis)), s.g(), s.x(1), s.zeros(s.x(2))));
        }
        if (s.needs(2)) {
            s.give(2, s.op("GatherElements", List.of(set("axis", axis)), s.g(), s.x(1)));
        }
    }

    private static void scatterMany(Step s) {
        String reduction = reduction(s);
        if (s.needs(0)) {
            s.give(0, reduction.equals("add") ? s.g() : s.op("ScatterND", s.g(), s.x(1), s.zeros(s.x(2))));
        }
        if (s.needs(2)) {
            s.give(2, s.op("GatherND", s.g(), s.x(1)));
        }
    }

    private static String reduction(Step s) {
        String reduction = s.text("reduction", "none");
        if (!reduction.equals("none") && !reduction.equals("add")) {
            throw s.refuse("it reduces by '" + reduction + "'; rules are known for none and add");
        }
        return reduction;
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
}
