// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import static io.github.attribution4j.onnx.internal.gradient.Words.set;

import io.github.attribution4j.onnx.internal.gradient.PoolingRules;
import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.rule.Slopes.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Operators that divide by what they compute of the same elements: softmax, layer norms, norms of vectors. Step by
 * step: exponential, sum, reciprocal, product; mean, square, inverse root, product.
 */
final class Norms {
    private final double near;

    Norms(double near) {
        this.near = near;
    }

    void addTo(Map<String, Rule> rules) {
        rules.put("Softmax", s -> s.give(0, Soft.back(s, s.g(), Pair.of(s, s.x()), Pair.of(s, s.y()), axis(s))));
        rules.put("LogSoftmax", s -> {
            Soft soft = Soft.of(s, Pair.of(s, s.x()), List.of(set("keepdims", 1)), s.ints(axis(s)));
            s.give(0, s.sub(s.g(), s.mul(soft.weights(), s.sum(s.g(), true, axis(s)))));
        });
        rules.put("ReduceLogSumExp", s -> {
            Soft soft = Soft.of(s, Pair.of(s, s.x()), kept(s), s.x(1));
            s.give(0, s.mul(restored(s, s.g()), soft.weights()));
        });
        rules.put("ReduceLogSum", s -> {
            Pair sum = new Pair(reduce(s, "ReduceSum", s.x()), reduce(s, "ReduceSum", s.past(s.x())));
            Pair log = new Pair(s.op("Log", sum.now()), s.op("Log", sum.then()));
            String slope = Slopes.slope(s, typed(s, sum), log, s.op("Reciprocal", sum.now()), near);
            s.give(0, s.expandLike(s.mul(restored(s, s.g()), slope), s.x()));
        });
        rules.put("ReduceSumSquare", s -> s.give(0, s.mul(restored(s, s.g()), s.add(s.x(), s.past(s.x())))));
        rules.put("ReduceL1", s -> s.give(0, s.mul(restored(s, s.g()), ofAbsolute(s))));
        rules.put("ReduceL2", s -> {
            Pair norm = new Pair(reduce(s, "ReduceL2", s.x()), reduce(s, "ReduceL2", s.past(s.x())));
            String slope = s.div(s.add(s.x(), s.past(s.x())), s.add(norm.now(), norm.then()));
            s.give(0, s.mul(restored(s, s.g()), s.finite(s.element(), slope)));
        });
        rules.put("ReduceProd", this::product);
        rules.put("LayerNormalization", s -> scaled(s, true));
        rules.put("RMSNormalization", s -> scaled(s, false));
        rules.put("InstanceNormalization", s -> grouped(s, 0));
        rules.put("GroupNormalization", s -> grouped(s, s.integer("num_groups", 1)));
        rules.put("MeanVarianceNormalization", Norms::standard);
        rules.put("LpNormalization", Norms::unit);
        rules.put("LRN", this::neighbours);
        rules.put("LpPool", this::pooled);
        rules.put("GlobalLpPool", this::pooled);
        rules.put("Attention", s -> new Attending(s).apply());
    }

    private static long axis(Step s) {
        return s.axis(s.x(), s.integer("axis", -1));
    }

    /** Numbers computed on the way back have no known type; this takes that of the step. */
    private static Pair typed(Step s, Pair pair) {
        s.like(pair.now(), s.x());
        return pair;
    }

    // Reductions

    private static List<Attribute> kept(Step s) {
        return List.of(set("keepdims", 1), set("noop_with_empty_axes", s.integer("noop_with_empty_axes", 0)));
    }

    private static String reduce(Step s, String operator, String value) {
        return s.has(1) ? s.op(operator, kept(s), value, s.x(1)) : s.op(operator, kept(s), value);
    }

    /** A gradient with the reduced axes, of one element. */
    private static String restored(Step s, String g) {
        return s.integer("keepdims", 1) != 0 ? g : s.op("Reshape", g, s.op("Shape", reduce(s, "ReduceSum", s.x())));
    }

    /** The slope of the absolute value between two points. */
    private static String ofAbsolute(Step s) {
        String then = s.past(s.x());
        String size = s.add(s.op("Abs", s.x()), s.op("Abs", then));
        return s.finite(s.element(), s.div(s.add(s.x(), then), size));
    }

