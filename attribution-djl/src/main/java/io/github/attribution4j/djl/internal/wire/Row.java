// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

/**
 * Names a value inside the model, and says what to do with it.
 *
 * @param module pre-order index of the module
 * @param call the number of the module's call within one run, from 0; {@link #EVERY_CALL} for all
 * @param side {@link #RESULT}, {@link #ARGUMENTS}, or the {@code ValueInfo.side} of a value inside a method; the call
 *     then counts the executions of that place
 * @param element the tensor within the result or the arguments, flattened depth first; a None counts as one
 * @param leaf whether the value becomes a new leaf of the graph, so that it has a gradient
 * @param view how the value appears outside if its axis 0 does not count rows: {@link #AS_IS}, {@link #ALONE}, or the
 *     result of {@link #rowMajor}, {@link #rowMinor} or {@link #axis}
 */
public record Row(int module, int call, int side, int element, boolean leaf, long view) {
    /** Axis 0 counts rows, or rows do not matter. */
    public static final long AS_IS = 0;

    /** The run has one row, and the value is that row: it appears with an axis of extent 1 in front. */
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
     * @param call the number of the call
     * @param side the side of the module, or the place
     * @param element the tensor
     * @param leaf whether it becomes a new leaf
     */
    public Row(int module, int call, int side, int element, boolean leaf) {
        this(module, call, side, element, leaf, AS_IS);
    }

    /**
     * Returns the view of a value of shape {@code (rows * k, ...)} in which the k parts of a row are neighbors:
     * {@code (rows, k, ...)}.
     *
     * @param rows the number of rows
     * @return the view
     */
    public static long rowMajor(long rows) {
        return 8 * rows + 2;
    }

    /**
     * Returns the view of a value of shape {@code (k * rows, ...)} in which part 0 of all rows comes first, as in two
     * concatenated batches: {@code (rows, k, ...)}.
     *
     * @param rows the number of rows
     * @return the view
     */
    public static long rowMinor(long rows) {
        return 8 * rows + 3;
    }

    /**
     * Returns the view of a value in which another axis counts rows. That axis comes first.
     *
     * @param axis the axis that counts rows
     * @return the view
     */
    public static long axis(int axis) {
        return 8L * axis + 4;
    }

    /**
     * Returns this row with another view.
     *
     * @param other the view
     * @return the row
     */
    public Row seen(long other) {
        return new Row(module, call, side, element, leaf, other);
    }

    /**
     * Returns this row as a leaf or not.
     *
     * @param fresh whether the value becomes a new leaf
     * @return the row
     */
    public Row asLeaf(boolean fresh) {
        return new Row(module, call, side, element, fresh, view);
    }

    /**
     * Returns this row for every call of the module.
     *
     * @return the row
     */
    public Row everyCall() {
        return new Row(module, EVERY_CALL, side, element, leaf, view);
    }

    /**
     * Names the first tensor of a module's result in its first call.
     *
     * @param module pre-order index of the module
     * @param leaf whether it becomes a new leaf
     * @return the row
     */
    public static Row output(int module, boolean leaf) {
        return new Row(module, 0, RESULT, 0, leaf);
    }
}
