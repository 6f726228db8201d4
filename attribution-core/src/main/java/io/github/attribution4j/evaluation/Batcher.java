// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** Decides how many rows the next call of the model has. One for each evaluation; not shared between threads. */
final class Batcher {
    /**
     * The most rows of inputs in one call under {@link Run.Batching#steady()}; more rows were measured to be no faster.
     */
    private static final long STEADY_INPUT_BYTES = 6L << 20;
    /** The most memory that one call takes under {@link Run.Batching#steady()}, if the model has an estimate. */
    private static final long STEADY_MODEL_BYTES = 1L << 30;

    private static final int STEADY_ROWS = 256;
    /** The most rows in one call of an engine where rows are so small that what a call costs by itself counts. */
    private static final int STEADY_SMALL_ROWS = 4096;

    private static final long STEADY_SMALL_INPUT_BYTES = 256L << 10;
    private static final long STEADY_SMALL_MODEL_BYTES = 64L << 20;
    private static final int AUTO_ROWS = 4096;
    /** The memory that a model without an estimate is assumed to need, as a multiple of its input's size. */
    private static final long ASSUMED_FORWARD = 16;

    private static final long ASSUMED_GRADIENT = 32;
    /** Doubling continues only while it raises rows per second by this factor. */
    private static final double WORTHWHILE = 1.05;

    private final boolean growing;
    private int rows;
    private int limit;
    private double bestRate;
    private int bestRows = 1;
    private boolean settled;
    private boolean disappointed;

    private Batcher(int rows, int limit, boolean growing) {
        this.rows = rows;
        this.limit = limit;
        this.growing = growing;
    }

    /**
     * Returns the batcher of one evaluation.
     *
     * @param callsCost whether a call costs something by itself: not so for functions of Java, where a larger call
     *     gains nothing, and a deadline waits for its end
     * @param bytesPerRow the model's estimate for one more row; called only if needed
     */
    static Batcher of(
            Run.Batching batching,
            Inputs inputs,
            boolean gradients,
            boolean callsCost,
            Supplier<OptionalLong> bytesPerRow) {
        if (batching.rule() == Run.Batching.Rule.ROWS) {
            int fixed = Math.toIntExact(batching.amount());
            return new Batcher(fixed, fixed, false);
        }
        if (batching.rule() == Run.Batching.Rule.AUTO) {
            return new Batcher(1, AUTO_ROWS, true);
        }
        long inputBytes = Math.max(1, inputBytes(inputs));
        OptionalLong modelBytes = bytesPerRow.get();
        if (batching.rule() == Run.Batching.Rule.MEMORY) {
            long budget = batching.amount();
            long perRow = modelBytes.orElse(inputBytes * (gradients ? ASSUMED_GRADIENT : ASSUMED_FORWARD));
            if (perRow > budget) {
                throw new InvalidRequestException(java.util.List.of("memory budget " + budget
                        + " bytes: one row takes about " + perRow + " bytes; give at least that"));
            }
            int fitting = (int) Math.min(AUTO_ROWS, budget / Math.max(1, perRow));
            return new Batcher(fitting, fitting, false);
        }
        long perRow = Math.max(1, modelBytes.orElse(1));
        long usual = steady(STEADY_ROWS, STEADY_INPUT_BYTES / inputBytes, STEADY_MODEL_BYTES / perRow);
        long small = callsCost
                ? steady(STEADY_SMALL_ROWS, STEADY_SMALL_INPUT_BYTES / inputBytes, STEADY_SMALL_MODEL_BYTES / perRow)
                : 0;
        int rows = (int) Math.max(1, Math.max(usual, small));
        return new Batcher(rows, rows, false);
    }

    private static long steady(long most, long byInput, long byModel) {
        return Math.min(most, Math.min(byInput, byModel));
    }

    private static long inputBytes(Inputs inputs) {
        long bytes = 0;
        for (Inputs.Input input : inputs.all()) {
            if (input.role() != Inputs.Role.CONSTANT) {
                Tensor tensor = input.tensor();
                bytes += tensor.shape().size()
                        / tensor.shape().dim(input.rowAxis())
                        * tensor.dataType().bytes();
            }
        }
        return bytes;
    }

    /** Returns the most rows that the next call may have. */
    int next() {
        return rows;
    }

    /** Adapts to a call that succeeded. */
    void took(int evaluated, long nanos) {
        // A call that the end of a group made a little shorter is measured too; one that is far smaller is not.
        if (!growing || settled || evaluated <= rows / 2) {
            return;
        }
        double rate = evaluated / (double) Math.max(1, nanos);
        if (rate > bestRate * WORTHWHILE) {
            bestRate = rate;
            bestRows = rows;
            settled = rows * 2 > limit;
            rows = Math.min(limit, rows * 2);
            disappointed = false;
        } else if (disappointed) {
            rows = bestRows;
            settled = true;
        } else {
            // One slow call may have other causes, so the same size is tried a second time.
            disappointed = true;
        }
    }

    /**
     * Halves the rows after the engine ran out of memory.
     *
     * @throws ModelException.OutOfMemory the given exception, if there was only one row
     */
    void outOfMemory(int evaluated, ModelException.OutOfMemory failure) {
        if (evaluated <= 1) {
            throw failure;
        }
        limit = evaluated / 2;
        rows = limit;
        bestRows = Math.min(bestRows, limit);
        settled = true;
    }
}