    /**
     * A product of many elements: the mean of changing them one after the other from the first and from the last, which
     * for two elements are the Shapley values.
     */
    private void product(Step s) {
        long[] axes = s.longs(1);
        int rank = s.rank(s.x());
        if (s.has(1) && axes == null) {
            throw s.refuse("its axes are computed; write them as constants");
        }
        if (axes == null || axes.length == 0) {
            if (s.integer("noop_with_empty_axes", 0) != 0) {
                s.give(0, s.g());
                return;
            }
            axes = LongStream.range(0, rank).toArray();
        }
        List<Long> over = new ArrayList<>();
        LongStream.of(axes).map(axis -> s.axis(s.x(), axis)).sorted().forEach(over::add);
        long[] order = LongStream.concat(
                        LongStream.range(0, rank).filter(axis -> !over.contains(axis)),
                        over.stream().mapToLong(axis -> axis))
                .toArray();
        long[] inverse = new long[rank];
        for (int i = 0; i < rank; i++) {
            inverse[(int) order[i]] = i;
        }
        String turned = s.transpose(s.x(), order);
        String shape = s.op("Shape", turned);
        String rest = s.slice(shape, s.ints(0), s.ints(rank - over.size()), s.ints(0));
        String flat = s.concat(0, rest, s.ints(-1));
        String now = s.reshape(turned, flat);
        String then = s.reshape(s.transpose(s.past(s.x()), order), flat);
        // A row for each element, of the others: the former ones at one end, the later ones at the other.
        String count = s.op("Shape", List.of(set("start", -1)), now);
        String square = s.expand(s.number(1), s.concat(0, count, count));
        String below = s.op("Greater", s.op("Trilu", List.of(set("upper", 0)), square, s.integer(-1)), s.number(0));
        String above = s.op("Greater", s.op("Trilu", List.of(set("upper", 1)), square, s.integer(1)), s.number(0));
        String one = s.number(1);
        String each = s.unsqueeze(now, -2);
        String each0 = s.unsqueeze(then, -2);
        List<Attribute> last = List.of(set("keepdims", 0));
        String forth = s.op("ReduceProd", last, s.where(below, each0, s.where(above, each, one)), s.ints(-1));
        String back = s.op("ReduceProd", last, s.where(below, each, s.where(above, each0, one)), s.ints(-1));
        String multiplier = s.times(s.add(forth, back), 0.5);
        String whole = s.transpose(s.reshape(multiplier, shape), inverse);
        s.give(0, s.mul(restored(s, s.g()), whole));
    }

    // Standard deviations

    /** The inverse standard deviations of values in both runs: i = (mean of c² + ε)^(-1/2). */
    private static Pair inverse(Step s, Pair c, String epsilon, long... axes) {
        return new Pair(inverse(s, c.now(), epsilon, axes), inverse(s, c.then(), epsilon, axes));
    }

    private static String inverse(Step s, String c, String epsilon, long... axes) {
        return s.op("Reciprocal", s.op("Sqrt", s.add(s.mean(s.mul(c, c), axes), epsilon)));
    }

    private static Pair centred(Step s, Pair x, long... axes) {
        return new Pair(s.sub(x.now(), s.mean(x.now(), axes)), s.sub(x.then(), s.mean(x.then(), axes)));
    }

    private static String mean(Step s, Pair values) {
        return s.times(s.add(values.now(), values.then()), 0.5);
    }

    /** Δi = k · mean(h · Δc) with the mean h of both c. */
    private static String slope(Step s, Pair i) {
        String product = s.mul(i.now(), i.then());
        return s.times(s.div(s.mul(product, product), s.add(i.now(), i.then())), -2);
    }

    /** What comes back to c from c · i(c). */
    private static String back(Step s, String g, Pair c, Pair i, String k, long... axes) {
        String h = mean(s, c);
        String direct = s.mul(g, mean(s, i));
        return s.add(direct, s.mul(s.mul(h, k), s.mean(s.mul(g, h), axes)));
    }

