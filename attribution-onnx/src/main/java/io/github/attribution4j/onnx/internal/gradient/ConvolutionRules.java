// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Convolutions, with respect to what they are applied to and to the bias. */
final class ConvolutionRules {
    private ConvolutionRules() {}

    static void addTo(Map<String, Rule> table) {
        table.put("Conv", ConvolutionRules::convolution);
        table.put("ConvTranspose", ConvolutionRules::transposed);
    }

    private static void convolution(Step s) {
        constantWeights(s);
        bias(s);
        if (!s.needs(0)) {
            return;
        }
        ValueType weights = s.type(1);
        Windows windows = Windows.of(s, kernel(s, weights), s.x());
        long group = s.integer("group", 1);
        long[] before = new long[windows.axes()];
        long[] after = new long[windows.axes()];
        Arrays.setAll(before, i -> windows.spread(i) - 1 - windows.before()[i]);
        Arrays.setAll(after, i -> windows.spread(i) - 1 - windows.after()[i]);
        boolean fits =
                LongStream.concat(LongStream.of(before), LongStream.of(after)).allMatch(pad -> pad >= 0);
        if (windows.stepsOfOne() && fits && weights.fixed() && s.constants().constant(s.x(1))) {
            // A convolution with the kernel turned around runs in ONNX Runtime's blocked kernels; it turns the kernel
            // once.
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
        constantWeights(s);
        bias(s);
        if (!s.needs(0)) {
            return;
        }
        long[] kernel = kernel(s, s.type(1));
        if (s.text("auto_pad", "NOTSET").startsWith("SAME") || s.set("output_shape")) {
            throw s.refuse("its padding follows from output_shape or auto_pad; write pads and output_padding");
        }
        Windows windows = Windows.of(s, kernel, s.y());
        // What output_padding adds behind is read by no window that counts: there are as many as elements of the input.
        String back = s.op("Conv", windows.attributes(s.integer("group", 1)), s.g(), s.x(1));
        long[] more = s.integers("output_padding", kernel.length, 0);
        if (LongStream.of(more).anyMatch(padding -> padding != 0)) {
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

    private static void constantWeights(Step s) {
        if (s.needs(1)) {
            throw s.refuse("its weights depend on what is attributed; attribute a layer behind it");
        }
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
}
