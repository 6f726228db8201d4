// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.nd4j.internal.Values;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Set;

/** A pullback that holds arrays outside of the Java heap. Closing waits for a product that another thread takes. */
final class HeldPullback implements Pullback {
    private final Pullback inner;
    private final Values values;

    HeldPullback(Pullback inner, Values values) {
        this.inner = inner;
        this.values = values;
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
    public synchronized List<Tensor> vjp(Tensor cotangent) {
        return inner.vjp(cotangent);
    }

    @Override
    public synchronized List<Tensor> vjpLast(Tensor cotangent) {
        return inner.vjpLast(cotangent);
    }

    @Override
    public Set<String> unused() {
        return inner.unused();
    }

    @Override
    public synchronized void close() {
        inner.close();
        values.close();
    }

    @Override
    public String toString() {
        return inner.toString();
    }
}
