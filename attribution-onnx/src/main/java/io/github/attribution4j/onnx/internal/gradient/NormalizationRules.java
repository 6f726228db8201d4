// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;

/** Operators that divide by a standard deviation or a norm. */
final class NormalizationRules {
    private NormalizationRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("BatchNormalization", NormalizationRules::batch);
        table.put("LayerNormalization", NormalizationRules::layer);
        table.put("RMSNormalization", NormalizationRules::rootMeanSquare);
        table.put("InstanceNormalization", s -> groups(s, 0));
        table.put("GroupNormalization", s -> groups(s, s.integer("num_groups", 1)));
        table.put("MeanVarianceNormalization", NormalizationRules::meanVariance);
        table.put("LpNormalization", NormalizationRules::lp);
        table.put("LRN", NormalizationRules::localResponse);
    }

    private static void batch(Step s) {
        if (s.integer("training_mode", 0) != 0) {
            throw s.refuse("it is in training mode; export the model in eval mode");
        }
        int rank = s.rank(s.x());
        String inverse = s.div(
                s.number(s.type(4).element(), 1),
                s.op("Sqrt", s.add(s.x(4), s.number(s.type(4).element(), s.real("epsilon", 1e-5)))));
        if (s.needs(0)) {
            s.give(0, s.mul(s.g(), perChannel(s, s.mul(s.x(1), inverse), rank)));
        }
        long[] others = LongStream.range(0, rank).filter(axis -> axis != 1).toArray();
        if (s.needs(1)) {
            String centred = s.mul(s.sub(s.x(), perChannel(s, s.x(3), rank)), perChannel(s, inverse, rank));
            s.give(1, s.sum(s.mul(s.g(), centred), false, others));
        }
        if (s.needs(2)) {
            s.give(2, s.sum(s.g(), false, others));
        }
    }

    private static String perChannel(Step s, String values, int rank) {
        return s.unsqueeze(values, LongStream.range(1, rank - 1L).toArray());
    }

    /** The gradient of x from that of (x - mean) · inverse, along some axes. */
    private static String centred(Step s, String g, String normed, String inverse, long... axes) {
        String common = s.mean(g, axes);
        String along = s.mul(normed, s.mean(s.mul(g, normed), axes));
        return s.mul(inverse, s.sub(s.sub(g, common), along));
    }

    private static void layer(Step s) {
        int rank = s.rank(s.x());
        int axis = s.axis(s.x(), s.integer("axis", -1));
        long[] axes = LongStream.range(axis, rank).toArray();
        // The second and third output, which are float for any type of input.
        List<Dim> dims =
                new ArrayList<>(List.copyOf(Objects.requireNonNull(s.type(0).dims())));
        for (int i = axis; i < rank; i++) {
            dims.set(i, Dim.of(1));
        }
        ElementType type = s.element();
        ElementType inner = type == ElementType.DOUBLE ? ElementType.DOUBLE : ElementType.FLOAT;
        String mean = s.alsoGive(1, new ValueType(inner, dims));
        String inverse = s.alsoGive(2, new ValueType(inner, dims));
        if (inner != type) {
            mean = s.cast(mean, type);
            inverse = s.cast(inverse, type);
        }
        String normed = s.mul(s.sub(s.x(), mean), inverse);
        boolean meanIsRead = s.arrived(1);
        boolean inverseIsRead = s.arrived(2);
        if (s.needs(0)) {
            String back = centred(s, s.mul(s.g(), s.x(1)), normed, inverse, axes);
            if (meanIsRead) {
                back = s.add(back, share(s, s.cast(s.g(1), type), axes));
            }
            if (inverseIsRead) {
                String slope = s.mul(s.neg(s.mul(inverse, inverse)), normed);
                back = s.add(back, s.mul(share(s, s.cast(s.g(2), type), axes), slope));
            }
            s.give(0, back);
        }
        scaleAndBias(s, normed);
    }

    /** What each element has of the gradient of a mean. */
    private static String share(Step s, String g, long... axes) {
        String count = s.op(
                "ReduceProd",
                List.of(set("keepdims", 1)),
                s.sizes(s.x(), LongStream.of(axes).mapToInt(axis -> (int) axis).toArray()),
                s.ints(0));
        return s.expandLike(s.div(g, s.cast(count, s.element())), s.x());
    }

    private static void rootMeanSquare(Step s) {
        int rank = s.rank(s.x());
        long[] axes =
                LongStream.range(s.axis(s.x(), s.integer("axis", -1)), rank).toArray();
        String square = s.mean(s.mul(s.x(), s.x()), axes);
        String inverse = s.op("Reciprocal", s.op("Sqrt", s.add(square, s.number(s.real("epsilon", 1e-5)))));
        String normed = s.mul(s.x(), inverse);
        if (s.needs(0)) {
            String g = s.mul(s.g(), s.x(1));
            String along = s.mul(normed, s.mean(s.mul(g, normed), axes));
            s.give(0, s.mul(inverse, s.sub(g, along)));
        }
        scaleAndBias(s, normed);
    }

    private static void scaleAndBias(Step s, String normed) {
        if (s.needs(1)) {
            s.give(1, s.unbroadcast(s.mul(s.g(), normed), s.y(), s.x(1)));
        }
        if (s.needs(2)) {
            s.give(2, s.unbroadcast(s.g(), s.y(), s.x(2)));
        }
    }

    /** Instance norm is a group norm with a group for each channel: {@code count} 0. */
    private static void groups(Step s, long count) {
        int rank = s.rank(s.x());
        String x = s.x();
        String scale = s.x(1);
        String g;
        long[] axes;
        String split = "";
        if (count == 0) {
            g = s.mul(s.g(), perChannel(s, scale, rank));
            axes = LongStream.range(2, rank).toArray();
        } else {
            split = s.concat(0, s.ints(0, count, -1));
            x = s.op("Reshape", x, split);
            g = s.op("Reshape", s.mul(s.g(), perChannel(s, eachChannel(s), rank)), split);
            axes = new long[] {2};
        }
        String centred = s.sub(x, s.mean(x, axes));
        String variance = s.mean(s.mul(centred, centred), axes);
        String inverse = s.op("Reciprocal", s.op("Sqrt", s.add(variance, s.number(s.real("epsilon", 1e-5)))));
        String normed = s.mul(centred, inverse);
        String back = centred(s, g, normed, inverse, axes);
        if (s.needs(0)) {
            s.give(0, count == 0 ? back : s.shapedLike(back, s.x()));
        }
        String factor = s.mul(s.g(), count == 0 ? normed : s.shapedLike(normed, s.x()));
        if (s.needs(1)) {
            s.give(1, perScale(s, factor, count, rank));
        }
        if (s.needs(2)) {
            s.give(2, perScale(s, s.g(), count, rank));
        }
    }

    /** Up to opset 20 there is one scale for each group, then one for each channel. */
    static String eachChannel(Step s) {
        if (s.type(1).dim(0).sameAs(s.type(0).dim(1))) {
            return s.x(1);
        }
        String scales = s.shape(s.x(1));
        String repeated = s.concat(0, scales, s.div(s.sizes(s.x(), 1), scales));
        return s.flat(s.expand(s.unsqueeze(s.x(1), 1), repeated));
    }

    /** Sums over what each scale is for. */
    private static String perScale(Step s, String value, long count, int rank) {
        String channels = s.sum(
                value,
                false,
                LongStream.range(0, rank).filter(axis -> axis != 1).toArray());
        return count == 0 || s.type(1).dim(0).sameAs(s.type(0).dim(1))
                ? channels
                : s.sum(s.op("Reshape", channels, s.concat(0, s.shape(s.x(1)), s.ints(-1))), false, 1);
    }

    private static void meanVariance(Step s) {
        long[] axes = s.integers("axes");
        if (axes == null) {
            axes = new long[] {0, 2, 3};
        }
        String centred = s.sub(s.x(), s.mean(s.x(), axes));
        String deviation = s.op("Sqrt", s.mean(s.mul(centred, centred), axes));
        String inverse = s.op("Reciprocal", s.add(deviation, s.number(1e-9)));
        s.give(0, centred(s, s.g(), s.mul(centred, inverse), inverse, axes));
    }

    private static void lp(Step s) {
        long axis = s.axis(s.x(), s.integer("axis", -1));
        boolean first = s.integer("p", 2) == 1;
        String norm = s.reduce(first ? "ReduceL1" : "ReduceL2", s.x(), true, axis);
        String zero = s.op("Equal", norm, s.number(0));
        String safe = s.where(zero, s.number(1), norm);
        String along = s.sum(s.mul(s.g(), s.y()), true, axis);
        String direction = first ? s.op("Sign", s.x()) : s.y();
        s.give(0, s.where(zero, s.number(0), s.div(s.sub(s.g(), s.mul(direction, along)), safe)));
    }

    private static void localResponse(Step s) {
        long size = s.integer("size", 1);
        double alpha = s.real("alpha", 1e-4);
        double beta = s.real("beta", 0.75);
        double bias = s.real("bias", 1);
        // Sums over neighbouring channels: a convolution along the channels, everything else joined into one axis.
        long before = (size - 1) / 2;
        long after = size - 1 - before;
        String squares = neighbours(s, s.mul(s.x(), s.x()), size, before, after);
        String base = s.add(s.times(squares, alpha / size), s.number(bias));
        String direct = s.mul(s.g(), s.op("Pow", base, s.number(-beta)));
        String inner = s.mul(s.mul(s.g(), s.x()), s.op("Pow", base, s.number(-beta - 1)));
        String spread = neighbours(s, inner, size, after, before);
        s.give(0, s.sub(direct, s.mul(s.times(s.x(), 2 * alpha * beta / size), spread)));
    }

    private static String neighbours(Step s, String value, long size, long before, long after) {
        String rows = s.op("Reshape", value, s.concat(0, s.sizes(s.x(), 0, 1), s.ints(-1)));
        String image = s.unsqueeze(rows, 1);
        List<Attribute> window = List.of(set("kernel_shape", size, 1), set("pads", before, 0, after, 0));
        String ones = s.op("Expand", s.number(1), s.ints(1, 1, size, 1));
        return s.shapedLike(s.op("Conv", window, image, ones), s.x());
    }
}
