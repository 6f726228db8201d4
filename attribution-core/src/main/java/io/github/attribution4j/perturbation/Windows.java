// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The positions of a window that slides over a row of one input: on each axis ⌈(extent − size) / stride⌉ + 1 of them,
 * of which the last is clipped at the edge.
 *
 * <p>An axis that a single window covers whole has extent 1 here, so that a window over all channels is one plane.
 */
final class Windows {
    private final long[] extents;
    private final long[] sizes;
    private final long[] strides;
    private final int[] positions;
    private final int count;

    private Windows(long[] extents, long[] sizes, long[] strides, int[] positions, int count) {
        this.extents = extents;
        this.sizes = sizes;
        this.strides = strides;
        this.positions = positions;
        this.count = count;
    }

    /** Returns the windows over a row of a shape that {@link #check} found good. */
    static Windows of(Shape row, Shape window, Shape stride) {
        int rank = row.rank();
        long[] extents = row.dims();
        long[] sizes = window.dims();
        long[] strides = stride.dims();
        int[] positions = new int[rank];
        int count = 1;
        for (int axis = 0; axis < rank; axis++) {
            positions[axis] = Math.toIntExact((extents[axis] - sizes[axis] + strides[axis] - 1) / strides[axis] + 1);
            count = Math.multiplyExact(count, positions[axis]);
            if (sizes[axis] == extents[axis]) {
                extents[axis] = 1;
                sizes[axis] = 1;
            }
        }
        return new Windows(extents, sizes, strides, positions, count);
    }

    /** Reads shapes of windows, one for each input, separated by semicolons. */
    static List<Shape> shapes(String text) {
        return Arrays.stream(text.split(";", -1))
                .map(one -> Shape.of(Numbers.integers(one)))
                .toList();
    }

    /** Writes shapes as {@link #shapes} reads them. */
    static String text(List<Shape> shapes) {
        return shapes.stream()
                .map(shape ->
                        Arrays.stream(shape.dims()).mapToObj(Long::toString).collect(Collectors.joining(",")))
                .collect(Collectors.joining(";"));
    }

    static void check(Inputs.Input input, Shape window, Shape stride, Problems problems) {
        Shape shape = input.tensor().shape();
        if (window.rank() != shape.rank() - 1 || stride.rank() != window.rank()) {
            problems.add("occlusion: window " + window + " and stride " + stride + " for input '" + input.name()
                    + "' of shape " + shape + "; both need one number for each axis but that of the examples, "
                    + (shape.rank() - 1));
            return;
        }
        for (int axis = 0; axis < window.rank(); axis++) {
            long size = window.dim(axis);
            long step = stride.dim(axis);
            long extent = shape.dim(axis + 1);
            String where = " on axis " + (axis + 1) + " of input '" + input.name() + "' of shape " + shape;
            if (size < 1 || size > extent) {
                problems.add("occlusion: window " + window + where + ": " + size + " must be 1 to " + extent);
            } else if (step < 1) {
                problems.add("occlusion: stride " + stride + where + ": " + step + " must be at least 1");
            } else if (step > size && size < extent) {
                problems.add("occlusion: stride " + stride + where + ": " + step + " is more than the window's " + size
                        + ", so that elements between windows would never be occluded; stride must not exceed window");
            }
        }
    }

    /** Returns how many windows there are. */
    int count() {
        return count;
    }

    /** Returns the shape of rows of masks. */
    Shape shape(long rows) {
        return Shape.of(extents).prepend(rows);
    }

    /** Returns the number of elements of a row of a mask. */
    int rowSize() {
        return Math.toIntExact(Shape.of(extents).size());
    }

    /** What is done to a run of elements that a window covers. */
    interface Run {
        /** Handles elements {@code from} (inclusive) to {@code to} (exclusive) of a row, row-major. */
        void run(int from, int to);
    }

    /** Calls back for each run of elements that a window covers. */
    void cover(int window, Run run) {
        int rank = extents.length;
        int[] from = new int[rank];
        int[] to = new int[rank];
        int rest = window;
        for (int axis = rank - 1; axis >= 0; axis--) {
            from[axis] = (int) (rest % positions[axis] * strides[axis]);
            to[axis] = (int) Math.min(extents[axis], from[axis] + sizes[axis]);
            rest /= positions[axis];
        }
        int[] at = from.clone();
        while (true) {
            int start = 0;
            for (int axis = 0; axis < rank; axis++) {
                start = start * (int) extents[axis] + at[axis];
            }
            run.run(start, start + (rank == 0 ? 1 : to[rank - 1] - from[rank - 1]));
            int axis = rank - 2;
            while (axis >= 0 && at[axis] == to[axis] - 1) {
                at[axis] = from[axis];
                axis--;
            }
            if (axis < 0) {
                return;
            }
            at[axis]++;
        }
    }

    /** Returns for each element how many windows cover it. */
    int[] coverage() {
        int[] covered = new int[rowSize()];
        for (int window = 0; window < count; window++) {
            cover(window, (from, to) -> {
                for (int i = from; i < to; i++) {
                    covered[i]++;
                }
            });
        }
        return covered;
    }

    /** Makes a mask that is false under a window. */
    void keepOutside(int window, boolean[] keep, int at) {
        Arrays.fill(keep, at, at + rowSize(), true);
        cover(window, (from, to) -> Arrays.fill(keep, at + from, at + to, false));
    }
}
