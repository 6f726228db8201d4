// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** Rows of several examples, one example after the other: which example a row is of, and the how manieth of it. */
final class RowIndex {
    private final int from;
    private final long[] starts;

    private RowIndex(int from, long[] starts) {
        this.from = from;
        this.starts = starts;
    }

    /**
     * Returns an index of examples {@code from} (inclusive) to {@code to} (exclusive).
     *
     * @param counts gives the number of rows of an example
     */
    static RowIndex of(int from, int to, IntUnaryOperator counts) {
        long[] starts = new long[to - from + 1];
        for (int example = from; example < to; example++) {
            starts[example - from + 1] = starts[example - from] + counts.applyAsInt(example);
        }
        return new RowIndex(from, starts);
    }

    /** Returns the number of rows. */
    long count() {
        return starts[starts.length - 1];
    }

    /** Returns the first row of an example. */
    int start(int example) {
        return Math.toIntExact(starts[example - from]);
    }

    /** Returns the example of a row. */
    int example(long row) {
        int found = Arrays.binarySearch(starts, row);
        int at = found >= 0 ? found : -found - 2;
        while (starts[at + 1] == starts[at]) {
            at++;
        }
        return from + at;
    }

    /** Returns the how manieth row of its example a row is, from 0. */
    int local(long row) {
        return Math.toIntExact(row - starts[example(row) - from]);
    }
}
