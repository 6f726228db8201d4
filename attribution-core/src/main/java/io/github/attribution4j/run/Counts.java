// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

/**
 * What an explanation cost.
 *
 * @param forwardRows rows that the model was run on, those of pullbacks included
 * @param backwardRows rows that gradients were taken of
 * @param batches calls of the model
 * @param largestBatch rows in the largest call
 * @param checkRows rows run besides, and counted nowhere else, to see whether the model's rows change each other: one for each
 *     model and shape of rows, in the first explanation that gives a call several rows; so what a method is said to cost is what
 *     the others show
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
