// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The runners of a model: one for each thread that runs it at the same time, however many threads come and go. At most
 * one for each processor is kept.
 */
public final class Runners {
    private final ConcurrentLinkedDeque<Runner> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger kept = new AtomicInteger();

    /** Makes an empty set. */
    public Runners() {}

    Runner take() {
        Runner runner = idle.pollFirst();
        if (runner == null) {
            return new Runner();
        }
        kept.decrementAndGet();
        return runner;
    }

    void give(Runner runner) {
        if (kept.incrementAndGet() <= Runtime.getRuntime().availableProcessors()) {
            idle.addFirst(runner);
        } else {
            kept.decrementAndGet();
        }
    }
}
