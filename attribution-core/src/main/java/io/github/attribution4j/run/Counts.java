// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

/**
 * The cost of an explanation.
 *
 * @param forwardRows rows of forward calls, those of pullbacks included
 * @param backwardRows rows of backward calls
 * @param batches calls of the model
 * @param largestBatch rows in the largest call
 * @param checkRows additional rows that test whether the model's rows change each other: one for each model and shape
 *     of rows, in the first explanation with several rows in a call. They are not part of the other counts, which show
 *     the cost of the method
 */
public record Counts(long forwardRows, long backwardRows, long batches, long largestBatch, long checkRows) {
    /** No cost. */
    public static final Counts NONE = new Counts(0, 0, 0, 0);

    /** Creates a cost without such additional rows. */
    public Counts(long forwardRows, long backwardRows, long batches, long largestBatch) {
        this(forwardRows, backwardRows, batches, largestBatch, 0);
    }

    /** Returns the sum of both costs. */
    public Counts plus(Counts other) {
        return new Counts(
                forwardRows + other.forwardRows,
                backwardRows + other.backwardRows,
                batches + other.batches,
                Math.max(largestBatch, other.largestBatch),
                checkRows + other.checkRows);
    }
}
