// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Set;

/** A pullback that holds memory of the runtime. */
final class HeldPullback implements Pullback {
    private final Pullback inner;
    private final Runnable free;
    private boolean closed;

    HeldPullback(Pullback inner, Runnable free) {
        this.inner = inner;
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
    public List<Tensor> vjp(Tensor cotangent) {
        return inner.vjp(cotangent);
    }

    @Override
    public List<Tensor> vjpLast(Tensor cotangent) {
        return inner.vjpLast(cotangent);
    }

    @Override
    public Set<String> unused() {
        return inner.unused();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            inner.close();
            free.run();
        }
    }

    @Override
    public String toString() {
        return inner.toString();
    }
}
