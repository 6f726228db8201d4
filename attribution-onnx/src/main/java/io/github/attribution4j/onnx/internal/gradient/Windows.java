// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The windows of a convolution or a pooling: for each axis of positions the size, stride and dilation of windows, and
 * the padding.
 */
final class Windows {
    private final long[] kernel;
    private final long[] strides;
    private final long[] dilations;
    private final long[] before;
    private final long[] after;

    /** The padding at the start if it is known only at run time; that at the end is then at most {@link #after}. */
    private final @Nullable String starts;

    /**
     * @param kernel sizes of a window
     * @param strides distances from one window to the next
     * @param dilations distances from one element of a window to the next
     * @param before padding at the start
     * @param after padding at the end
     */
    Windows(long[] kernel, long[] strides, long[] dilations, long[] before, long[] after) {
        this(kernel, strides, dilations, before, after, null);
    }

    private Windows(
            long[] kernel, long[] strides, long[] dilations, long[] before, long[] after, @Nullable String starts) {
        this.kernel = kernel;
        this.strides = strides;
        this.dilations = dilations;
        this.before = before;
        this.after = after;
        this.starts = starts;
    }

    /**
     * Reads the attributes of a node.
     *
     * @param kernel sizes of a window
     * @param input the value that the windows cover
     */
    static Windows of(Step s, long[] kernel, String input) {
        Windows windows = perhapsOpen(s, kernel, input);
        if (windows.starts != null) {
            throw s.refuse("its padding (auto_pad " + s.text("auto_pad", "NOTSET")
                    + ") depends on the size of the input, which is open; fix the size, or write pads");
        }
        return windows;
    }

    /** The same, but the padding may be unknown. Only {@link #spread} may be called then. */
    static Windows perhapsOpen(Step s, long[] kernel, String input) {
        int axes = kernel.length;
        long[] strides = s.integers("strides", axes, 1);
        long[] dilations = s.integers("dilations", axes, 1);
        long[] pads = s.integers("pads", 2 * axes, 0);
        long[] before = Arrays.copyOf(pads, axes);
        long[] after = Arrays.copyOfRange(pads, axes, 2 * axes);
        String auto = s.text("auto_pad", "NOTSET");
        if (auto.equals("VALID")) {
            Arrays.fill(before, 0);
            Arrays.fill(after, 0);
        } else if (auto.startsWith("SAME")) {
            for (int i = 0; i < axes; i++) {
                long spread = dilations[i] * (kernel[i] - 1) + 1;
                long total;
                if (strides[i] == 1) {
                    total = spread - 1;
                } else {
                    Dim size = s.type(input).dim(i + 2);
                    if (!size.known()) {
                        return open(s, kernel, strides, dilations, input);
                    }
                    total = Math.max(
                            0, ((size.size() + strides[i] - 1) / strides[i] - 1) * strides[i] + spread - size.size());
                }
                before[i] = auto.equals("SAME_LOWER") ? (total + 1) / 2 : total / 2;
                after[i] = total - before[i];
            }
        }
        return new Windows(kernel, strides, dilations, before, after);
    }

    private static Windows open(Step s, long[] kernel, long[] strides, long[] dilations, String input) {
        int axes = kernel.length;
        long[] spread = new long[axes];
        Arrays.setAll(spread, i -> dilations[i] * (kernel[i] - 1) + 1);
        long[] last = new long[axes];
        Arrays.setAll(last, i -> spread[i] - 1);
        String sizes = s.sizes(input, IntStream.range(2, axes + 2).toArray());
        String step = s.ints(strides);
        String windowsBefore = s.div(s.sub(sizes, s.ints(1)), step);
        String reach = s.add(s.mul(windowsBefore, step), s.ints(spread));
        String total = s.op("Max", s.sub(reach, sizes), s.integer(0));
        boolean lower = s.text("auto_pad", "NOTSET").equals("SAME_LOWER");
        String starts = s.div(lower ? s.add(total, s.integer(1)) : total, s.integer(2));
        return new Windows(kernel, strides, dilations, new long[axes], last, starts);
    }

