// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

/**
 * A switch by which another thread stops a {@link Run}. It takes effect before the next micro-batch; native computation
 * in progress ends first.
 */
public final class Cancellation {
    private volatile boolean requested;

    /** Creates a switch that is off. */
    public Cancellation() {}

    /** Asks every run that holds this switch to stop. */
    public void cancel() {
        requested = true;
    }

    /** Returns whether {@link #cancel()} was called. */
    public boolean isCancelled() {
        return requested;
    }

    @Override
    public String toString() {
        return "Cancellation[" + (isCancelled() ? "cancelled" : "not cancelled") + "]";
    }
}
