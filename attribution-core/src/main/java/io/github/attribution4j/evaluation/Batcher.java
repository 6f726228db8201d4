// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelMemoryException;
import io.github.attribution4j.run.Batching;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.tensor.Tensor;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** Decides how many rows the next call of the model gets. One per evaluation; not shared between threads. */
final class Batcher {
    /** Rows of inputs that one call gets at most under {@link Batching#steady()}; more gained nothing measurable. */
    private static final long STEADY_INPUT_BYTES = 6L << 20;
    /** Memory of the model that one call takes at most under {@link Batching#steady()}, where the model can say. */
    private static final long STEADY_MODEL_BYTES = 1L << 30;

    private static final int STEADY_ROWS = 256;
    private static final int AUTO_ROWS = 4096;
    /** What a model is assumed to need, in sizes of its input, where it cannot say. */
    private static final long ASSUMED_FORWARD = 16;

    private static final long ASSUMED_GRADIENT = 32;
    /** Doubling must raise rows per second by this factor to go on. */
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
     * Returns one for a computation.
     *
     * @param bytesPerRow what the model says that one more row takes; asked only where it matters
     */
    static Batcher of(Batching batching, Inputs inputs, boolean gradients, Supplier<OptionalLong> bytesPerRow) {
        if (batching instanceof Batching.Fixed fixed) {
            return new Batcher(fixed.rows(), fixed.rows(), false);
        }
        if (batching instanceof Batching.Auto) {
            return new Batcher(1, AUTO_ROWS, true);
        }
        long inputBytes = Math.max(1, inputBytes(inputs));
        OptionalLong modelBytes = bytesPerRow.get();
        if (batching instanceof Batching.Memory budget) {
            long perRow = modelBytes.orElse(inputBytes * (gradients ? ASSUMED_GRADIENT : ASSUMED_FORWARD));
            if (perRow > budget.bytes()) {
                throw new InvalidRequestException(java.util.List.of("memory budget " + budget.bytes()
                        + " bytes: one row takes about " + perRow + " bytes; give at least that"));
            }
            int fitting = (int) Math.min(AUTO_ROWS, budget.bytes() / Math.max(1, perRow));
            return new Batcher(fitting, fitting, false);
        }
        long byInput = STEADY_INPUT_BYTES / inputBytes;
        long byModel = modelBytes.isPresent() ? STEADY_MODEL_BYTES / Math.max(1, modelBytes.getAsLong()) : STEADY_ROWS;
        int steady = (int) Math.max(1, Math.min(STEADY_ROWS, Math.min(byInput, byModel)));
        return new Batcher(steady, steady, false);
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

    /** Returns how many rows to give at most. */
    int next() {
        return rows;
    }

    /** Learns from a call that succeeded. */
    void took(int evaluated, long nanos) {
        // A call that was cut short by the end of a group tells as much; one far smaller than asked for does not.
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
            // One slow call may be the machine's doing: the same size gets a second chance.
            disappointed = true;
        }
    }

    /**
     * Halves the rows after the engine ran out of memory.
     *
     * @throws ModelMemoryException the one given, if there was one row only
     */
    void outOfMemory(int evaluated, ModelMemoryException failure) {
        if (evaluated <= 1) {
            throw failure;
        }
        limit = evaluated / 2;
        rows = limit;
        bestRows = Math.min(bestRows, limit);
        settled = true;
    }
}