    /** The same windows over what {@link #padded(Step, String)} returns. */
    Windows closed() {
        return starts == null ? this : new Windows(kernel, strides, dilations, new long[axes()], new long[axes()]);
    }

    /** What the windows cover, with its padding if that is known only at run time; there may be more at the end. */
    String padded(Step s, String input) {
        return starts == null
                ? input
                : s.op(
                        "Pad",
                        input,
                        s.concat(0, starts, s.ints(after)),
                        s.number(0),
                        s.ints(LongStream.range(2, axes() + 2L).toArray()));
    }

    long[] kernel() {
        return kernel;
    }

    long[] strides() {
        return strides;
    }

    long[] dilations() {
        return dilations;
    }

    long[] before() {
        return before;
    }

    long[] after() {
        return after;
    }

    int axes() {
        return kernel.length;
    }

    /** The extent of a window, from its first to its last element. */
    long spread(int axis) {
        return dilations[axis] * (kernel[axis] - 1) + 1;
    }

    boolean stepsOfOne() {
        return LongStream.of(strides).allMatch(stride -> stride == 1);
    }

    boolean padded() {
        return LongStream.concat(LongStream.of(before), LongStream.of(after)).anyMatch(pad -> pad != 0);
    }

    /** The attributes of a convolution or a pooling. */
    List<Attribute> attributes(long group) {
        return List.of(
                set("kernel_shape", kernel),
                set("strides", strides),
                set("dilations", dilations),
                set("pads", pads()),
                set("group", group));
    }

    long[] pads() {
        return LongStream.concat(LongStream.of(before), LongStream.of(after)).toArray();
    }

    /**
     * Spreads the number of each window over its elements: the transpose of a convolution.
     *
     * @param g one number for each window and output channel
     * @param windows the value of which {@code g} is the gradient
     * @param weights as those of the convolution
     * @param input the value that the windows cover
     */
    String spread(Step s, String g, String windows, String weights, long group, String input) {
        ValueType in = s.type(input);
        ValueType out = s.type(windows);
        long[] outputPadding = new long[axes()];
        boolean direct = starts == null;
        for (int i = 0; i < axes() && direct; i++) {
            if (strides[i] == 1) {
                continue;
            }
            Dim size = in.dim(i + 2);
            Dim count = out.dim(i + 2);
            direct = size.known() && count.known();
            if (direct) {
                outputPadding[i] = size.size() + before[i] + after[i] - (count.size() - 1) * strides[i] - spread(i);
                direct = outputPadding[i] >= 0 && outputPadding[i] < strides[i];
            }
        }
        if (direct) {
            return s.op(
                    "ConvTranspose",
                    List.of(
                            set("kernel_shape", kernel),
                            set("strides", strides),
                            set("dilations", dilations),
                            set("pads", pads()),
                            set("output_padding", outputPadding),
                            set("group", group)),
                    g,
                    weights);
        }
        String whole = s.op(
                "ConvTranspose",
                List.of(
                        set("kernel_shape", kernel),
                        set("strides", strides),
                        set("dilations", dilations),
                        set("group", group)),
                g,
                weights);
        // After the last window there may be elements in no window, fewer than the stride and the padding.
        long[] space = LongStream.range(2, axes() + 2L).toArray();
        long[] behind = IntStream.range(0, axes())
                .mapToLong(i -> Math.max(0, strides[i] - 1 + after[i]))
                .toArray();
        int[] axes = LongStream.of(space).mapToInt(axis -> (int) axis).toArray();
        String padded = s.padded(whole, s.ints(new long[axes()]), s.ints(behind), input, axes);
        String from = starts == null ? s.ints(before) : starts;
        return s.slice(padded, from, s.add(from, s.sizes(input, axes)), s.ints(space));
    }
}
