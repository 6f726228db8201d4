// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The positions of a tensor's elements in a flat array: element {@code i} is at
 * {@code offset + Σ i[axis] · stride[axis]}.
 */
final class Layout {
    private final Shape shape;
    private final int offset;
    private final int[] strides;

    private Layout(Shape shape, int offset, int[] strides) {
        this.shape = shape;
        this.offset = offset;
        this.strides = strides;
    }

    /** Returns the row-major layout without gaps. */
    static Layout contiguous(Shape shape) {
        return new Layout(shape, 0, rowMajor(shape));
    }

    /** Returns the layout in which every element is the one at 0. */
    static Layout constant(Shape shape) {
        return new Layout(shape, 0, new int[shape.rank()]);
    }

    /** Returns the layout in which the result of a reduction is addressed by the elements that are reduced. */
    static Layout reduced(Shape shape, boolean[] reduced, Shape kept) {
        int[] keptStrides = rowMajor(kept);
        int[] strides = new int[shape.rank()];
        int next = 0;
        for (int axis = 0; axis < strides.length; axis++) {
            strides[axis] = reduced[axis] ? 0 : keptStrides[next++];
        }
        return new Layout(shape, 0, strides);
    }

    private static int[] rowMajor(Shape shape) {
        size(shape);
        int[] strides = new int[shape.rank()];
        int stride = 1;
        for (int axis = strides.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= (int) Math.max(1, shape.dim(axis));
        }
        return strides;
    }

    /** Returns the number of elements, which one Java array must be able to hold. */
    static int size(Shape shape) {
        if (shape.size() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("shape " + shape + " has " + shape.size()
                    + " elements; the plain-Java backend holds up to 2147483639 in one tensor: give fewer"
                    + " rows at once");
        }
        return (int) shape.size();
    }

    Shape shape() {
        return shape;
    }

    int offset() {
        return offset;
    }

    int stride(int axis) {
        return strides[axis];
    }

    boolean isContiguous() {
        if (shape.size() == 0) {
            return true;
        }
        int expected = 1;
        for (int axis = strides.length - 1; axis >= 0; axis--) {
            if (shape.dim(axis) != 1 && strides[axis] != expected) {
                return false;
            }
            expected *= (int) shape.dim(axis);
        }
        return true;
    }

    private boolean isConstant() {
        for (int axis = 0; axis < strides.length; axis++) {
            if (shape.dim(axis) != 1 && strides[axis] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns the same elements in row-major order under another shape, or null if they must be copied for that. */
    @Nullable
    Layout reshape(Shape changed) {
        if (isConstant()) {
            return new Layout(changed, offset, new int[changed.rank()]);
        }
        return isContiguous() ? new Layout(changed, offset, rowMajor(changed)) : null;
    }

    Layout broadcast(Shape target) {
        if (shape.equals(target)) {
            return this;
        }
        int[] stretched = new int[target.rank()];
        int added = target.rank() - shape.rank();
        for (int axis = 0; axis < strides.length; axis++) {
            stretched[added + axis] = shape.dim(axis) == 1 ? 0 : strides[axis];
        }
        return new Layout(target, offset, stretched);
    }

    Layout slice(int axis, long from, long to) {
        // An empty range may start after the last element.
        int start = from == to ? 0 : (int) from * strides[axis];
        return new Layout(shape.with(axis, to - from), offset + start, strides);
    }

    /** Returns the elements at one position of an axis. The axis disappears. */
    Layout at(int axis, long index) {
        int rank = strides.length;
        long[] dims = new long[rank - 1];
        int[] kept = new int[rank - 1];
        for (int from = 0, to = 0; from < rank; from++) {
            if (from != axis) {
                dims[to] = shape.dim(from);
                kept[to++] = strides[from];
            }
        }
        return new Layout(Shape.of(dims), offset + (int) index * strides[axis], kept);
    }

    @Override
    public String toString() {
        return shape + " at " + offset + " by " + Arrays.toString(strides);
    }
}
