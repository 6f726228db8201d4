// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A pullback that holds memory of an engine. If it is closed while other threads are inside, the last of them frees
 * that memory.
 */
@Experimental
public final class HeldPullback implements Pullback {
    private final Pullback inner;
    private final Optional<String> approximation;
    private final @Nullable Tensor reference;
    private final Runnable free;
    private int users;
    private boolean closed;

    /**
     * Holds a pullback.
     *
     * @param inner which is closed with this one, and whose products may be taken by several threads at once
     * @param approximation why gradients are not those of what is computed
     * @param reference the output for the references; null without them
     * @param free frees the memory, once
     */
    public HeldPullback(Pullback inner, Optional<String> approximation, @Nullable Tensor reference, Runnable free) {
        this.inner = inner;
        this.approximation = approximation;
        // Closed with this pullback, not with the scope that is open now.
        this.reference = reference == null ? null : TensorScope.release(reference);
        this.free = free;
    }

    @Override
    public Tensor output() {
        return inner.output();
    }

    @Override
    public List<Tensor> activations() {
        return inner.activations();
    }

    @Override
    public Optional<Tensor> referenceOutput() {
        return Optional.ofNullable(reference);
    }

    @Override
    public List<Tensor> vjp(Tensor cotangent) {
        return inside(() -> inner.vjp(cotangent));
    }

    @Override
    public List<Tensor> vjpLast(Tensor cotangent) {
        return inside(() -> inner.vjpLast(cotangent));
    }

    private List<Tensor> inside(Supplier<List<Tensor>> product) {
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("this pullback was closed; run pullback again");
            }
            users++;
        }
        try {
            return product.get();
        } finally {
            boolean last;
            synchronized (this) {
                users--;
                last = closed && users == 0;
            }
            if (last) {
                end();
            }
        }
    }

    @Override
    public Set<String> unused() {
        return inner.unused();
    }

    @Override
    public Optional<String> approximation() {
        return approximation;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            if (users > 0) {
                return;
            }
        }
        end();
    }

    /** The number of threads that are inside. */
    synchronized int users() {
        return users;
    }

    private void end() {
        try {
            inner.close();
            if (reference != null) {
                reference.close();
            }
        } finally {
            free.run();
        }
    }

    @Override
    public String toString() {
        return inner.toString();
    }
}
