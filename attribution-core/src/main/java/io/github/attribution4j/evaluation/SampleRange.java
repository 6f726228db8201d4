// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.status.Experimental;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Samples of some examples, from one number to another: a row for each, those of the first example, then those of the
 * next.
 */
@Experimental
public final class SampleRange {
    private final int[] examples;
    private final int first;
    private final int end;

    private SampleRange(int[] examples, int first, int end) {
        this.examples = examples.clone();
        this.first = first;
        this.end = end;
    }

    /** Returns samples 0 to {@code end} of all examples from 0 to {@code examples}; ends are exclusive. */
    public static SampleRange ofAll(int examples, int end) {
        return of(IntStream.range(0, examples).toArray(), 0, end);
    }

    /**
     * Returns a range.
     *
     * @param examples numbers of examples
     * @param first number of the first sample of each, inclusive
     * @param end number of the last sample of each, exclusive
     */
    public static SampleRange of(int[] examples, int first, int end) {
        return new SampleRange(examples, first, end);
    }

    /** Returns the number of rows. */
    public long count() {
        return (long) examples.length * group();
    }

    /** Returns how many samples there are of each example. */
    public int group() {
        return end - first;
    }

    /** Returns the numbers of the examples. */
    public int[] examples() {
        return examples.clone();
    }

    /** Returns the example of a row. */
    public int example(long row) {
        return examples[(int) (row / group())];
    }

    /**
     * Returns the example of each of some rows.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     */
    public long[] examples(long from, long to) {
        return LongStream.range(from, to).map(this::example).toArray();
    }

    /**
     * Returns the number of the sample of each of some rows.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     */
    public long[] samples(long from, long to) {
        return LongStream.range(from, to).map(row -> first + row % group()).toArray();
    }

    /** Returns the numbers of examples and samples. */
    @Override
    public String toString() {
        return "samples " + first + " to " + end + " of " + examples.length + " examples";
    }
}
