// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Counts tensors that were created and not yet closed, over all backends and threads. The testkit finds leaks by it.
 *
 * <p>The count is always kept. The place where a tensor was created is recorded only while
 * {@link #recordOrigins(boolean)} is on, because a stack trace costs microseconds.
 */
public final class LiveTensors {
    private static final AtomicLong COUNT = new AtomicLong();
    private static final Set<Lifetime> RECORDED = ConcurrentHashMap.newKeySet();
    private static volatile boolean recording;

    private LiveTensors() {}

    /** Returns how many tensors are open in this JVM. */
    public static long count() {
        return COUNT.get();
    }

    /** Switches the recording of a stack trace for each new tensor on or off; forgets earlier ones. */
    public static void recordOrigins(boolean on) {
        recording = on;
        RECORDED.clear();
    }

    /** Returns the stack traces of the creation of open tensors, for those created while recording was on. */
    public static List<Throwable> origins() {
        List<Throwable> traces = new ArrayList<>();
        for (Lifetime lifetime : RECORDED) {
            Throwable birth = lifetime.birth();
            if (birth != null) {
                traces.add(birth);
            }
        }
        return traces;
    }

    static @Nullable Throwable born(Lifetime lifetime) {
        COUNT.incrementAndGet();
        if (!recording) {
            return null;
        }
        RECORDED.add(lifetime);
        return new Throwable(
                "tensor born here, by thread " + Thread.currentThread().getName());
    }

    static void died(Lifetime lifetime, boolean recorded) {
        COUNT.decrementAndGet();
        if (recorded) {
            RECORDED.remove(lifetime);
        }
    }
}
