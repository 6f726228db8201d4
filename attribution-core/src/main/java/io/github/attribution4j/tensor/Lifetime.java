// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The life of one tensor handle, from its creation to {@code close()}. Every backend keeps one for each tensor, so that
 * scopes, checks for use after close, and leak counts work alike everywhere.
 *
 * <p>A backend's constructor calls {@link #begin(Tensor)} last, every operation calls {@link #check()}, and
 * {@code close()} frees its memory only when {@link #end()} returns true.
 */
public final class Lifetime {
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable Throwable birth;

    private Lifetime() {}

    /** Registers a new tensor with the innermost scope of this thread and with {@link LiveTensors}. */
    public static Lifetime begin(Tensor tensor) {
        Lifetime lifetime = new Lifetime();
        lifetime.birth = LiveTensors.born(lifetime);
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
        LiveTensors.died(this, birth != null);
        return true;
    }

    @Nullable
    Throwable birth() {
        return birth;
    }

    /** Returns whether it ended. */
    @Override
    public String toString() {
        return ended.get() ? "Lifetime[ended]" : "Lifetime[open]";
    }
}
