// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Owns every tensor that this thread creates while the scope is the innermost one, and closes them at its end.
 *
 * <pre>{@code
 * try (TensorScope scope = TensorScope.open()) {
 *     Tensor difference = x.sub(baseline);          // closed at the end of the block
 *     return scope.keep(difference.mul(gradient));  // handed to the enclosing scope, or to the caller
 * }
 * }</pre>
 *
 * <p>Scopes nest and end in the order opposite to that in which they were opened. A scope belongs to the thread that
 * opened it; the tensors in it may be read by others until it ends.
 */
public final class TensorScope implements AutoCloseable {
    private static final ThreadLocal<@Nullable TensorScope> INNERMOST = new ThreadLocal<>();
    private static volatile @Nullable Consumer<Tensor> watcher;

    private final Thread thread = Thread.currentThread();
    private final @Nullable TensorScope parent = INNERMOST.get();
    private final Set<Tensor> owned = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean closed;

    private TensorScope() {}

    /** Opens a scope on this thread, inside the one that is open now. */
    public static TensorScope open() {
        TensorScope scope = new TensorScope();
        INNERMOST.set(scope);
        return scope;
    }

    /**
     * Moves a tensor to the enclosing scope or, if there is none, to the caller, who must then close it. A tensor that
     * this scope does not own (a caller's, say) is returned as it is.
     */
    public <T extends Tensor> T keep(T tensor) {
        check();
        if (owned.remove(tensor)) {
            hand(tensor, parent);
        }
        return tensor;
    }

    /** Moves each tensor of a list, as {@link #keep} does. */
    public <T extends Tensor> List<T> keepAll(List<T> tensors) {
        tensors.forEach(this::keep);
        return tensors;
    }

    /** Takes a tensor out of all scopes of this thread, so that it lives until somebody closes it. */
    public static <T extends Tensor> T release(T tensor) {
        for (TensorScope scope = INNERMOST.get(); scope != null; scope = scope.parent) {
            if (scope.owned.remove(tensor)) {
                hand(tensor, null);
                break;
            }
        }
        return tensor;
    }

    /** Returns how many scopes are open on this thread. */
    public static int depth() {
        int depth = 0;
        for (TensorScope scope = INNERMOST.get(); scope != null; scope = scope.parent) {
            depth++;
        }
        return depth;
    }

    /** Returns whether this scope would close a tensor at its end. */
    public boolean owns(Tensor tensor) {
        return owned.contains(tensor);
    }

    static void register(Tensor tensor) {
        hand(tensor, INNERMOST.get());
    }

    private static void hand(Tensor tensor, @Nullable TensorScope owner) {
        if (owner != null) {
            owner.owned.add(tensor);
            return;
        }
        Consumer<Tensor> told = watcher;
        if (told != null) {
            told.accept(tensor);
        }
    }

    /**
     * Tells a watcher of every tensor of this JVM that no scope owns from then on: it was created outside of all, or
     * taken out of the last. Only its user closes it. This is for a host that runs the code of others and frees what
     * they leave open, as a notebook does.
     *
     * @param newWatcher called on the thread that has the tensor, which may still be under construction: it may keep
     *     the tensor, and do nothing else with it; null for none. There is one in a JVM: it replaces the former
     */
    public static void watch(@Nullable Consumer<Tensor> newWatcher) {
        watcher = newWatcher;
    }

    /** Closes what the scope still owns. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        check();
        if (INNERMOST.get() != this) {
            throw new IllegalStateException(
                    "this TensorScope is not the innermost one of its thread; scopes end in the "
                            + "order opposite to that of their opening: use try-with-resources");
        }
        closed = true;
        if (parent == null) {
            INNERMOST.remove();
        } else {
            INNERMOST.set(parent);
        }
        for (Tensor tensor : owned) {
            tensor.close();
        }
        owned.clear();
    }

    private void check() {
        if (closed) {
            throw new IllegalStateException("this TensorScope has ended; open another one");
        }
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException("this TensorScope belongs to thread " + thread.getName()
                    + " and was used by " + Thread.currentThread().getName() + "; open one on each thread");
        }
    }

    /** Returns how many tensors it owns. */
    @Override
    public String toString() {
        return "TensorScope[" + owned.size() + (owned.size() == 1 ? " tensor" : " tensors")
                + (closed ? ", closed]" : "]");
    }
}
