// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import static io.github.attribution4j.onnx.internal.gradient.Words.set;

import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.rule.Slopes.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * The largest or smallest of several elements. If the maximum rose, its change belongs to the element that is the
 * largest now, and if it fell, to the one that was the largest in the reference run. That element changed by at least
 * as much as the maximum, so its multiplier is between 0 and 1. Equal elements share.
 */
final class Maxima {
    private final double near;

    Maxima(double near) {
        this.near = near;
    }

    void addTo(Map<String, Rule> rules) {
        rules.put("Max", s -> operands(s, true));
        rules.put("Min", s -> operands(s, false));
        rules.put("ReduceMax", s -> reduced(s, true));
        rules.put("ReduceMin", s -> reduced(s, false));
        rules.put("GlobalMaxPool", s -> reduced(s, true));
        rules.put("MaxPool", this::pooled);
        rules.put("TopK", this::ranked);
    }

    private static String rose(Step s, Pair y, boolean largest) {
        return s.op(largest ? "GreaterOrEqual" : "LessOrEqual", y.now(), y.then());
    }

    private static String either(Step s, String condition, String yes, String no) {
        return s.op("Or", s.op("And", condition, yes), s.op("And", s.op("Not", condition), no));
    }

    /** Δy / Δx; 1 where Δx is small. */
    private String share(Step s, Pair y, Pair x) {
        ElementType type = s.element();
        String by = s.sub(x.now(), x.then());
        String far = s.op("Greater", s.op("Abs", by), s.number(type, near));
        return s.finite(type, s.where(far, s.div(s.sub(y.now(), y.then()), by), s.number(type, 1)));
    }

    private void operands(Step s, boolean largest) {
        Pair y = Pair.of(s, s.y());
        String rose = rose(s, y, largest);
        int count = s.node().inputs().size();
        String[] winners = new String[count];
        String sharers = s.number(0);
        for (int i = 0; i < count; i++) {
            Pair x = Pair.of(s, s.x(i));
            winners[i] = s.mask(either(s, rose, s.op("Equal", x.now(), y.now()), s.op("Equal", x.then(), y.then())));
            sharers = s.add(sharers, winners[i]);
        }
        String part = s.div(s.g(), s.op("Max", sharers, s.number(1)));
        for (int i = 0; i < count; i++) {
            if (s.needs(i)) {
                String back = s.mul(s.mul(part, winners[i]), share(s, y, Pair.of(s, s.x(i))));
                s.give(i, s.unbroadcast(back, s.y(), s.x(i)));
            }
        }
    }

    private void reduced(Step s, boolean largest) {
        boolean pool = s.node().is("GlobalMaxPool");
        List<Attribute> attributes = pool
                ? List.of(set("keepdims", 1))
                : List.of(set("keepdims", 1), set("noop_with_empty_axes", s.integer("noop_with_empty_axes", 0)));
        String axes = pool ? s.ints(LongStream.range(2, s.rank(s.x())).toArray()) : s.x(1);
        Pair x = Pair.of(s, s.x());
        String operator = largest ? "ReduceMax" : "ReduceMin";
        Pair y = new Pair(
                reduce(s, operator, attributes, x.now(), axes), reduce(s, operator, attributes, x.then(), axes));
        String winners = s.mask(
                either(s, rose(s, y, largest), s.op("Equal", x.now(), y.now()), s.op("Equal", x.then(), y.then())));
        String sharers = reduce(s, "ReduceSum", attributes, winners, axes);
        String g = s.op("Reshape", s.g(), s.op("Shape", y.now()));
        String part = s.div(g, s.op("Max", sharers, s.number(1)));
        s.give(0, s.mul(s.mul(part, winners), share(s, y, x)));
    }

    private static String reduce(Step s, String operator, List<Attribute> attributes, String value, String axes) {
        return axes.isEmpty() ? s.op(operator, attributes, value) : s.op(operator, attributes, value, axes);
    }

    private void pooled(Step s) {
        ValueType places = new ValueType(ElementType.INT64, s.type(s.y()).dims());
        String at;
        String before;
        if (s.integer("storage_order", 0) != 0) {
            List<Attribute> byRows = new ArrayList<>(s.node().attributes().values());
            byRows.removeIf(attribute -> attribute.name().equals("storage_order"));
            at = s.ops("MaxPool", 2, byRows, s.x()).get(1);
            before = s.ops("MaxPool", 2, byRows, s.past(s.x())).get(1);
        } else {
            at = s.alsoGive(1, places);
            before = s.alsoGivePast(1, places);
        }
        Pair y = Pair.of(s, s.y());
        String place = s.where(rose(s, y, true), at, before);
        List<Attribute> first = List.of(set("axis", 0));
        Pair x = new Pair(
                s.op("Gather", first, s.flat(s.x()), place), s.op("Gather", first, s.flat(s.past(s.x())), place));
        s.give(0, s.scatterBack(place, s.mul(s.g(), share(s, y, x))));
    }

    /**
     * The k-th largest is a maximum of minima. If it rose, some element was at most as large as the k-th then and is at
     * least as large as the k-th now, and if it fell, the other way round. The change belongs to the one that is
     * closest to both.
     */
    private void ranked(Step s) {
        int axis = s.axis(s.x(), s.integer("axis", -1));
        int rank = s.rank(s.x());
        ElementType type = s.element();
        long[] order = LongStream.range(0, rank).toArray();
        order[axis] = rank - 1L;
        order[rank - 1] = axis;
        Pair x = new Pair(s.transpose(s.x(), order), s.transpose(s.past(s.x()), order));
        Pair y = new Pair(s.transpose(s.y(), order), s.transpose(s.past(s.y()), order));
        String a = s.unsqueeze(x.now(), -2);
        String a0 = s.unsqueeze(x.then(), -2);
        String b = s.unsqueeze(y.now(), -1);
        String b0 = s.unsqueeze(y.then(), -1);
        String up = s.op("And", s.op("GreaterOrEqual", a, b), s.op("LessOrEqual", a0, b0));
        String down = s.op("And", s.op("LessOrEqual", a, b), s.op("GreaterOrEqual", a0, b0));
        String fits = either(s, s.op("GreaterOrEqual", b, b0), up, down);
        String distance = s.add(s.op("Abs", s.sub(a, b)), s.op("Abs", s.sub(a0, b0)));
        // Of those that fit the closest; rounding changes none of these numbers, so some element always fits.
        String closeness =
                s.where(fits, s.div(s.number(type, 1), s.add(s.number(type, 1), distance)), s.number(type, 0));
        String at = s.op("ArgMax", List.of(set("axis", -1), set("keepdims", 0)), closeness);
        List<Attribute> last = List.of(set("axis", rank - 1));
        Pair moved = new Pair(s.op("GatherElements", last, x.now(), at), s.op("GatherElements", last, x.then(), at));
        String back = s.mul(s.transpose(s.g(), order), share(s, y, moved));
        String zeros = s.zerosOf(type, x.now());
        String sums = s.addAt("ScatterElements", last, type, zeros, at, back);
        s.give(0, s.transpose(sums, order));
    }
}
