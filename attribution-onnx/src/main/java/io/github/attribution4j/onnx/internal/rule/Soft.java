// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import static io.github.attribution4j.onnx.internal.gradient.Words.set;

import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.rule.Slopes.Pair;
import java.util.List;

/**
 * The logarithm L of a sum of exponentials, in both runs: what a softmax, its logarithm and a soft maximum are made of.
 *
 * <p>ΔL = Σ w · Δz, with w = (eᵃ - eᵇ) / (a - b) of every element times the slope of the logarithm. No differences of
 * nearly equal numbers are formed: both slopes are series where the two numbers are close.
 *
 * @param weights w
 * @param rest Δz - ΔL: how much the logarithm of each part changes
 */
record Soft(String weights, String rest) {
    /** Below it (1 - e^(-t)) / t is taken as a series, with a rest of 1e-8. */
    private static final double CLOSE = 0.3;

    /**
     * @param attributes of a reduction that keeps its axes
     * @param axes of the sum; empty for all
     */
    static Soft of(Step s, Pair z, List<Attribute> attributes, String axes) {
        ElementType type = s.element();
        String change = s.finite(type, s.sub(z.now(), z.then()));
        String high = s.op("Max", z.now(), z.then());
        String shift = s.finite(type, reduce(s, "ReduceMax", attributes, high, axes));
        String e = between(s, s.op("Exp", s.sub(high, shift)), change);
        String rise = reduce(s, "ReduceSum", attributes, s.mul(e, change), axes);
        String now = reduce(s, "ReduceSum", attributes, s.op("Exp", s.sub(z.now(), shift)), axes);
        String then = reduce(s, "ReduceSum", attributes, s.op("Exp", s.sub(z.then(), shift)), axes);
        String low = s.op("Min", now, then);
        String size = s.op("Abs", rise);
        String close = s.div(logarithm(s, s.div(size, low)), low);
        String gap = s.op(
                "Abs",
                s.sub(
                        reduce(s, "ReduceLogSumExp", attributes, z.now(), axes),
                        reduce(s, "ReduceLogSumExp", attributes, z.then(), axes)));
        String factor = s.where(s.op("Less", size, low), close, s.div(gap, size));
        return new Soft(s.finite(type, s.mul(e, factor)), s.finite(type, s.sub(change, s.mul(rise, factor))));
    }

    private static String reduce(Step s, String operator, List<Attribute> attributes, String value, String axes) {
        return axes.isEmpty() ? s.op(operator, attributes, value) : s.op(operator, attributes, value, axes);
    }

    /** What comes back to z from its softmax y. */
    static String back(Step s, String g, Pair z, Pair y, long axis) {
        Soft soft = of(s, z, List.of(set("keepdims", 1)), s.ints(axis));
        ElementType type = s.element();
        String part = s.mul(g, s.finite(type, between(s, s.op("Max", y.now(), y.then()), soft.rest())));
        return s.sub(part, s.mul(soft.weights(), s.sum(part, true, axis)));
    }

    /** The mean slope of eᶻ between two points, of which the higher has the value {@code high}: high (1 - e⁻ᵗ) / t. */
    private static String between(Step s, String high, String difference) {
        String t = s.op("Abs", difference);
        String one = s.number(1);
        String far = s.div(s.sub(one, s.op("Exp", s.neg(t))), s.op("Max", t, s.number(CLOSE / 2)));
        String series = one;
        for (int k = 8; k >= 2; k--) {
            series = s.sub(one, s.mul(s.times(t, 1.0 / k), series));
        }
        return s.mul(high, s.where(s.op("Less", t, s.number(CLOSE)), series, far));
    }

    /** log(1 + r) / r for r from 0 to 1: with u = r / (2 + r), 2 (1 + u² / 3 + u⁴ / 5 + ...) / (2 + r). */
    private static String logarithm(Step s, String r) {
        String wide = s.add(r, s.number(2));
        String u = s.div(r, wide);
        String square = s.mul(u, u);
        String series = s.number(1.0 / 21);
        for (int k = 19; k >= 1; k -= 2) {
            series = s.add(s.mul(series, square), s.number(1.0 / k));
        }
        return s.div(s.times(series, 2), wide);
    }
}