    private static void scaled(Step s, boolean centred) {
        int rank = s.rank(s.x());
        long[] axes =
                LongStream.range(s.axis(s.x(), s.integer("axis", -1)), rank).toArray();
        Pair x = Pair.of(s, s.x());
        Pair c = centred ? centred(s, x, axes) : x;
        Pair i = inverse(s, c, s.number(s.real("epsilon", 1e-5)), axes);
        Pair normed = new Pair(s.mul(c.now(), i.now()), s.mul(c.then(), i.then()));
        boolean both = s.needs(0) && s.needs(1);
        String k = slope(s, i);
        if (s.needs(0)) {
            String g = s.mul(s.g(), both ? s.half(s.x(1)) : s.x(1));
            String back = back(s, g, c, i, k, axes);
            if (centred && s.arrived(2)) {
                String count = s.cast(s.div(s.count(s.x()), s.op("ReduceProd", s.op("Shape", i.now()))), s.element());
                String share = s.div(s.cast(s.g(2), s.element()), count);
                back = s.add(back, s.mul(s.mul(mean(s, c), k), share));
            }
            if (centred) {
                back = s.sub(back, s.mean(back, axes));
                if (s.arrived(1)) {
                    String ones = s.expandLike(s.cast(s.g(1), s.element()), s.x());
                    String count =
                            s.cast(s.div(s.count(s.x()), s.op("ReduceProd", s.op("Shape", i.now()))), s.element());
                    back = s.add(back, s.div(ones, count));
                }
            }
            s.give(0, back);
        }
        if (s.needs(1)) {
            s.give(1, s.unbroadcast(s.mul(s.g(), both ? mean(s, normed) : normed.now()), s.y(), s.x(1)));
        }
        if (s.needs(2)) {
            s.give(2, s.unbroadcast(s.g(), s.y(), s.x(2)));
        }
    }

    /** Instance norm is a group norm with a group for each channel: {@code count} 0. */
    private static void grouped(Step s, long count) {
        int rank = s.rank(s.x());
        boolean both = s.needs(0) && s.needs(1);
        String split = s.concat(0, s.sizes(s.x(), 0), count == 0 ? s.sizes(s.x(), 1) : s.ints(count), s.ints(-1));
        Pair x = new Pair(s.op("Reshape", s.x(), split), s.op("Reshape", s.past(s.x()), split));
        Pair c = centred(s, x, 2);
        Pair i = inverse(s, c, s.number(s.real("epsilon", 1e-5)), 2);
        if (s.needs(0)) {
            String scales = eachChannel(s, count, both ? s.half(s.x(1)) : s.x(1));
            String scale = s.unsqueeze(scales, LongStream.range(1, rank - 1L).toArray());
            String g = s.op("Reshape", s.mul(s.g(), scale), split);
            String back = back(s, g, c, i, slope(s, i), 2);
            s.give(0, s.shapedLike(s.sub(back, s.mean(back, 2)), s.x()));
        }
        if (s.needs(1)) {
            Pair normed = new Pair(s.mul(c.now(), i.now()), s.mul(c.then(), i.then()));
            String factor = s.shapedLike(both ? mean(s, normed) : normed.now(), s.x());
            s.give(1, perScale(s, s.mul(s.g(), factor), count));
        }
        if (s.needs(2)) {
            s.give(2, perScale(s, s.g(), count));
        }
    }

    /** Sums over what each scale is for. */
    private static String perScale(Step s, String value, long count) {
        String channels = s.sum(
                value,
                false,
                LongStream.range(0, s.rank(s.x())).filter(axis -> axis != 1).toArray());
        return count == 0 || s.type(1).dim(0).sameAs(s.type(0).dim(1))
                ? channels
                : s.sum(s.op("Reshape", channels, s.concat(0, s.shape(s.x(1)), s.ints(-1))), false, 1);
    }

    /** Up to opset 20 there is one scale for each group, then one for each channel. */
    private static String eachChannel(Step s, long count, String scale) {
        if (count == 0 || s.type(1).dim(0).sameAs(s.type(0).dim(1))) {
            return scale;
        }
        String scales = s.shape(s.x(1));
        return s.flat(s.expand(s.unsqueeze(scale, 1), s.concat(0, scales, s.div(s.sizes(s.x(), 1), scales))));
    }

    private static void standard(Step s) {
        long[] given = s.integers("axes");
        long[] axes = given == null ? new long[] {0, 2, 3} : given;
        Pair c = centred(s, Pair.of(s, s.x()), axes);
        String tiny = s.number(1e-9);
        Pair deviation = new Pair(
                s.op("Sqrt", s.mean(s.mul(c.now(), c.now()), axes)),
                s.op("Sqrt", s.mean(s.mul(c.then(), c.then()), axes)));
        Pair i = new Pair(
                s.op("Reciprocal", s.add(deviation.now(), tiny)), s.op("Reciprocal", s.add(deviation.then(), tiny)));
        String product = s.mul(i.now(), i.then());
        String k = s.finite(s.element(), s.times(s.div(product, s.add(deviation.now(), deviation.then())), -2));
        String back = back(s, s.g(), c, i, k, axes);
        s.give(0, s.sub(back, s.mean(back, axes)));
    }

