// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.unfuse;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Operators on images in the order that the runtime's kernels on this machine like best: blocks of 8 or 16 channels.
 * Their numbers of channels are rounded up to whole blocks; the others are zero, and so are the weights that they meet.
 * In the words of the standard, images keep these channels but have the standard's order.
 */
final class Blocks {
    private static final int SUM = 3;

    private Blocks() {}

    static void addTo(Map<String, Unfusing> table) {
        table.put("ReorderInput", Blocks::in);
        table.put("ReorderOutput", Blocks::out);
        table.put("Conv", Blocks::conv);
        table.put("MaxPool", f -> same(f, "MaxPool"));
        table.put("AveragePool", f -> same(f, "AveragePool"));
        table.put("GlobalMaxPool", f -> same(f, "GlobalMaxPool"));
        table.put("GlobalAveragePool", f -> same(f, "GlobalAveragePool"));
        table.put("Upsample", Blocks::upsample);
    }

    private static void in(Fused f) {
        boolean last = f.integer("channels_last", 0) != 0;
        f.place(f.x(0), "");
        String x = last ? f.transposed(f.x(0), 0, 3, 1, 2) : f.x(0);
        long channels = f.size(f.x(0), last ? 3 : 1);
        long block = f.block();
        if (channels < 0) {
            String missing = f.op("Mod", f.op("Sub", f.ints(0), f.sizeOf(x, 1)), f.ints(block));
            String pads =
                    f.op("Concat", Fused.with(Attribute.of("axis", 0)), f.ints(0, 0, 0, 0, 0), missing, f.ints(0, 0));
            x = f.op("Pad", x, pads, f.number(0));
        } else if (channels % block != 0) {
            x = f.op("Pad", x, f.ints(0, 0, 0, 0, 0, block - channels % block, 0, 0), f.number(0));
        }
        f.give(0, x);
        f.fill();
    }

    private static void out(Fused f) {
        long channels = f.integer("channels", 0);
        String y = channels == 0 || channels == f.size(f.x(0), 1) ? f.x(0) : f.part(f.x(0), 0, channels, 1);
        f.give(0, f.integer("channels_last", 0) != 0 ? f.transposed(y, 0, 2, 3, 1) : y);
    }

    /** The name of a value is that of the node that made it, before it was reordered. */
    private static String named(Fused f) {
        String name = f.name().replaceFirst("_nchwc$", "");
        return name.equals(f.name()) ? "" : name;
    }

    /** Gives a result of one operator the name that it had. */
    private static void named(Fused f, boolean filled) {
        if (filled) {
            f.fill();
        } else {
            f.formerly(named(f));
        }
    }

    private static void same(Fused f, String type) {
        f.place(f.name(), "");
        named(f, f.isFilled(f.x(0)));
        f.give(
                0,
                f.op(
                        type,
                        f.attributes(
                                "auto_pad",
                                "ceil_mode",
                                "count_include_pad",
                                "dilations",
                                "kernel_shape",
                                "pads",
                                "strides"),
                        f.x(0)));
    }

    /**
     * A convolution keeps its name when a sum or a function is joined to it here. One that had a function before has
     * the name of that. The bias of one with other channels than the model's has another name than the model gave it.
     */
    private static void conv(Fused f) {
        String name = named(f);
        String operator = name.substring(name.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        String function = f.text("activation");
        boolean filled = !f.has(2) || f.x(2).startsWith("reorder");
        boolean plain = function.isEmpty() && !f.has(SUM);
        boolean before = !plain && !filled && operator.startsWith("conv");
        boolean after = !plain && !f.has(SUM) && operator.startsWith(function.toLowerCase(Locale.ROOT));
        f.place(name, "");
        named(f, filled || !(plain || after));
        List<Attribute> settings = f.attributes("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides");
        String weights = weights(f, f.x(1));
        String y =
                f.before(before ? name.replaceFirst("_output_0$", "") : "", "Conv", settings, f.x(0), weights, f.x(2));
        y = f.has(SUM) ? f.op("Add", y, f.x(SUM)) : y;
        f.give(0, Products.function(f, function, y));
    }

    /** Weights are in blocks of output channels, and of input channels too if there are so many. */
    private static String weights(Fused f, String w) {
        long block = f.block();
        long outer = f.known(w, 0);
        long inner = f.known(w, 1);
        long height = f.known(w, 2);
        long width = f.known(w, 3);
        if (outer % block != 0 || (inner >= block && inner % block != 0)) {
            throw f.refuse("its " + outer + " by " + inner + " channels are no blocks of " + block
                    + ", which this machine has; save the model again here, or at level EXTENDED");
        }
        String turned = inner < block
                ? f.transposed(f.reshaped(w, outer / block, inner, height, width, block), 0, 4, 1, 2, 3)
                : f.transposed(
                        f.reshaped(w, outer / block, inner / block, height, width, block, block), 0, 5, 1, 4, 2, 3);
        return f.reshaped(turned, outer, inner, height, width);
    }

    private static void upsample(Fused f) {
        named(f, f.isFilled(f.x(0)));
        long[] scales = f.integers("scales");
        double[] factors = new double[scales.length];
        for (int i = 0; i < scales.length; i++) {
            factors[i] = scales[i];
        }
        boolean linear = f.text("mode").equals("linear");
        String mode = f.text("coordinate_transformation_mode");
        f.give(
                0,
                f.op(
                        "Resize",
                        Fused.with(
                                Attribute.of("mode", linear ? "linear" : "nearest"),
                                Attribute.of("coordinate_transformation_mode", mode.isEmpty() ? "asymmetric" : mode),
                                Attribute.of("nearest_mode", "floor")),
                        f.x(0),
                        "",
                        f.reals(factors)));
    }
}
