// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.onnx.internal.gradient.Rules;
import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Functions of single elements: their multiplier is Δy / Δx, and their derivative where Δx is small. */
final class Slopes {
    /** Differences of two numbers below so many units of rounding are noise. */
    private static final double NOISE = 16;

    private final double near;

    Slopes(double near) {
        this.near = near;
    }

    void addTo(Map<String, Rule> rules) {
        rules.put("Relu", this::relu);
        rules.put("Div", Slopes::quotient);
        rules.put("Pow", s -> operands(s, power(s)));
        rules.put("Mod", s -> operands(s, remainder(s)));
        rules.put("PRelu", s -> operands(s, leak(s)));
    }

    /** A function of one operand, of one node or of several. */
    void elementwise(Step s, Group group) {
        if (group.isOne()) {
            for (int i = 0; i < s.node().inputs().size(); i++) {
                if (s.has(i) && !s.needs(i) && s.touched(s.x(i))) {
                    throw unknownOperand(s, i);
                }
            }
        }
        String x = source(s, group);
        String y = Operations.result(group.end());
        String slope = slope(s, Pair.of(s, x), Pair.of(s, y), derivative(s, group, x, y), near);
        s.giveBeyond(x, s.mul(s.g(), slope));
    }

    /** The only operand that depends on what is attributed. */
    static String source(Step s, Group group) {
        if (!group.isOne()) {
            return group.source();
        }
        int only = -1;
        for (int i = 0; i < s.node().inputs().size(); i++) {
            if (s.needs(i)) {
                if (only >= 0) {
                    throw unknownOperand(s, i);
                }
                only = i;
            }
        }
        return s.x(Math.max(0, only));
    }

    private static RuntimeException unknownOperand(Step s, int i) {
        return s.refuse("its input number " + (i + 1) + ", '" + s.x(i)
                + "', depends on what is attributed, and no rule is known for that");
    }

    static String derivative(Step s, Group group, String x, String y) {
        ElementType type = s.type(x).element();
        return Rules.cuts(group.end())
                ? s.number(type, 0)
                : Derivatives.of(s, group, s.ones(y)).getOrDefault(x, s.number(type, 0));
    }

    /** A value in both runs. */
    record Pair(String now, String then) {
        static Pair of(Step s, String value) {
            return new Pair(value, s.past(value));
        }
    }

    /**
     * The slope between two points of a function.
     *
     * @param derivative in place of the slope where the points are too close
     */
    static String slope(Step s, Pair x, Pair y, String derivative, double near) {
        return ratio(s, s.sub(y.now(), y.then()), x, s.op("Abs", y.now()), derivative, near);
    }

    /**
     * A share of a difference divided by the difference of an operand.
     *
     * @param size of the function's value, which tells what is noise
     */
    static String ratio(Step s, String share, Pair x, String size, String derivative, double near) {
        String whole = s.add(s.op("Abs", x.now()), size);
        return quotient(s, share, s.like(s.sub(x.now(), x.then()), x.now()), whole, derivative, near);
    }

    /**
     * The same for a given difference.
     *
     * @param size the sum of those of the operand and of the value
     */
    static String quotient(Step s, String share, String by, String size, String derivative, double near) {
        ElementType type = s.type(by).element();
        String distance = s.op("Abs", by);
        String noise = s.mul(size, s.number(type, NOISE * ulp(type)));
        String close = s.op("LessOrEqual", s.op("Max", distance, s.op("Abs", share)), noise);
        String far = s.op("And", s.op("Greater", distance, s.number(type, near)), s.op("Not", close));
        return s.finite(type, s.where(far, s.div(share, by), derivative));
    }

    /** Without cancellation: max(x, x′) / |Δx|, at most 1. */
    private void relu(Step s) {
        String then = s.past(s.x());
        String distance = s.op("Abs", s.sub(s.x(), then));
        String zero = s.number(0);
        String one = s.number(1);
        // Nothing divided by nothing fails the first comparison; a bounded quotient is between 0 and 1.
        String quotient = s.div(s.op("Max", s.op("Max", s.x(), then), zero), distance);
        String bounded = s.where(s.op("GreaterOrEqual", quotient, zero), s.op("Min", quotient, one), zero);
        String multiplier = near > 1e-10
                ? s.where(s.op("LessOrEqual", distance, s.number(near)), s.mask(s.op("Greater", s.y(), zero)), bounded)
                : bounded;
        s.give(0, s.mul(s.g(), multiplier));
    }

