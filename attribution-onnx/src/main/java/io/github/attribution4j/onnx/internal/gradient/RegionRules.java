// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Regions of images that other operators have found, and blocks that are written back into images. */
final class RegionRules {
    private RegionRules() {}

    static void addTo(Map<String, Rule> table) {
        table.put("Col2Im", RegionRules::blocks);
        table.put("MaxUnpool", s -> s.give(0, s.op("Gather", List.of(set("axis", 0)), s.flat(s.g()), s.x(1))));
        table.put("RoiAlign", RegionRules::align);
        table.put("CenterCropPad", RegionRules::centre);
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
            s.give(
                    0,
                    s.op(
                            "ScatterElements",
                            List.of(set("axis", 0), set("reduction", "add")),
                            s.zeros(s.x()),
                            along,
                            regions));
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

    /** Elements are moved, left out, or added as zeros, which have number 0. */
    private static void centre(Step s) {
        String[] inputs = s.node().inputs().toArray(new String[0]);
        inputs[0] = s.add(s.elementNumbers(), s.integer(1));
        String moved = s.op("CenterCropPad", List.copyOf(s.node().attributes().values()), inputs);
        String one = s.ints(1);
        String sums = s.op(
                "ScatterElements",
                List.of(set("axis", 0), set("reduction", "add")),
                s.expand(s.number(0), s.add(s.count(s.x()), one)),
                s.flat(moved),
                s.flat(s.g()));
        s.give(0, s.shapedLike(s.slice(sums, one, s.ints(Long.MAX_VALUE), s.ints(0)), s.x()));
    }
}
