// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.LayerPullback;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;
import java.util.Set;

/** The pullback of the tail of a {@link ReferenceModel}, with the activations that it started from. */
final class ReferenceLayerPullback implements LayerPullback {
    private final Pullback tail;
    private final List<Tensor> activations;

    /** Takes both over. */
    ReferenceLayerPullback(Pullback tail, List<Tensor> activations) {
        this.tail = tail;
        this.activations = activations.stream().map(TensorScope::release).toList();
    }

    @Override
    public List<Tensor> activations() {
        return activations;
    }

    @Override
    public Tensor output() {
        return tail.output();
    }

    @Override
    public List<Tensor> vjp(Tensor cotangent) {
        return tail.vjp(cotangent);
    }

    @Override
    public List<Tensor> vjpLast(Tensor cotangent) {
        return tail.vjpLast(cotangent);
    }

    @Override
    public Set<String> unused() {
        return tail.unused();
    }

    @Override
    public void close() {
        tail.close();
        activations.forEach(Tensor::close);
    }

    @Override
    public String toString() {
        return "LayerPullback[" + activations() + "]";
    }
}
