// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

/**
 * Another thread stops a {@link Run} with this. It takes effect before the next micro-batch; native computation in
 * progress ends first.
 */
public final class Cancellation {
    private volatile boolean requested;

    /** Creates a cancellation that has not been requested. */
    public Cancellation() {}

    /** Requests every run with this cancellation to stop. */
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
