// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.status.Experimental;

/**
 * How a value inside a program is arranged so that its axis 0 counts rows. An engine may do this inside its graph, or
 * reshape the tensors that it takes and returns.
 *
 * @param kind which axis of the value counts rows
 * @param number the axis of {@link Kind#AXIS}, the number of rows of {@link Kind#MAJOR} and {@link Kind#MINOR}; else 0
 */
@Experimental
public record RowForm(Kind kind, long number) {
    /** Axis 0 counts rows: the value is unchanged. */
    public static final RowForm ROWS = new RowForm(Kind.ROWS, 0);

    /** The run has one row. */
    public static final RowForm ALONE = new RowForm(Kind.ALONE, 0);

    /** Which axis counts rows. */
    public enum Kind {
        /** Axis 0 counts rows, or one row is used for all. */
        ROWS,
        /** Another axis counts rows; it is moved to the front. */
        AXIS,
        /**
         * The value is {@code (rows * k, ...)} with the k parts of a row together; it is reshaped to
         * {@code (rows, k, ...)}.
         */
        MAJOR,
        /**
         * The value is {@code (k * rows, ...)} with part 0 of all rows first, as in two joined batches; it is
         * rearranged to {@code (rows, k, ...)}.
         */
        MINOR,
        /** The run has one row, and the value is that row: an axis of extent 1 is added in front. */
        ALONE
    }
}
