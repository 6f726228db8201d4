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

/** Pooling over windows, and over all positions. */
public final class PoolingRules {
    private PoolingRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("MaxPool", PoolingRules::max);
        table.put("AveragePool", PoolingRules::average);
        table.put("LpPool", PoolingRules::lp);
        table.put("GlobalAveragePool", s -> {
            String share = s.div(s.g(), s.cast(s.op("ReduceProd", spaceOf(s)), s.element()));
            s.give(0, s.expandLike(share, s.x()));
        });
        table.put("GlobalMaxPool", PoolingRules::globalMax);
        table.put(
                "GlobalLpPool",
                s -> s.give(0, s.mul(norm(s, s.integer("p", 2)), s.mul(s.g(), flatness(s, s.integer("p", 2))))));
    }

    private static String spaceOf(Step s) {
        return s.sizes(
                s.x(), LongStream.of(space(s)).mapToInt(axis -> (int) axis).toArray());
    }

    private static long[] space(Step s) {
        return LongStream.range(2, s.rank(s.x())).toArray();
    }

    private static void max(Step s) {
        // The second output: the position of each largest element in the whole input; of equal ones the first.
        String indices;
        if (s.integer("storage_order", 0) != 0) {
            List<Attribute> byRows = new ArrayList<>(attributes(s));
            byRows.removeIf(attribute -> attribute.name().equals("storage_order"));
            indices = s.ops("MaxPool", 2, byRows, s.x()).get(1);
        } else {
            indices =
                    s.alsoGive(1, new ValueType(ElementType.INT64, s.type(s.y()).dims()));
        }
        s.give(0, s.scatterBack(indices));
    }

    /** Of several largest elements the first one, as for smaller windows. */
    private static void globalMax(Step s) {
        String rows = s.reshape(s.x(), s.concat(0, s.sizes(s.x(), 0, 1), s.ints(-1)));
        String first = s.op("ArgMax", List.of(set("axis", 2), set("keepdims", 1)), rows);
        String zeros = s.expand(s.number(0), s.op("Shape", rows));
        String g = s.reshape(s.g(), 0, 0, 1);
        s.give(0, s.shapedLike(s.op("ScatterElements", List.of(set("axis", 2)), zeros, first, g), s.x()));
    }

    private static void average(Step s) {
        boolean ceil = s.integer("ceil_mode", 0) != 0;
        boolean counted = s.integer("count_include_pad", 0) != 0;
        Windows windows = windows(s);
        String share;
        if (!ceil && (counted || !windows.padded())) {
            share = s.times(s.g(), 1.0 / LongStream.of(windows.kernel()).reduce(1, (a, b) -> a * b));
        } else {
            // Applied to ones, the operator gives the number of elements in each window divided by its divisor.
            String ones = onePlane(s, s.ones(s.x()));
            String ratio = s.op("AveragePool", attributes(s), ones);
            Windows longer = longer(windows, ceil);
            String elements = likeOutput(s, ConvolutionRules.sums(s, longer, ones), ceil);
            share = s.mul(s.g(), s.div(ratio, elements));
        }
        s.give(0, spread(s, windows, share, ceil));
    }

    private static void lp(Step s) {
        long p = s.integer("p", 2);
        boolean ceil = s.integer("ceil_mode", 0) != 0;
        Windows windows = windows(s);
        s.give(0, s.mul(norm(s, p), spread(s, windows, s.mul(s.g(), flatness(s, p)), ceil)));
    }

    /** |x|^(p-1) · sign(x). */
    private static String norm(Step s, long p) {
        return switch ((int) p) {
            case 1 -> s.op("Sign", s.x());
            case 2 -> s.x();
            default -> s.mul(s.op("Sign", s.x()), s.op("Pow", s.op("Abs", s.x()), s.number(p - 1.0)));
        };
    }

    /** y^(1-p), and zero where y is zero. */
    private static String flatness(Step s, long p) {
        if (p == 1) {
            return s.number(1);
        }
        String zero = s.op("Equal", s.y(), s.number(0));
        String safe = s.where(zero, s.number(1), s.y());
        return s.where(zero, s.number(0), s.op("Pow", safe, s.number(1.0 - p)));
    }

    private static Windows windows(Step s) {
        long[] kernel = s.integers("kernel_shape");
        if (kernel == null) {
            throw s.refuse("it has no kernel_shape");
        }
        return Windows.of(s, kernel, s.x());
    }

    /** The attributes, for the same operator on another input. */
    private static List<Attribute> attributes(Step s) {
        return List.copyOf(s.node().attributes().values());
    }

    /** Rounding up may add a window that ends after the padding. */
    private static Windows longer(Windows windows, boolean ceil) {
        long[] after = windows.after().clone();
        if (ceil) {
            Arrays.setAll(after, i -> after[i] + windows.strides()[i] - 1);
        }
        return new Windows(windows.kernel(), windows.strides(), windows.dilations(), windows.before(), after);
    }

    private static String likeOutput(Step s, String sums, boolean ceil) {
        if (!ceil) {
            return sums;
        }
        int[] space = LongStream.of(space(s)).mapToInt(axis -> (int) axis).toArray();
        return s.slice(sums, s.ints(new long[space.length]), s.sizes(s.y(), space), s.ints(space(s)));
    }

    /** One plane, if all are equal. */
    private static String onePlane(Step s, String value) {
        return s.slice(value, s.ints(0, 0), s.ints(1, 1), s.ints(0, 1));
    }

    /** Spreads a number of each window over its elements, which may be in several. */
    public static String spread(Step s, String each) {
        return spread(s, windows(s), each, s.integer("ceil_mode", 0) != 0);
    }

    /** Spreads a share of each window over its elements, for every plane separately. */
    private static String spread(Step s, Windows windows, String share, boolean ceil) {
        int rank = s.rank(s.x());
        int[] space = IntStream.range(2, rank).toArray();
        String planes = s.reshape(share, s.concat(0, s.ints(-1, 1), s.sizes(s.y(), space)));
        String ones = s.op(
                "Expand",
                s.number(1),
                s.ints(LongStream.concat(LongStream.of(1, 1), LongStream.of(windows.kernel()))
                        .toArray()));
        String back = longer(windows, ceil).spread(s, planes, s.y(), ones, 1, s.x());
        return s.shapedLike(back, s.x());
    }
}
