// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** Rows of several examples, one example after the other: which example a row is of, and its number among those. */
public final class RowIndex {
    private final long[] starts;

    private RowIndex(long[] starts) {
        this.starts = starts;
    }

    /**
     * Returns an index.
     *
     * @param counts gives the number of rows of an example
     */
    public static RowIndex of(int examples, IntUnaryOperator counts) {
        long[] starts = new long[examples + 1];
        for (int example = 0; example < examples; example++) {
            starts[example + 1] = starts[example] + counts.applyAsInt(example);
        }
        return new RowIndex(starts);
    }

    /** Returns the number of rows. */
    public long count() {
        return starts[starts.length - 1];
    }

    /** Returns the first row of an example; of the example behind the last, the number of rows. */
    public int start(int example) {
        return Math.toIntExact(starts[example]);
    }

    /** Returns the example of a row. */
    public int example(long row) {
        int found = Arrays.binarySearch(starts, row);
        int at = found >= 0 ? found : -found - 2;
        while (starts[at + 1] == starts[at]) {
            at++;
        }
        return at;
    }

    /** Returns the number of a row among those of its example, from 0. */
    public int local(long row) {
        return Math.toIntExact(row - starts[example(row)]);
    }
}
