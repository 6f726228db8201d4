// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Operators that reduce many numbers to one, and those that divide by such a number. */
final class ReductionRules {
    private ReductionRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("ReduceSum", s -> s.give(0, s.expandLike(restored(s, s.g()), s.x())));
        table.put("ReduceMean", s -> {
            String many = s.div(s.count(s.x()), s.count(s.y()));
            // A list of one would give a result without axes one.
            String one = s.type(s.y()).rank() > 0 ? many : s.reshape(many, new long[0]);
            String share = s.div(s.g(), s.cast(one, s.element()));
            s.give(0, s.expandLike(restored(s, share), s.x()));
        });
        table.put("ReduceMax", ReductionRules::extreme);
        table.put("ReduceMin", ReductionRules::extreme);
        table.put("ReduceProd", ReductionRules::product);
        table.put("ReduceL1", s -> s.give(0, s.mul(restored(s, s.g()), s.op("Sign", s.x()))));
        table.put("ReduceL2", s -> {
            String zero = s.op("Equal", s.y(), s.number(0));
            String safe = s.where(zero, s.number(1), s.y());
            s.give(0, s.mul(restored(s, s.where(zero, s.number(0), s.div(s.g(), safe))), s.x()));
        });
        table.put("ReduceSumSquare", s -> s.give(0, s.times(s.mul(restored(s, s.g()), s.x()), 2)));
        table.put("ReduceLogSum", s -> s.give(0, s.expandLike(restored(s, s.div(s.g(), s.op("Exp", s.y()))), s.x())));
        table.put(
                "ReduceLogSumExp",
                s -> s.give(0, s.mul(restored(s, s.g()), s.op("Exp", s.sub(s.x(), restored(s, s.y()))))));
        table.put("Softmax", s -> {
            long axis = s.axis(s.x(), s.integer("axis", -1));
            String weighted = s.mul(s.g(), s.y());
            s.give(0, s.sub(weighted, s.mul(s.y(), s.sum(weighted, true, axis))));
        });
        table.put("LogSoftmax", s -> {
            long axis = s.axis(s.x(), s.integer("axis", -1));
            s.give(0, s.sub(s.g(), s.mul(s.op("Exp", s.y()), s.sum(s.g(), true, axis))));
        });
        table.put(
                "CumSum",
                s -> s.give(
                        0,
                        s.op(
                                "CumSum",
                                List.of(
                                        set("exclusive", s.integer("exclusive", 0)),
                                        set("reverse", 1 - s.integer("reverse", 0))),
                                s.g(),
                                s.x(1))));
        table.put("CumProd", ReductionRules::products);
    }

    /** Restores the axes that a reduction removed, with one element each. */
    private static String restored(Step s, String value) {
        if (s.integer("keepdims", 1) != 0) {
            return value;
        }
        long[] axes = s.longs(1);
        if (s.has(1) && axes == null) {
            String ones = s.expand(s.integer(1), s.op("Shape", s.x(1)));
            List<Attribute> along = List.of(set("axis", 0));
            return s.reshape(value, s.op("ScatterElements", along, s.shape(s.x()), s.x(1), ones));
        }
        if (axes == null || axes.length == 0) {
            if (s.integer("noop_with_empty_axes", 0) != 0) {
                return value;
            }
            return s.reshape(
                    value, LongStream.range(0, s.rank(s.x())).map(axis -> 1).toArray());
        }
        long[] counted =
                LongStream.of(axes).map(axis -> s.axis(s.x(), axis)).sorted().toArray();
        return s.unsqueeze(value, counted);
    }

    /** Reduces a value shaped like the input over the same axes, which remain with one element. */
    private static String alike(Step s, String type, String value) {
        List<Attribute> attributes =
                List.of(set("keepdims", 1), set("noop_with_empty_axes", s.integer("noop_with_empty_axes", 0)));
        return s.has(1) ? s.op(type, attributes, value, s.x(1)) : s.op(type, attributes, value);
    }

    /** Equal elements share the gradient. */
    private static void extreme(Step s) {
        String mask = s.mask(s.op("Equal", s.x(), restored(s, s.y())));
        s.give(0, s.mul(mask, s.div(restored(s, s.g()), alike(s, "ReduceSum", mask))));
    }

    /** The product of the other elements, correct also if some are zero. */
    private static void product(Step s) {
        String zero = s.op("Equal", s.x(), s.number(0));
        String safe = s.where(zero, s.number(1), s.x());
        String zeros = alike(s, "ReduceSum", s.mask(zero));
        String product = alike(s, "ReduceProd", safe);
        String none = s.keep(s.op("Equal", zeros, s.number(0)), s.div(product, safe));
        String one = s.keep(s.op("And", zero, s.op("Equal", zeros, s.number(1))), product);
        s.give(0, s.mul(restored(s, s.g()), s.add(none, one)));
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
