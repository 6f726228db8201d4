// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

/**
 * Walks several layouts of one shape together, in row-major order, in few long inner runs.
 *
 * <p>Axes of extent 1 are dropped, and adjacent axes that every layout steps through evenly are merged. So a mask
 * {@code (R, 1, H, W)} over an image {@code (R, 3, H, W)} is walked in runs of H·W elements, and two contiguous tensors
 * in a single run. The order of elements is row-major whatever is merged: a sum for one output does not depend on the
 * number of rows.
 */
final class Loop {
    private final boolean empty;
    private final int[] extents;
    private final int[][] strides;
    private final int[] starts;
    private final int inner;

    private Loop(Shape shape, Layout... layouts) {
        empty = shape.size() == 0;
        int[] merged = new int[shape.rank()];
        int[][] mergedStrides = new int[layouts.length][shape.rank()];
        int rank = 0;
        for (int axis = 0; axis < shape.rank(); axis++) {
            int extent = Math.toIntExact(shape.dim(axis));
            if (extent == 1) {
                continue;
            }
            if (rank > 0 && mergeable(rank - 1, mergedStrides, axis, extent, layouts)) {
                rank--;
                extent *= merged[rank];
            }
            merged[rank] = extent;
            for (int k = 0; k < layouts.length; k++) {
                mergedStrides[k][rank] = layouts[k].stride(axis);
            }
            rank++;
        }
        int outer = Math.max(0, rank - 1);
        inner = rank == 0 ? 1 : merged[outer];
        extents = new int[outer];
        System.arraycopy(merged, 0, extents, 0, outer);
        strides = new int[layouts.length][outer + 1];
        starts = new int[layouts.length];
        for (int k = 0; k < layouts.length; k++) {
            System.arraycopy(mergedStrides[k], 0, strides[k], 0, rank);
            starts[k] = layouts[k].offset();
            if (rank == 0) {
                strides[k][0] = 1;
            }
        }
    }

    /** Walks layouts that are broadcast to one shape. */
    static Loop over(Shape shape, Layout... layouts) {
        Layout[] stretched = new Layout[layouts.length];
        for (int k = 0; k < layouts.length; k++) {
            stretched[k] = layouts[k].broadcast(shape);
        }
        return new Loop(shape, stretched);
    }

    private static boolean mergeable(int outer, int[][] outerStrides, int axis, int extent, Layout... layouts) {
        for (int k = 0; k < layouts.length; k++) {
            if (outerStrides[k][outer] != layouts[k].stride(axis) * extent) {
                return false;
            }
        }
        return true;
    }

    /** Returns the number of elements in each inner run. */
    int inner() {
        return inner;
    }

    /** Returns the distance between adjacent elements of an inner run in one layout. */
    int step(int layout) {
        return strides[layout][extents.length];
    }

    /** Calls the body for each inner run, in row-major order. */
    void forEach(Body body) {
        if (empty) {
            return;
        }
        int[] at = starts.clone();
        int[] index = new int[extents.length];
        while (true) {
            body.run(at);
            int axis = extents.length - 1;
            while (axis >= 0 && index[axis] == extents[axis] - 1) {
                for (int k = 0; k < at.length; k++) {
                    at[k] -= index[axis] * strides[k][axis];
                }
                index[axis--] = 0;
            }
            if (axis < 0) {
                return;
            }
            index[axis]++;
            for (int k = 0; k < at.length; k++) {
                at[k] += strides[k][axis];
            }
        }
    }

    /** Works on one inner run. */
    interface Body {
        /**
         * Runs.
         *
         * @param at for each layout where the run starts
         */
        void run(int[] at);
    }
}
