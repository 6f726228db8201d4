// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Convolutions, and Fourier transforms. The way back of a transform is the inverse one, times the length; the last axis
 * is real and imaginary.
 */
final class ConvolutionRules {
    private ConvolutionRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("Conv", ConvolutionRules::convolution);
        table.put("ConvTranspose", ConvolutionRules::transposed);
        table.put("DFT", ConvolutionRules::transform);
        table.put("STFT", ConvolutionRules::shortTransforms);
    }

    private static void convolution(Step s) {
        bias(s);
        ValueType weights = s.type(1);
        long group = s.integer("group", 1);
        if (s.needs(1)) {
            Windows windows = Windows.perhapsOpen(s, kernel(s, weights), s.x());
            s.give(1, weights(s, windows.closed(), windows.padded(s, s.x()), s.g(), s.y(), group));
        }
        if (!s.needs(0)) {
            return;
        }
        Windows windows = Windows.perhapsOpen(s, kernel(s, weights), s.x());
        long[] before = new long[windows.axes()];
        long[] after = new long[windows.axes()];
        Arrays.setAll(before, i -> windows.spread(i) - 1 - windows.before()[i]);
        Arrays.setAll(after, i -> windows.spread(i) - 1 - windows.after()[i]);
        boolean fits =
                LongStream.concat(LongStream.of(before), LongStream.of(after)).allMatch(pad -> pad >= 0);
        if (windows.stepsOfOne()
                && fits
                && weights.fixed()
                && !s.sharesWeights()
                && s.constants().constant(s.x(1))) {
            // A convolution with the reversed kernel runs in ONNX Runtime's blocked kernels, which reverse the
            // kernel once.
            Windows turned = new Windows(windows.kernel(), windows.strides(), windows.dilations(), before, after);
            s.give(0, s.op("Conv", turned.attributes(group), s.g(), turnedAround(s, weights.sizes(), group)));
            return;
        }
        s.give(0, windows.spread(s, s.g(), s.y(), s.x(1), group, s.x()));
    }

    /** From (M, C / groups, ...) to (C, M / groups, ...), with every axis of space reversed. */
    private static String turnedAround(Step s, long[] sizes, long group) {
        int rank = sizes.length;
        long[] space = Arrays.copyOfRange(sizes, 2, rank);
        long out = sizes[0] / group;
        long in = sizes[1];
        String kernel = s.x(1);
        if (group == 1) {
            long[] order = LongStream.range(0, rank).toArray();
            order[0] = 1;
            order[1] = 0;
            kernel = s.transpose(kernel, order);
        } else if (out != 1 || in != 1) {
            long[] order = LongStream.range(0, rank + 1L).toArray();
            order[1] = 2;
            order[2] = 1;
            kernel = s.reshape(kernel, joined(space, group, out, in));
            kernel = s.reshape(s.transpose(kernel, order), joined(space, group * in, out));
        }
        long[] reversed = IntStream.range(0, space.length)
                .filter(i -> space[i] > 1)
                .mapToLong(i -> i + 2)
                .toArray();
        if (reversed.length == 0) {
            return kernel;
        }
        return s.op(
                "Slice",
                kernel,
                s.ints(LongStream.of(reversed).map(axis -> -1).toArray()),
                s.ints(LongStream.of(reversed).map(axis -> Long.MIN_VALUE + 1).toArray()),
                s.ints(reversed),
                s.ints(LongStream.of(reversed).map(axis -> -1).toArray()));
    }

    private static long[] joined(long[] tail, long... head) {
        return LongStream.concat(LongStream.of(head), LongStream.of(tail)).toArray();
    }

    private static void transposed(Step s) {
        bias(s);
        long[] kernel = kernel(s, s.type(1));
        boolean same = s.text("auto_pad", "NOTSET").startsWith("SAME");
        Windows windows = same || s.set("output_shape") ? filling(s, kernel) : Windows.of(s, kernel, s.y());
        if (s.needs(1)) {
            s.give(1, weights(s, windows, s.g(), s.x(), s.x(), s.integer("group", 1)));
        }
        if (!s.needs(0)) {
            return;
        }
        // No counted window reads what output_padding adds at the end: there are as many windows as elements of
        // the input.
        String back = s.op("Conv", windows.attributes(s.integer("group", 1)), s.g(), s.x(1));
        long[] more = s.integers("output_padding", kernel.length, 0);
        if (s.set("output_shape") || LongStream.of(more).anyMatch(padding -> padding != 0)) {
            int[] space = IntStream.range(2, kernel.length + 2).toArray();
            long[] axes = IntStream.of(space).asLongStream().toArray();
            back = s.slice(back, s.ints(new long[kernel.length]), s.sizes(s.x(), space), s.ints(axes));
        }
        s.give(0, back);
    }

    private static long[] kernel(Step s, ValueType weights) {
        long[] kernel = s.integers("kernel_shape");
        if (kernel != null) {
            return kernel;
        }
        if (!weights.fixed()) {
            throw s.refuse("the size of its kernel is not known");
        }
        return Arrays.copyOfRange(weights.sizes(), 2, weights.rank());
    }

    /** The padding of a transposed convolution with a given size of its output. */
    private static Windows filling(Step s, long[] kernel) {
        int axes = kernel.length;
        long[] strides = s.integers("strides", axes, 1);
        long[] dilations = s.integers("dilations", axes, 1);
        long[] more = s.integers("output_padding", axes, 0);
        long[] wanted = s.integers("output_shape");
        long[] before = new long[axes];
        long[] after = new long[axes];
        for (int i = 0; i < axes; i++) {
            long spread = dilations[i] * (kernel[i] - 1) + 1;
            long total = spread - strides[i] + more[i];
            if (wanted != null) {
                Dim size = s.type(0).dim(i + 2);
                if (!size.known()) {
                    throw s.refuse("its padding (output_shape) depends on the size of the input, which is open; fix the"
                            + " size, or write pads");
                }
                total = strides[i] * (size.size() - 1) + more[i] + spread - wanted[wanted.length - axes + i];
            }
            total = Math.max(0, total);
            before[i] = s.text("auto_pad", "NOTSET").equals("SAME_UPPER") ? total / 2 : total - total / 2;
            after[i] = total - before[i];
        }
        return new Windows(kernel, strides, dilations, before, after);
    }

    /**
     * The gradient of weights: a convolution of the value under the windows with the number at each window, where
     * channels and rows change places, and so do strides and dilations.
     *
     * @param under what the windows cover
     * @param at the numbers at the windows
     * @param sized a value of the forward run of the sizes of these numbers
     */
    private static String weights(Step s, Windows windows, String under, String at, String sized, long group) {
        int rank = s.rank(s.x());
        int[] space = IntStream.range(2, rank).toArray();
        long[] order = LongStream.range(0, rank).toArray();
        order[0] = 1;
        order[1] = 0;
        String image;
        String kernel;
        if (group == 1) {
            image = s.transpose(under, order);
            kernel = s.transpose(at, order);
        } else {
            String underSpace = s.op("Shape", List.of(set("start", 2)), under);
            String atSpace = s.sizes(sized, space);
            long[] inner = LongStream.range(0, rank + 1L).toArray();
            inner[0] = 2;
            inner[2] = 0;
            String split = s.op("Reshape", under, s.concat(0, s.ints(0, group, -1), underSpace));
            image = s.op("Reshape", s.transpose(split, inner), s.concat(0, s.ints(0, -1), underSpace));
            long[] outer = inner.clone();
            outer[0] = 1;
            outer[1] = 2;
            outer[2] = 0;
            String parts = s.op("Reshape", at, s.concat(0, s.ints(0, group, -1), atSpace));
            kernel = s.op("Reshape", s.transpose(parts, outer), s.concat(0, s.ints(-1), s.sizes(s.x(), 0), atSpace));
        }
        List<Attribute> attributes = List.of(
                set("strides", windows.dilations()),
                set("dilations", windows.strides()),
                set("pads", windows.pads()),
                set("group", group));
        String whole = s.op("Conv", attributes, image, kernel);
        // Elements in no window would make the result longer.
        long[] axes = LongStream.range(2, rank).toArray();
        String kept = s.slice(whole, s.ints(new long[axes.length]), s.ints(windows.kernel()), s.ints(axes));
        return s.transpose(kept, order);
    }

    private static void bias(Step s) {
        if (s.needs(2)) {
            long[] axes =
                    LongStream.range(0, s.rank(s.y())).filter(axis -> axis != 1).toArray();
            s.give(2, s.sum(s.g(), false, axes));
        }
    }

    private static String ones(Step s, long... kernel) {
        return s.op("Expand", s.number(1), s.ints(joined(kernel, 1, 1)));
    }

    /** The sum of each window of one channel. */
    static String sums(Step s, Windows windows, String value) {
        return s.op("Conv", windows.attributes(1), value, ones(s, windows.kernel()));
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
        String length = s.has(1) ? s.cast(s.reshape(s.x(1), 1), ElementType.INT64) : own;
        String back = back(s, s.g(), length, s.sizes(s.y(), axis), axis, inverse);
        if (s.type(0).dim(rank - 1).size() == 1) {
            back = s.slice(back, s.ints(0), s.ints(1), s.ints(-1));
        }
        s.give(0, resized(s, back, s.sub(own, length), axis));
    }

    /** Extended with zeros at the end, or shortened. */
    private static String resized(Step s, String value, String more, int axis) {
        return s.padded(value, s.ints(0), more, s.x(), axis);
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

    /** Goes back through every window separately, and then adds each at its place. */
    private static void shortTransforms(Step s) {
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
        // What the node makes of one window for each unit vector shows how every number is made of the signal.
        String square = s.op("EyeLike", s.expand(s.number(0), s.ints(size, size)));
        String[] inputs = s.node().inputs().toArray(new String[0]);
        inputs[0] = s.unsqueeze(square, 2);
        String columns = s.op("STFT", List.copyOf(s.node().attributes().values()), inputs);
        String matrix = s.op("Reshape", columns, s.ints(size, -1));
        String numbers = s.op("Reshape", s.g(), s.concat(0, s.sizes(s.y(), 0, 1), s.ints(-1)));
        String frames = s.matmul(matrix, s.transpose(numbers, 0, 2, 1));
        String signal =
                s.op("ConvTranspose", List.of(set("strides", new long[] {step[0]})), frames, s.unsqueeze(square, 1));
        String behind = s.sub(s.sizes(s.x(), 1), s.op("Shape", List.of(set("start", 2)), signal));
        s.give(0, s.shapedLike(resized(s, signal, behind, 2), s.x()));
    }
}
