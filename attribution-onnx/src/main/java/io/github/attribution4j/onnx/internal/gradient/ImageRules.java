// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Images of another size, regions of them, and blocks that are put back into images.
 *
 * <p>Resizing works on each axis by itself, and is linear there: a matrix. Which one, is seen by resizing the identity,
 * whatever the interpolation and the way to count coordinates.
 */
final class ImageRules {
    private ImageRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("Resize", ImageRules::resize);
        table.put("Col2Im", ImageRules::blocks);
        table.put("MaxUnpool", s -> s.give(0, s.op("Gather", List.of(set("axis", 0)), s.flat(s.g()), s.x(1))));
        table.put("RoiAlign", ImageRules::align);
        table.put("CenterCropPad", s -> {
            String[] inputs = s.node().inputs().toArray(new String[0]);
            inputs[0] = s.add(s.elementNumbers(), s.integer(1));
            s.give(0, scattered(s, 0, s.op("CenterCropPad", attributes(s), inputs)));
        });
        table.put("TensorScatter", ImageRules::cache);
    }

    private static void resize(Step s) {
        if (!s.text("keep_aspect_ratio_policy", "stretch").equals("stretch")) {
            throw s.refuse("it keeps the aspect ratio; give it the sizes that it ends with");
        }
        int rank = s.rank(s.x());
        long[] axes = s.integers("axes");
        if (axes == null) {
            axes = LongStream.range(0, rank).toArray();
        }
        String back = s.g();
        for (int i = 0; i < axes.length; i++) {
            int axis = s.axis(s.x(), axes[i]);
            if (!untouched(s, i, axis)) {
                back = along(s, back, axis, rank, matrix(s, i, axis));
            }
        }
        s.give(0, back);
    }

    private static boolean crops(Step s) {
        return s.text("coordinate_transformation_mode", "half_pixel").equals("tf_crop_and_resize");
    }

    /** Where sizes are given, models of opset 11 and 12 give an empty list of scales. */
    private static boolean byScales(Step s) {
        return s.has(2) && !s.type(2).dim(0).equals(Dim.of(0));
    }

    private static boolean untouched(Step s, int i, int axis) {
        if (crops(s)) {
            return false;
        }
        if (byScales(s)) {
            Initializer scales = s.constants().tensor(s.x(2));
            double[] values = scales == null ? null : scales.doubles();
            if (values != null && i < values.length) {
                return values[i] == 1;
            }
        }
        return s.type(0).dim(axis).sameAs(s.type(s.y()).dim(axis));
    }

    /** Row k has the weights of element k at all positions of the result. */
    private static String matrix(Step s, int i, int axis) {
        String size = s.sizes(s.x(), axis);
        String square = s.expand(s.number(0), s.concat(0, size, size));
        String identity = s.op("EyeLike", square);
        List<Attribute> attributes = new ArrayList<>(s.node().attributes().values());
        // What lies outside of the crop does not depend on the input.
        attributes.removeIf(
                attribute -> attribute.name().equals("axes") || attribute.name().equals("extrapolation_value"));
        String region = crops(s) ? region(s, i) : "";
        String one = s.ints(i);
        List<Attribute> first = List.of(set("axis", 0));
        if (byScales(s)) {
            String scale = s.op("Gather", first, s.x(2), one);
            return s.op(
                    "Resize",
                    attributes,
                    identity,
                    region,
                    s.concat(0, s.op("Expand", s.number(s.type(2).element(), 1), s.ints(1)), scale));
        }
        String to = s.op("Gather", first, s.x(3), one);
        return s.op("Resize", attributes, identity, region, "", s.concat(0, size, to));
    }

    /** All of the first axis of the identity, of the second what is taken of this axis. */
    private static String region(Step s, int i) {
        ElementType type = s.type(1).element();
        String half = s.div(s.count(s.x(1)), s.ints(2));
        String start = s.op("Gather", s.x(1), s.ints(i));
        String end = s.op("Gather", s.x(1), s.add(half, s.ints(i)));
        String zero = s.op("Expand", s.number(type, 0), s.ints(1));
        String one = s.op("Expand", s.number(type, 1), s.ints(1));
        return s.concat(0, zero, start, one, end);
    }

    private static String along(Step s, String g, int axis, int rank, String matrix) {
        if (axis == rank - 1) {
            return s.matmul(g, s.transpose(matrix, 1, 0));
        }
        if (axis == rank - 2) {
            return s.matmul(matrix, g);
        }
        long[] order = LongStream.range(0, rank).toArray();
        order[axis] = rank - 1L;
        order[rank - 1] = axis;
        return s.transpose(s.matmul(s.transpose(g, order), s.transpose(matrix, 1, 0)), order);
    }

    /** The way back takes each block out of the image: a convolution with one kernel for each of its places. */
    private static void blocks(Step s) {
        int space = s.rank(s.y()) - 2;
        String count = s.op("ReduceProd", List.of(set("keepdims", 1)), s.x(2));
        String square = s.expand(s.number(0), s.concat(0, count, count));
        String kernels = s.op("Reshape", s.op("EyeLike", square), s.concat(0, s.ints(-1, 1), s.x(2)));
        String planes = s.op("Reshape", s.g(), s.concat(0, s.ints(-1, 1), s.x(1)));
        List<Attribute> attributes = List.of(
                set("strides", s.integers("strides", space, 1)),
                set("dilations", s.integers("dilations", space, 1)),
                set("pads", s.integers("pads", 2 * space, 0)));
        s.give(0, s.shapedLike(s.op("Conv", attributes, planes, kernels), s.x()));
    }

    /**
     * The average of samples is a product of two matrices for each region, one for rows and one for columns. Each is
     * what the operator makes of an image with a channel for each row, or column. The regions themselves have no
     * gradient, as in PyTorch.
     */
    private static void align(Step s) {
        if (!s.text("mode", "avg").equals("avg")) {
            throw s.refuse("it takes the highest sample (mode max); a rule is known for averages");
        }
        String rows = matrix(s, 2);
        String columns = matrix(s, 3);
        String regions = s.matmul(s.matmul(s.unsqueeze(s.transpose(rows, 0, 2, 1), 1), s.g()), s.unsqueeze(columns, 1));
        if (s.needs(0)) {
            String along = s.expand(s.reshape(s.x(2), -1, 1, 1, 1), s.op("Shape", regions));
            s.give(0, s.addAt("ScatterElements", List.of(set("axis", 0)), s.element(), s.zeros(s.x()), along, regions));
        }
        if (s.needs(1)) {
            s.give(1, s.zeros(s.x(1)));
        }
    }

    /** The weight of each row, or column, of the image in each one of the result: (regions, result, image). */
    private static String matrix(Step s, int axis) {
        boolean rows = axis == 2;
        String size = s.sizes(s.x(), axis);
        String identity = s.op("EyeLike", s.expand(s.number(0), s.concat(0, size, size)));
        String image = s.unsqueeze(identity, rows ? new long[] {0, 3} : new long[] {0, 2});
        String broad = s.expand(image, rows ? s.ints(1, 1, 1, 2) : s.ints(1, 1, 2, 1));
        // On the other axis every region is inside the image.
        String scale = s.number(1 / s.real("spatial_scale", 1));
        String one = s.expand(s.number(1), s.op("Shape", s.x(1)));
        String low = s.op("Slice", s.mul(one, s.times(scale, 0.5)), s.ints(0), s.ints(1), s.ints(1));
        String high = s.op("Slice", s.mul(one, scale), s.ints(0), s.ints(1), s.ints(1));
        String first = s.op("Slice", s.x(1), s.ints(rows ? 1 : 0), s.ints(rows ? 2 : 1), s.ints(1));
        String last = s.op("Slice", s.x(1), s.ints(rows ? 3 : 2), s.ints(rows ? 4 : 3), s.ints(1));
        String regions = rows ? s.concat(1, low, first, high, last) : s.concat(1, first, low, last, high);
        String batch = s.op("Mul", s.x(2), s.integer(0));
        List<Attribute> attributes = new ArrayList<>(s.node().attributes().values());
        attributes.removeIf(attribute -> attribute.name().equals(rows ? "output_width" : "output_height"));
        String read = s.op("RoiAlign", attributes, broad, regions, batch);
        return s.transpose(s.squeeze(read, rows ? 3 : 2), 0, 2, 1);
    }

    /** What is written over has no gradient, what is written has that of where it went. */
    private static void cache(Step s) {
        String[] inputs = s.node().inputs().toArray(new String[0]);
        if (s.needs(0)) {
            inputs[0] = s.g();
            inputs[1] = s.zeros(s.x(1));
            s.give(0, s.op("TensorScatter", attributes(s), inputs));
        }
        if (s.needs(1)) {
            inputs[0] = s.expand(s.integer(0), s.shape(s.x()));
            inputs[1] = s.add(s.elementNumbers(s.x(1)), s.integer(1));
            s.give(1, scattered(s, 1, s.op("TensorScatter", attributes(s), inputs)));
        }
    }

    private static List<Attribute> attributes(Step s) {
        return List.copyOf(s.node().attributes().values());
    }

    /**
     * Sends a gradient back to an input whose elements were moved, while others were put in.
     *
     * @param numbers from 1 on of the elements that came from the input, 0 of others
     */
    private static String scattered(Step s, int input, String numbers) {
        String one = s.ints(1);
        String sums = s.addAt(
                "ScatterElements",
                List.of(set("axis", 0)),
                s.element(),
                s.expand(s.number(0), s.add(s.count(s.x(input)), one)),
                s.flat(numbers),
                s.flat(s.g()));
        return s.shapedLike(s.slice(sums, one, s.ints(Long.MAX_VALUE), s.ints(0)), s.x(input));
    }
}
