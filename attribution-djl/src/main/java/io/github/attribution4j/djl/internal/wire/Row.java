// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

/**
 * Names a value inside the model and says what to do with it.
 *
 * @param module pre-order index of the module
 * @param call number of the module's call within one run, from 0; {@link #EVERY_CALL} for all
 * @param side {@link #RESULT}, {@link #ARGUMENTS}, or the {@code ValueInfo.side} of a value inside a method, whose executions the call then counts
 * @param element which tensor of the result or of the arguments, flattened depth first; a None counts as one
 * @param leaf whether the value becomes a fresh leaf of the graph, so that gradients with respect to it exist
 * @param view how the value is seen from outside, where its axis 0 does not count rows: {@link #AS_IS}, {@link #ALONE}, or of {@link #rowMajor}, {@link #rowMinor}, {@link #axis}
 */
public record Row(int module, int call, int side, int element, boolean leaf, long view) {
    /** Axis 0 counts rows, or nobody cares. */
    public static final long AS_IS = 0;

    /** The run is one of one row, and the value is that row: an axis of extent 1 is put in front. */
    public static final long ALONE = 1;

    /** Every call of the module. */
    public static final int EVERY_CALL = -1;

    /** The value is part of what the module returns. */
    public static final int RESULT = 0;

    /** The value is part of what the module is given. */
    public static final int ARGUMENTS = 1;

    public Row {
        if (module < 0 || call < EVERY_CALL || side < RESULT || element < 0) {
            throw new IllegalArgumentException(
                    "no such value: module " + module + ", call " + call + ", side " + side + ", element " + element);
        }
    }

    /**
     * Names a value whose axis 0 counts rows.
     *
     * @param module pre-order index of the module
     * @param call number of the call
     * @param side of the module, or place
     * @param element which tensor
     * @param leaf whether it becomes a fresh leaf
     */
    public Row(int module, int call, int side, int element, boolean leaf) {
        this(module, call, side, element, leaf, AS_IS);
    }

    /**
     * The view of a value of shape {@code (rows * k, ...)} in which the k parts of a row follow one another: {@code (rows, k, ...)}.
     *
     * @param rows their number
     * @return the view
     */
    public static long rowMajor(long rows) {
        return 8 * rows + 2;
    }

    /**
     * The view of a value of shape {@code (k * rows, ...)} in which part 0 of all rows comes first, as two batches put behind one another have it: {@code (rows, k, ...)}.
     *
     * @param rows their number
     * @return the view
     */
    public static long rowMinor(long rows) {
        return 8 * rows + 3;
    }

    /**
     * The view of a value whose rows another axis counts: that axis comes first.
     *
     * @param axis which
     * @return the view
     */
    public static long axis(int axis) {
        return 8L * axis + 4;
    }

    /**
     * Returns this row seen otherwise.
     *
     * @param other the view
     * @return the row
     */
    public Row seen(long other) {
        return new Row(module, call, side, element, leaf, other);
    }

    /**
     * Returns this row with another answer to whether the value is a leaf.
     *
     * @param fresh whether it becomes a fresh leaf
     * @return the row
     */
    public Row asLeaf(boolean fresh) {
        return new Row(module, call, side, element, fresh, view);
    }

    /**
     * Names the first tensor of a module's result in its first call.
     *
     * @param module pre-order index of the module
     * @param leaf whether it becomes a fresh leaf
     * @return the row
     */
    public static Row output(int module, boolean leaf) {
        return new Row(module, 0, RESULT, 0, leaf);
    }
}
