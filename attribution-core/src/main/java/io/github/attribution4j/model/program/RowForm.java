// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.status.Experimental;

/**
 * How a value inside a program is seen so that its axis 0 counts rows. Where and how an engine does so is its business:
 * inside its graph, or by reshaping what goes in and comes out.
 *
 * @param kind which axis of the value counts rows
 * @param number the axis of {@link Kind#AXIS}, the number of rows of {@link Kind#MAJOR} and {@link Kind#MINOR}; else 0
 */
@Experimental
public record RowForm(Kind kind, long number) {
    /** Axis 0 counts rows: the value is seen as it is. */
    public static final RowForm ROWS = new RowForm(Kind.ROWS, 0);

    /** The run is one of one row. */
    public static final RowForm ALONE = new RowForm(Kind.ALONE, 0);

    /** Where rows are. */
    public enum Kind {
        /** Axis 0 counts them, or a value of one row serves all. */
        ROWS,
        /** Another axis does; it is moved to the front. */
        AXIS,
        /**
         * The value is {@code (rows * k, ...)}, the k parts of a row follow one another; it is seen as
         * {@code (rows, k, ...)}.
         */
        MAJOR,
        /**
         * The value is {@code (k * rows, ...)}, part 0 of all rows comes first, as in two batches put behind one
         * another; it is seen as {@code (rows, k, ...)}.
         */
        MINOR,
        /** The run is one of one row, and the value is that row: an axis of extent 1 is put in front. */
        ALONE
    }
}