    /** The product with the reciprocal of the norm; where the norm is zero, so is the result. */
    private static void unit(Step s) {
        long axis = axis(s);
        boolean first = s.integer("p", 2) == 1;
        String operator = first ? "ReduceL1" : "ReduceL2";
        Pair x = Pair.of(s, s.x());
        Pair norm = new Pair(s.reduce(operator, x.now(), true, axis), s.reduce(operator, x.then(), true, axis));
        ElementType type = s.element();
        Pair q = new Pair(
                s.finite(type, s.op("Reciprocal", norm.now())), s.finite(type, s.op("Reciprocal", norm.then())));
        String slope =
                first ? ofAbsolute(s) : s.finite(type, s.div(s.add(x.now(), x.then()), s.add(norm.now(), norm.then())));
        String change = s.neg(s.mul(q.now(), q.then()));
        String along = s.mul(s.sum(s.mul(s.g(), mean(s, x)), true, axis), change);
        s.give(0, s.add(s.mul(s.g(), mean(s, q)), s.mul(along, slope)));
    }

    /** The product with a power of a sum of squares of neighbouring channels. */
    private void neighbours(Step s) {
        long size = s.integer("size", 1);
        double alpha = s.real("alpha", 1e-4);
        double beta = s.real("beta", 0.75);
        long before = (size - 1) / 2;
        long after = size - 1 - before;
        Pair x = Pair.of(s, s.x());
        Pair base = new Pair(base(s, x.now(), size, before, after), base(s, x.then(), size, before, after));
        String power = s.number(-beta);
        Pair factor = new Pair(s.op("Pow", base.now(), power), s.op("Pow", base.then(), power));
        String derivative = s.times(s.op("Pow", base.now(), s.number(-beta - 1)), -beta);
        String slope = Slopes.slope(s, typed(s, base), factor, derivative, near);
        String inner = s.mul(s.mul(s.g(), mean(s, x)), slope);
        String spread = summed(s, inner, size, /* before= */ after, /* after= */ before);
        String squares = s.times(s.add(x.now(), x.then()), alpha / size);
        s.give(0, s.add(s.mul(s.g(), mean(s, factor)), s.mul(squares, spread)));
    }

    private static String base(Step s, String x, long size, long before, long after) {
        String squares = summed(s, s.mul(x, x), size, before, after);
        return s.add(s.times(squares, s.real("alpha", 1e-4) / size), s.number(s.real("bias", 1)));
    }

    private static String summed(Step s, String value, long size, long before, long after) {
        String rows = s.op("Reshape", value, s.concat(0, s.sizes(s.x(), 0, 1), s.ints(-1)));
        List<Attribute> window = List.of(set("kernel_shape", size, 1), set("pads", before, 0, after, 0));
        String ones = s.op("Expand", s.number(1), s.ints(1, 1, size, 1));
        return s.shapedLike(s.op("Conv", window, s.unsqueeze(rows, 1), ones), s.x());
    }

    /** A root of a sum of powers. */
    private void pooled(Step s) {
        double p = s.integer("p", 2);
        Pair x = Pair.of(s, s.x());
        Pair y = Pair.of(s, s.y());
        ElementType type = s.element();
        Pair sum = new Pair(s.op("Pow", y.now(), s.number(p)), s.op("Pow", y.then(), s.number(p)));
        String derivative = s.div(y.now(), s.times(sum.now(), p));
        String root = p == 1
                ? s.number(1)
                : p == 2
                        ? s.finite(type, s.op("Reciprocal", s.add(y.now(), y.then())))
                        : Slopes.slope(s, typed(s, sum), y, s.finite(type, derivative), near);
        String power;
        if (p == 1) {
            power = ofAbsolute(s);
        } else if (p == 2) {
            power = s.add(x.now(), x.then());
        } else {
            Pair powers = new Pair(
                    s.op("Pow", s.op("Abs", x.now()), s.number(p)), s.op("Pow", s.op("Abs", x.then()), s.number(p)));
            String own = s.mul(s.op("Sign", x.now()), s.times(s.op("Pow", s.op("Abs", x.now()), s.number(p - 1)), p));
            power = Slopes.slope(s, x, powers, own, near);
        }
        s.give(0, s.mul(power, spread(s, s.mul(s.g(), root))));
    }

    /** The sum, for each element, of the numbers of the windows that it is in. */
    private static String spread(Step s, String g) {
        if (s.node().is("GlobalLpPool")) {
            return s.expandLike(g, s.x());
        }
        return PoolingRules.spread(s, g);
    }
}
