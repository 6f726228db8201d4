// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.unfuse;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Normalizations, with sums and lookups that were joined to them. */
final class Norms {
    private static final double EPSILON = 1e-5;
    private static final double TINY = 1e-12;
    private static final int SUM = 3;

    private Norms() {}

    static void addTo(Map<String, Unfusing> table) {
        table.put("SkipLayerNormalization", Norms::skip);
        table.put("SkipSimplifiedLayerNormalization", Norms::skipSimplified);
        table.put("EmbedLayerNormalization", Norms::embed);
        table.put("GroupNorm", Norms::groups);
    }

    /** The sum of the input, the bias of the layer that made it, and what goes around this layer. */
    private static String sum(Fused f, String bias) {
        String own = Products.biased(f, f.x(0), bias);
        f.place(f.x(0), f.output());
        String sum = f.op("Add", own, f.x(1));
        f.place(f.output(), "");
        return sum;
    }

    private static void skip(Fused f) {
        String sum = sum(f, f.x(4));
        layerNorm(f, sum, f.x(2), f.x(3), f.gives(1) || f.gives(2));
        f.give(SUM, sum);
    }

    private static void layerNorm(Fused f, String x, String scale, String bias, boolean statistics) {
        List<String> results = f.ops(
                "LayerNormalization",
                statistics ? 3 : 1,
                Fused.with(Attribute.of("axis", -1), Attribute.of("epsilon", (float) f.real("epsilon", TINY))),
                x,
                scale,
                bias);
        for (int i = 0; i < results.size(); i++) {
            f.give(i, results.get(i));
        }
    }

    private static void skipSimplified(Fused f) {
        String sum = sum(f, f.x(3));
        rootMeanSquare(f, sum, f.x(2), -1, f.real("epsilon", TINY), 2);
        f.give(SUM, sum);
    }

    static void simplified(Fused f) {
        rootMeanSquare(f, f.x(0), f.x(1), f.integer("axis", -1), f.real("epsilon", EPSILON), 1);
    }

    /** Floats of 16 bits are normalized in 32. */
    private static void rootMeanSquare(Fused f, String x, String scale, long axis, double epsilon, int inverse) {
        long[] axes = axis == -1
                ? new long[] {-1}
                : LongStream.range(axis < 0 ? axis : axis - f.knownRank(x), 0).toArray();
        boolean half = f.element(x).isHalf();
        String wide = half ? f.op("Cast", Fused.with(Attribute.of("to", ElementType.FLOAT.code())), x) : x;
        String mean = f.op("ReduceMean", f.op("Pow", wide, number(f, 2, half)), f.ints(axes));
        String root = f.op("Sqrt", f.op("Add", mean, number(f, epsilon, half)));
        String over = f.op("Div", number(f, 1, half), root);
        String normal = f.op("Mul", wide, over);
        f.give(0, f.op("Mul", half ? f.op("CastLike", normal, x) : normal, scale));
        f.give(inverse, over);
    }

    private static String number(Fused f, double value, boolean wide) {
        return wide ? f.number(value, ElementType.FLOAT) : f.number(value);
    }

    private static void embed(Fused f) {
        String ids = f.x(0);
        f.placeAround(f.output());
        String words = f.op("Add", lookup(f, f.x(2), ids), positions(f, ids));
        String sum = f.has(4) && f.has(1) ? f.op("Add", words, lookup(f, f.x(4), f.x(1))) : words;
        f.place(f.output(), "");
        layerNorm(f, sum, f.x(5), f.x(6), false);
        if (f.gives(1)) {
            List<Attribute> whole = Fused.with(Attribute.of("to", ElementType.INT32.code()));
            String counted = f.has(7)
                    ? f.op("Cast", whole, f.op("Equal", f.x(7), f.op("CastLike", f.integer(1), f.x(7))))
                    : f.op("Expand", f.op("Cast", whole, f.integer(0)), f.op("Shape", ids));
            f.give(1, f.op("ReduceSum", Fused.with(Attribute.of("keepdims", 0)), counted, f.ints(1)));
        }
        f.give(2, sum);
    }

    private static String positions(Fused f, String ids) {
        return f.has(8) ? lookup(f, f.x(3), f.x(8)) : f.op("Slice", f.x(3), f.ints(0), f.sizeOf(ids, 1), f.ints(0));
    }

    /** Vectors of a table, which can be asked for by the name of its module. */
    private static String lookup(Fused f, String table, String ids) {
        String path = table.replaceFirst("\\.weight$", "");
        String module = path.substring(Math.max(path.lastIndexOf('.'), path.lastIndexOf('/')) + 1);
        return f.before(f.inside(module, "Gather"), "Gather", List.of(), table, ids);
    }

    /** Groups of channels are the rows of a normalization of rows; then every channel has its own factor. */
    private static void groups(Fused f) {
        boolean last = f.integer("channels_last", 1) != 0;
        String x = last ? f.transposed(f.x(0), 0, 3, 1, 2) : f.x(0);
        int groups = Math.toIntExact(Math.max(1, Math.min(f.integer("groups", 1), 1 << 20)));
        double[] ones = new double[groups];
        Arrays.fill(ones, 1);
        String rows = f.op(
                "InstanceNormalization",
                Fused.with(Attribute.of("epsilon", (float) f.real("epsilon", EPSILON))),
                f.reshaped(x, 0, groups, -1),
                f.op("CastLike", f.reals(ones), x),
                f.op("CastLike", f.reals(new double[groups]), x));
        String normal = f.op("Reshape", rows, f.op("Shape", x));
        String scaled = f.op("Mul", normal, f.op("CastLike", f.reshaped(f.x(1), 1, -1, 1, 1), x));
        String y = f.op("Add", scaled, f.op("CastLike", f.reshaped(f.x(2), 1, -1, 1, 1), x));
        y = f.integer("activation", 0) != 0 ? f.op("Mul", y, f.op("Sigmoid", y)) : y;
        f.give(0, last ? f.transposed(y, 0, 2, 3, 1) : y);
    }
}
