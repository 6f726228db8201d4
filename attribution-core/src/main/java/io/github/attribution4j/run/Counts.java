// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

/**
 * The cost of an explanation.
 *
 * @param forwardRows rows of forward calls, those of pullbacks included
 * @param backwardRows rows of backward calls
 * @param batches calls of the model
 * @param largestBatch rows in the largest call
 * @param checkRows additional rows, counted nowhere else, that test whether the model's rows change each other: one for
 *     each model and shape of rows, in the first explanation with several rows in a call. So the other counts show the
 *     cost of the method itself
 */
public record Counts(long forwardRows, long backwardRows, long batches, long largestBatch, long checkRows) {
    /** Nothing evaluated. */
    public static final Counts NONE = new Counts(0, 0, 0, 0);

    /** Creates a cost without rows run for comparison. */
    public Counts(long forwardRows, long backwardRows, long batches, long largestBatch) {
        this(forwardRows, backwardRows, batches, largestBatch, 0);
    }

    /** Returns the cost of both. */
    public Counts plus(Counts other) {
        return new Counts(
                forwardRows + other.forwardRows,
                backwardRows + other.backwardRows,
                batches + other.batches,
                Math.max(largestBatch, other.largestBatch),
                checkRows + other.checkRows);
    }
}
