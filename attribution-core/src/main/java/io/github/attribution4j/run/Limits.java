// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When a run ends before its work is done.
 *
 * @param time allowed from the start
 * @param startNanos when the clock started, if it did
 * @param cancellation by which another thread stops it
 */
record Limits(
        @Nullable Duration time,
        @Nullable Long startNanos,
        @Nullable Cancellation cancellation) {
    static final Limits NONE = new Limits(null, null, null);

    Limits time(Duration newTime) {
        return new Limits(newTime, startNanos, cancellation);
    }

    Limits withoutTime() {
        return new Limits(null, startNanos, cancellation);
    }

    Limits cancellation(Cancellation newCancellation) {
        return new Limits(time, startNanos, newCancellation);
    }

    Limits started() {
        return new Limits(time, System.nanoTime(), cancellation);
    }

    boolean canStop() {
        return time != null || cancellation != null;
    }

    boolean isOver() {
        return (cancellation != null && cancellation.isCancelled()) || (time != null && elapsedNanos() >= nanos(time));
    }

    /** 0 before the start. */
    long elapsedNanos() {
        return startNanos == null ? 0 : System.nanoTime() - startNanos;
    }

    /** See {@link Run#check}. */
    void check(String method, long rowsDone, long rowsTotal) {
        if (cancellation != null && cancellation.isCancelled()) {
            throw new CancelledException(method + " was cancelled after " + rowsDone + " of " + rowsTotal + " rows");
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new CancelledException(method + " stopped after " + rowsDone + " of " + rowsTotal
                    + " rows because its thread was interrupted");
        }
        if (time != null && elapsedNanos() >= nanos(time)) {
            throw new DeadlineExceededException(
                    method + ": the deadline of " + nanos(time) / 1_000_000 + " ms passed after " + rowsDone + " of "
                            + rowsTotal + " rows; allow more time, or ask for fewer steps or samples");
        }
    }

    /** Times longer than 292 years count as 292 years, and times before the start as none. */
    private static long nanos(Duration time) {
        if (time.isNegative()) {
            return 0;
        }
        return time.compareTo(Duration.ofNanos(Long.MAX_VALUE)) > 0 ? Long.MAX_VALUE : time.toNanos();
    }
}
