// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How far one explanation has come: all evaluations made for it add to one meter, or to one of its parts. Used by the
 * thread that computes.
 */
final class ProgressMeter {
    private final Consumer<Run.Progress> listener;
    /** What this is a part of, from which of its rows on, and for how many of them it stands. */
    private final @Nullable ProgressMeter whole;

    private final long from;
    private final long share;

    private String method = "";
    private long planned;
    private long done;
    private long rows;
    private double told;

    ProgressMeter(Consumer<Run.Progress> listener) {
        this(listener, null, 0, 0);
    }

    private ProgressMeter(Consumer<Run.Progress> listener, @Nullable ProgressMeter whole, long from, long share) {
        this.listener = listener;
        this.whole = whole;
        this.from = from;
        this.share = share;
    }

    /** Says that so many rows are still to come. What was done before the first plan does not count. */
    void plan(long more) {
        if (planned == 0) {
            done = 0;
        }
        planned = done + more;
    }

    /** Says that so many rows are still to come at least. */
    void stage(long more) {
        if (done + more > planned) {
            plan(more);
        }
    }

    /** Returns the meter of something that stands for so many of the rows planned, and plans its own. */
    ProgressMeter part(long stands) {
        ProgressMeter part = new ProgressMeter(listener, this, done, stands);
        done += stands;
        return part;
    }

    /**
     * Adds rows, and tells, unless the whole was told: some methods look at a few more rows to say how exact they are.
     */
    void add(String name, long more, long elapsedNanos) {
        done += more;
        if (told == 1) {
            return;
        }
        tell(name, more, planned == 0 ? 0 : Math.min(1, (double) done / planned), elapsedNanos);
    }

    /** Tells that nothing more is to come, unless that is known. */
    void finish(String name, long elapsedNanos) {
        if (told < 1) {
            tell(name, 0, 1, elapsedNanos);
        }
    }

    private void tell(String name, long more, double fraction, long elapsedNanos) {
        told = Math.max(told, fraction);
        if (whole != null) {
            double ofWhole = whole.planned == 0 ? 0 : Math.min(1, (from + told * share) / whole.planned);
            whole.tell(name, more, ofWhole, elapsedNanos);
            return;
        }
        method = method.isEmpty() ? name : method;
        rows += more;
        listener.accept(new Run.Progress(method, told, rows, elapsedNanos));
    }
}
