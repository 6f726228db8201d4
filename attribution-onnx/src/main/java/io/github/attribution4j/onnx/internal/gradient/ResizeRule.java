// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Resizing is linear on each axis separately: a matrix, which is found by resizing the identity. This holds for every
 * interpolation and every convention of coordinates.
 */
final class ResizeRule {
    private ResizeRule() {}

    static void addTo(Map<String, Rule> table) {
        table.put("Resize", ResizeRule::resize);
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

    private static boolean untouched(Step s, int i, int axis) {
        if (crops(s)) {
            return false;
        }
        if (s.has(2)) {
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
        if (s.has(2)) {
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
}