    /** The product with the reciprocal. */
    private static void quotient(Step s) {
        Pair b = Pair.of(s, s.x(1));
        boolean both = s.needs(1);
        if (s.needs(0)) {
            String factor = both ? halfOf(s, s.op("Reciprocal", b.now()), s.op("Reciprocal", b.then())) : "";
            String back = both ? s.mul(s.g(), s.finite(s.element(), factor)) : s.div(s.g(), b.now());
            s.give(0, s.unbroadcast(back, s.y(), s.x(0)));
        }
        if (both) {
            String factor = s.neg(s.div(s.half(s.x(0)), s.mul(b.now(), b.then())));
            s.give(1, s.unbroadcast(s.mul(s.g(), s.finite(s.element(), factor)), s.y(), s.x(1)));
        }
    }

    static String halfOf(Step s, String now, String then) {
        return s.times(s.add(now, then), 0.5);
    }

    /**
     * Two operands, element by element. If both depend on what is attributed, each has the mean of what it changes
     * before and after the other changed: the Shapley values.
     *
     * @param derivatives of the result by each operand, shaped like the result
     */
    private void operands(Step s, List<String> derivatives) {
        boolean both = s.needs(0) && s.needs(1);
        Pair a = Pair.of(s, s.x(0));
        Pair b = Pair.of(s, s.x(1));
        String now = s.y();
        String size = s.op("Abs", now);
        for (int i = 0; i < 2; i++) {
            if (!s.needs(i)) {
                continue;
            }
            Pair x = i == 0 ? a : b;
            String share;
            if (both) {
                String then = s.past(now);
                String first = again(s, a.now(), b.then());
                String second = again(s, a.then(), b.now());
                String own = i == 0 ? first : second;
                String other = i == 0 ? second : first;
                share = s.times(s.add(s.sub(own, then), s.sub(now, other)), 0.5);
            } else {
                share = s.sub(now, i == 0 ? again(s, a.then(), b.now()) : again(s, a.now(), b.then()));
            }
            ElementType type = s.type(i).element();
            if (type != s.element()) {
                throw s.refuse("its operands are of two types, and its exponent depends on what is attributed; write"
                        + " both in one type");
            }
            String multiplier = ratio(s, share, x, size, s.finite(type, derivatives.get(i)), near);
            s.give(i, s.unbroadcast(s.mul(s.g(), multiplier), s.y(), s.x(i)));
        }
    }

    private static String again(Step s, String a, String b) {
        List<Attribute> attributes = new ArrayList<>(s.node().attributes().values());
        return s.op(s.node().type(), attributes, a, b);
    }

    private static List<String> power(Step s) {
        ElementType type = s.element();
        String exponent = s.type(1).element() == type ? s.x(1) : s.cast(s.x(1), type);
        String byBase = s.mul(exponent, s.op("Pow", s.x(), s.sub(exponent, s.number(1))));
        return List.of(byBase, s.needs(1) ? s.mul(s.y(), s.op("Log", s.x())) : "");
    }

    /** The remainder of floats has the sign of the dividend: x - y·trunc(x / y). */
    private static List<String> remainder(Step s) {
        String ratio = s.div(s.x(0), s.x(1));
        String whole = s.mul(s.op("Sign", ratio), s.op("Floor", s.op("Abs", ratio)));
        return List.of(s.number(1), s.neg(whole));
    }

    private static List<String> leak(Step s) {
        String right = s.op("Greater", s.x(), s.number(0));
        return List.of(s.where(right, s.number(1), s.x(1)), s.where(right, s.number(0), s.x()));
    }

    /** The unit roundoff of a type. */
    private static double ulp(ElementType type) {
        return switch (type) {
            case DOUBLE -> Math.ulp(1.0);
            case FLOAT16 -> 0x1p-10;
            case BFLOAT16 -> 0x1p-7;
            default -> Math.ulp(1f);
        };
    }
}
