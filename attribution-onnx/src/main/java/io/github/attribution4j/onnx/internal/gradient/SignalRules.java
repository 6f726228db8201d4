// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import java.util.List;
import java.util.Map;

/** Fourier transforms: the way back is the inverse transform, times the length. The last axis is real and imaginary. */
final class SignalRules {
    private SignalRules() {}

    static void addTo(Map<String, Rule> table) {
        table.put("DFT", SignalRules::transform);
        table.put("STFT", SignalRules::windows);
        table.put("Range", SignalRules::range);
        table.put("CumProd", SignalRules::products);
    }

    private static void transform(Step s) {
        boolean inverse = s.integer("inverse", 0) != 0;
        boolean half = s.integer("onesided", 0) != 0;
        int rank = s.rank(s.x());
        // Up to version 17 the axis was an attribute.
        long[] given = s.has(2) ? s.longs(2) : new long[] {s.integer("axis", -2)};
        if (given == null || given.length != 1) {
            throw s.refuse("its axis is computed; write it as a constant");
        }
        if (half && inverse) {
            throw s.refuse(
                    "it makes real numbers of half a spectrum (onesided and inverse); give it the whole spectrum");
        }
        if (s.type(0).dim(rank - 1).size() != 1 && s.type(0).dim(rank - 1).size() != 2) {
            throw s.refuse("it is not known whether its input is real; fix the size of the last axis");
        }
        int axis = s.axis(s.x(), given[0]);
        String own = s.sizes(s.x(), axis);
        String length = s.has(1) ? s.reshape(s.x(1), 1) : own;
        String back = back(s, s.g(), length, s.sizes(s.y(), axis), axis, inverse);
        if (s.type(0).dim(rank - 1).size() == 1) {
            back = s.slice(back, s.ints(0), s.ints(1), s.ints(-1));
        }
        s.give(0, resized(s, back, s.sub(own, length), axis));
    }

    /** Extended with zeros at the end, or shortened. */
    private static String resized(Step s, String value, String more, int axis) {
        return s.op("Pad", value, s.concat(0, s.ints(0), more), s.number(0), s.ints(axis));
    }

    private static String back(Step s, String g, String length, String bins, int axis, boolean inverse) {
        String whole = resized(s, g, s.sub(length, bins), axis);
        // In models of opset 17 to 19 the axis is an attribute, which Lift has written.
        Attribute way = set("inverse", inverse ? 0 : 1);
        String turned = s.set("axis")
                ? s.op("DFT", List.of(way, set("axis", axis)), whole)
                : s.op("DFT", List.of(way), whole, "", s.integer(axis));
        String factor = s.cast(length, s.element());
        return inverse ? s.div(turned, factor) : s.mul(turned, factor);
    }

    /** Transforms every window separately, and then adds each at its place. */
    private static void windows(Step s) {
        if (s.needs(2)) {
            throw s.refuse("its window depends on what is attributed");
        }
        long[] step = s.longs(1);
        long[] fixed = s.has(3) ? s.longs(3) : null;
        long size = fixed != null
                ? fixed[0]
                : s.has(2) && s.type(2).fixed() ? s.type(2).dim(0).size() : -1;
        if (step == null || size < 0) {
            throw s.refuse("its step or the length of its windows is computed; write them as constants");
        }
        int rank = s.rank(s.x());
        if (rank == 3 && s.type(0).dim(2).size() != 1) {
            throw s.refuse("its signal is complex, or may be; a rule is known for real signals");
        }
        String length = s.ints(size);
        String frames = s.slice(back(s, s.g(), length, s.sizes(s.y(), 2), 2, false), s.ints(0), s.ints(1), s.ints(-1));
        String rows = s.squeeze(frames, 3);
        String weighted = s.has(2) ? s.mul(rows, s.x(2)) : rows;
        String square = s.op("EyeLike", s.expand(s.number(0), s.ints(size, size)));
        String signal = s.op(
                "ConvTranspose",
                List.of(set("strides", new long[] {step[0]})),
                s.transpose(weighted, 0, 2, 1),
                s.unsqueeze(square, 1));
        String behind = s.sub(s.sizes(s.x(), 1), s.op("Shape", List.of(set("start", 2)), signal));
        s.give(0, s.shapedLike(resized(s, signal, behind, 2), s.x()));
    }

    /** The end only determines how many there are. */
    private static void range(Step s) {
        if (s.needs(0)) {
            s.give(0, s.sumOfAll(s.g()));
        }
        if (s.needs(1)) {
            s.give(1, s.zeros(s.x(1)));
        }
        if (s.needs(2)) {
            String numbers = s.op("Range", s.integer(0), s.reshape(s.count(s.y()), new long[0]), s.integer(1));
            s.give(2, s.sumOfAll(s.mul(s.g(), s.cast(numbers, s.element()))));
        }
    }

    private static void products(Step s) {
        boolean exclusive = s.integer("exclusive", 0) != 0;
        long reverse = s.integer("reverse", 0);
        String zero = s.op("Equal", s.x(), s.number(0));
        String safe = s.where(zero, s.number(1), s.x());
        // After the first zero, the gradients of results reach only that zero; after the second, none.
        String product =
                s.op("CumProd", List.of(set("exclusive", exclusive ? 1 : 0), set("reverse", reverse)), safe, s.x(1));
        String seen = s.op(
                "CumSum", List.of(set("exclusive", exclusive ? 1 : 0), set("reverse", reverse)), s.mask(zero), s.x(1));
        String before = s.op("CumSum", List.of(set("reverse", reverse)), s.mask(zero), s.x(1));
        String weighted = s.mul(s.g(), product);
        String none = later(s, s.keep(s.op("Equal", seen, s.number(0)), weighted), exclusive, reverse);
        String one = later(s, s.keep(s.op("Equal", seen, s.number(1)), weighted), exclusive, reverse);
        String plain = s.keep(s.op("Not", zero), s.div(none, safe));
        String first = s.keep(s.op("And", zero, s.op("Equal", before, s.number(1))), one);
        s.give(0, s.add(plain, first));
    }

    /** The sum of a value over all results that contain an element. */
    private static String later(Step s, String value, boolean exclusive, long reverse) {
        return s.op("CumSum", List.of(set("exclusive", exclusive ? 1 : 0), set("reverse", 1 - reverse)), value, s.x(1));
    }
}
