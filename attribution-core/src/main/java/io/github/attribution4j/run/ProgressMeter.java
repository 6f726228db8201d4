// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The progress of one explanation. All evaluations made for it add to one meter, or to one of its parts. Used by the
 * thread that computes.
 */
final class ProgressMeter {
    private final Consumer<Run.Progress> listener;
    /** The meter that this is a part of; the part has {@code share} of its rows, after {@code from}. */
    private final @Nullable ProgressMeter whole;

    private final long from;
    private final long share;

    private String method = "";
    private long planned;
    private long done;
    private long rows;
    private double reported;

    ProgressMeter(Consumer<Run.Progress> listener) {
        this(listener, null, 0, 0);
    }

    private ProgressMeter(Consumer<Run.Progress> listener, @Nullable ProgressMeter whole, long from, long share) {
        this.listener = listener;
        this.whole = whole;
        this.from = from;
        this.share = share;
    }

    /** Plans so many more rows. Rows before the first plan do not count. */
    void plan(long more) {
        if (planned == 0) {
            done = 0;
        }
        planned = done + more;
    }

    /** Plans at least so many more rows. */
    void stage(long more) {
        if (done + more > planned) {
            plan(more);
        }
    }

    /** Returns the meter of a part that has so many of the planned rows, and makes its own plan. */
    ProgressMeter part(long count) {
        ProgressMeter part = new ProgressMeter(listener, this, done, count);
        done += count;
        return part;
    }

    /**
     * Adds rows and reports, unless the end was reported: some methods evaluate a few more rows to measure how exact
     * they are.
     */
    void add(String name, long more, long elapsedNanos) {
        done += more;
        if (reported == 1) {
            return;
        }
        report(name, more, planned == 0 ? 0 : Math.min(1, (double) done / planned), elapsedNanos);
    }

    /** Reports the end, unless that was done. */
    void finish(String name, long elapsedNanos) {
        if (reported < 1) {
            report(name, 0, 1, elapsedNanos);
        }
    }

    private void report(String name, long more, double fraction, long elapsedNanos) {
        reported = Math.max(reported, fraction);
        if (whole != null) {
            double ofWhole = whole.planned == 0 ? 0 : Math.min(1, (from + reported * share) / whole.planned);
            whole.report(name, more, ofWhole, elapsedNanos);
            return;
        }
        method = method.isEmpty() ? name : method;
        rows += more;
        listener.accept(new Run.Progress(method, reported, rows, elapsedNanos));
    }
}
