// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.util.Arrays;

/** The extents of a tensor, outermost first. Immutable. A scalar has the empty shape. */
public final class Shape {
    private static final Shape SCALAR = new Shape(new long[0]);

    private final long[] dims;
    private final long size;

    private Shape(long[] dims) {
        this.dims = dims;
        long product = 1;
        for (long dim : dims) {
            product = Math.multiplyExact(product, dim);
        }
        this.size = product;
    }

    /**
     * Returns the shape with these extents.
     *
     * @param dims the extents, each at least 0; copied
     * @throws IllegalArgumentException if an extent is negative
     */
    public static Shape of(long... dims) {
        if (dims.length == 0) {
            return SCALAR;
        }
        for (int axis = 0; axis < dims.length; axis++) {
            if (dims[axis] < 0) {
                throw new IllegalArgumentException("shape " + Arrays.toString(dims) + ": extent " + dims[axis]
                        + " of axis " + axis + " is negative; extents are 0 or more");
            }
        }
        return new Shape(dims.clone());
    }

    /** Returns the shape of a scalar: no axes, one element. */
    public static Shape scalar() {
        return SCALAR;
    }

    /** Returns the number of axes. */
    public int rank() {
        return dims.length;
    }

    /**
     * Returns the extent of an axis.
     *
     * @param axis 0 to rank - 1, or -rank to -1 counted from the end
     */
    public long dim(int axis) {
        return dims[axis(axis)];
    }

    /** Returns the number of elements: the product of the extents, 1 for a scalar. */
    public long size() {
        return size;
    }

    /** Returns the extents as a new array. */
    public long[] dims() {
        return dims.clone();
    }

    /**
     * Returns an axis counted from the start.
     *
     * @param axis 0 to rank - 1, or -rank to -1 counted from the end
     * @throws IllegalArgumentException if the axis lies outside
     */
    public int axis(int axis) {
        int fromStart = axis < 0 ? axis + dims.length : axis;
        if (fromStart < 0 || fromStart >= dims.length) {
            throw new IllegalArgumentException(
                    "axis " + axis + " does not exist in shape " + this + " of rank " + dims.length);
        }
        return fromStart;
    }

    /** Returns this shape with the extent of one axis replaced. */
    public Shape with(int axis, long extent) {
        long[] changed = dims.clone();
        changed[axis(axis)] = extent;
        return of(changed);
    }

    /** Returns this shape with another number of rows, that is, another extent of axis 0. */
    public Shape withRows(long rows) {
        return with(0, rows);
    }

    /** Returns the shape of one row: this shape without axis 0. */
    public Shape row() {
        axis(0);
        return of(Arrays.copyOfRange(dims, 1, dims.length));
    }

    /** Returns this shape with another axis in front. */
    public Shape prepend(long extent) {
        long[] longer = new long[dims.length + 1];
        longer[0] = extent;
        System.arraycopy(dims, 0, longer, 1, dims.length);
        return of(longer);
    }

    /** Returns the shape {@code (rows, 1, 1, ...)} of this rank, for values that scale whole rows. */
    public Shape rowScale(long rows) {
        long[] scale = new long[dims.length];
        Arrays.fill(scale, 1);
        scale[axis(0)] = rows;
        return of(scale);
    }

    /**
     * Returns the shape that two operands broadcast to, by NumPy's rule: axes are aligned at the end, and extents are
     * equal or one of them is 1.
     *
     * @throws IllegalArgumentException naming both shapes if they do not fit
     */
    public Shape broadcast(Shape other) {
        if (equals(other)) {
            return this;
        }
        int rank = Math.max(dims.length, other.dims.length);
        long[] result = new long[rank];
        for (int fromEnd = 1; fromEnd <= rank; fromEnd++) {
            long a = fromEnd <= dims.length ? dims[dims.length - fromEnd] : 1;
            long b = fromEnd <= other.dims.length ? other.dims[other.dims.length - fromEnd] : 1;
            if (a != b && a != 1 && b != 1) {
                throw new IllegalArgumentException("shapes " + this + " and " + other + " do not broadcast: " + a
                        + " and " + b + " at axis -" + fromEnd + " differ and neither is 1");
            }
            result[rank - fromEnd] = a == 1 ? b : a;
        }
        return of(result);
    }

    /** Returns whether a tensor of this shape can be broadcast to {@code target} itself. */
    public boolean broadcastsTo(Shape target) {
        if (dims.length > target.dims.length) {
            return false;
        }
        for (int fromEnd = 1; fromEnd <= dims.length; fromEnd++) {
            long a = dims[dims.length - fromEnd];
            if (a != 1 && a != target.dims[target.dims.length - fromEnd]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape that && Arrays.equals(dims, that.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** Returns the extents in parentheses, such as {@code (3, 224, 224)}, {@code (5,)} or {@code ()}. */
    @Override
    public String toString() {
        if (dims.length == 1) {
            return "(" + dims[0] + ",)";
        }
        StringBuilder text = new StringBuilder("(");
        for (int axis = 0; axis < dims.length; axis++) {
            text.append(axis == 0 ? "" : ", ").append(dims[axis]);
        }
        return text.append(')').toString();
    }
}
