// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.tensor.Shape;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Random masks for rows of one input: a coarse grid of cells, each 1 or 0, resized linearly to one cell more than the
 * row and cut out at a random shift. An axis with a single cell has extent 1 in a mask, which is the same everywhere
 * along it.
 */
final class RandomGrid {
    private final Axis[] axes;
    private final int cells;
    private final Shape shape;

    private RandomGrid(Axis[] axes) {
        this.axes = axes;
        this.cells = product(0, axes.length, false);
        this.shape = Shape.of(Arrays.stream(axes).mapToLong(Axis::extent).toArray());
    }

    /** One axis: for each place along the resized grid the cell below, and how much of the next one is mixed in. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
    private record Axis(int cells, int extent, int shifts, int[] below, double[] above) {
        static Axis of(int cells, int extent) {
            if (cells == 1) {
                return new Axis(1, 1, 1, new int[] {0}, new double[] {0});
            }
            int perCell = (extent + cells - 1) / cells;
            int length = (cells + 1) * perCell;
            int[] below = new int[length];
            double[] above = new double[length];
            for (int i = 0; i < length; i++) {
                double place = Math.max(0, (i + 0.5) * cells / length - 0.5);
                below[i] = Math.min((int) place, cells - 1);
                above[i] = below[i] == cells - 1 ? 0 : place - below[i];
            }
            return new Axis(cells, extent, perCell, below, above);
        }
    }

    /**
     * Returns the grids over a row.
     *
     * @param row shape of a row
     * @param cells for each axis of the row how many, at least 1; an axis has at most one for each element
     */
    static RandomGrid of(Shape row, long[] cells) {
        Axis[] axes = new Axis[cells.length];
        for (int axis = 0; axis < axes.length; axis++) {
            int extent = Math.toIntExact(row.dim(axis));
            axes[axis] = Axis.of((int) Math.max(1, Math.min(cells[axis], extent)), extent);
        }
        return new RandomGrid(axes);
    }

    /** Returns the shape of masks for some rows. */
    Shape shape(long rows) {
        return shape.prepend(rows);
    }

    /** Returns the number of elements of the mask of a row. */
    int size() {
        return Math.toIntExact(shape.size());
    }

    /**
     * Draws a mask: first the cells, row-major, then the shift along each axis with more than one cell.
     *
     * @param keep probability that a cell is 1
     * @param into takes {@link #size} values from {@code at} on
     */
    void draw(RandomGenerator random, double keep, double[] into, int at) {
        double[] values = new double[cells];
        for (int cell = 0; cell < cells; cell++) {
            values[cell] = random.nextDouble() < keep ? 1 : 0;
        }
        int[] shifts = new int[axes.length];
        for (int axis = 0; axis < axes.length; axis++) {
            shifts[axis] = axes[axis].cells == 1 ? 0 : random.nextInt(axes[axis].shifts);
        }
        // The first axis last: it is the pass over all elements, and runs along them.
        for (int axis = axes.length - 1; axis > 0; axis--) {
            double[] wider = new double[product(0, axis, false) * product(axis, axes.length, true)];
            resize(axis, shifts[axis], values, wider, 0);
            values = wider;
        }
        if (axes.length == 0) {
            into[at] = values[0];
        } else {
            resize(0, shifts[0], values, into, at);
        }
    }

    /** Resizes one axis; those before it are still cells, those behind it elements. */
    private void resize(int axis, int shift, double[] from, double[] into, int at) {
        Axis along = axes[axis];
        int outer = product(0, axis, false);
        int inner = product(axis + 1, axes.length, true);
        int next = at;
        for (int o = 0; o < outer; o++) {
            for (int i = shift; i < shift + along.extent; i++) {
                int low = (o * along.cells + along.below[i]) * inner;
                double above = along.above[i];
                if (above == 0) {
                    System.arraycopy(from, low, into, next, inner);
                } else {
                    for (int j = 0; j < inner; j++) {
                        into[next + j] = (1 - above) * from[low + j] + above * from[low + inner + j];
                    }
                }
                next += inner;
            }
        }
    }

    private int product(int from, int to, boolean elements) {
        int product = 1;
        for (int axis = from; axis < to; axis++) {
            product = Math.multiplyExact(product, elements ? axes[axis].extent : axes[axis].cells);
        }
        return product;
    }
}
