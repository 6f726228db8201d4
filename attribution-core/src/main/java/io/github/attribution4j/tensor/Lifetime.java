// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The life of one tensor handle, from its creation to {@code close()}. Every backend keeps one for each tensor, so that
 * scopes, checks for use after close, and leak counts work alike everywhere. All that have begun and not ended are
 * counted, over all backends and threads; the testkit finds leaks by it. The place where a tensor was created is
 * recorded only while {@link #recordOrigins(boolean)} is on, because a stack trace costs microseconds.
 *
 * <p>A backend's constructor calls {@link #begin(Tensor)} last, every operation calls {@link #check()}, and
 * {@code close()} frees its memory only when {@link #end()} returns true.
 */
public final class Lifetime {
    private static final AtomicLong COUNT = new AtomicLong();
    private static final Set<Lifetime> RECORDED = ConcurrentHashMap.newKeySet();
    private static volatile boolean recording;

    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable Throwable birth;

    private Lifetime() {}

    /** Registers a new tensor with the innermost scope of this thread. */
    public static Lifetime begin(Tensor tensor) {
        Lifetime lifetime = new Lifetime();
        lifetime.birth = born(lifetime);
        TensorScope.register(tensor);
        return lifetime;
    }

    /**
     * Checks that the tensor is still open.
     *
     * @throws IllegalStateException if it was closed
     */
    public void check() {
        if (ended.get()) {
            throw closed();
        }
    }

    static IllegalStateException closed() {
        return new IllegalStateException("this tensor was closed (by close() or by the end of its TensorScope); "
                + "keep it open with TensorScope.keep, or use it before the scope ends");
    }

    /** Ends the lifetime; returns true the first time only. */
    public boolean end() {
        if (!ended.compareAndSet(false, true)) {
            return false;
        }
        died(this, birth != null);
        return true;
    }

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
            Throwable birth = lifetime.birth;
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

    /** Returns whether it ended. */
    @Override
    public String toString() {
        return ended.get() ? "Lifetime[ended]" : "Lifetime[open]";
    }
}
