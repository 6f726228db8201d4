// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;

/** Moves the axis that counts rows to the front and back; the order of the other axes stays. */
final class RowAxis {
    private RowAxis() {}

    /** Returns a tensor with the axis in front; the tensor itself if it is there already. */
    static Tensor first(Tensor tensor, int axis) {
        if (axis == 0) {
            return tensor;
        }
        Shape shape = tensor.shape();
        return swapped(tensor, before(shape, axis), shape.dim(axis), first(shape, axis));
    }

    /** Returns a tensor whose axis 0 is moved to the given axis; the tensor itself if that is 0. */
    static Tensor back(Tensor tensor, int axis) {
        if (axis == 0) {
            return tensor;
        }
        long[] dims = tensor.shape().dims();
        long rows = dims[0];
        System.arraycopy(dims, 1, dims, 0, axis);
        dims[axis] = rows;
        Shape shape = Shape.of(dims);
        return swapped(tensor, rows, before(shape, axis), shape);
    }

    /** Returns a shape with the axis in front. */
    static Shape first(Shape shape, int axis) {
        long[] dims = shape.dims();
        long rows = dims[axis];
        System.arraycopy(dims, 0, dims, 1, axis);
        dims[0] = rows;
        return Shape.of(dims);
    }

    private static long before(Shape shape, int axis) {
        long before = 1;
        for (int i = 0; i < axis; i++) {
            before *= shape.dim(i);
        }
        return before;
    }

    /** Swaps a and b of a tensor seen as {@code (a, b, rest)}, and returns it in another shape. */
    private static Tensor swapped(Tensor tensor, long a, long b, Shape result) {
        if (a <= 1 || b <= 1) {
            return tensor.reshape(result);
        }
        long rest = tensor.shape().size() / (a * b);
        long[] order = new long[Math.toIntExact(a * b)];
        for (int i = 0; i < order.length; i++) {
            order[i] = i % a * b + i / a;
        }
        return tensor.reshape(Shape.of(a * b, rest)).select(0, order).reshape(result);
    }
}
