// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.model.LayerPullback;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A pullback whose leaves are values inside the program, with those values. */
final class TorchLayerPullback implements LayerPullback {
    private final Pullback pullback;
    private final List<Tensor> activations;

    /** Takes both over; the activations belong to no scope. */
    TorchLayerPullback(Pullback pullback, List<? extends Tensor> activations) {
        this.pullback = pullback;
        this.activations = List.copyOf(activations);
    }

    @Override
    public List<Tensor> activations() {
        return activations;
    }

    @Override
    public Tensor output() {
        return pullback.output();
    }

    @Override
    public Optional<Tensor> referenceOutput() {
        return pullback.referenceOutput();
    }

    @Override
    public List<Tensor> vjp(Tensor cotangent) {
        return pullback.vjp(cotangent);
    }

    @Override
    public List<Tensor> vjpLast(Tensor cotangent) {
        return pullback.vjpLast(cotangent);
    }

    @Override
    public Set<String> unused() {
        return pullback.unused();
    }

    @Override
    public void close() {
        pullback.close();
        activations.forEach(Tensor::close);
    }

    @Override
    public String toString() {
        return "LayerPullback[" + pullback + "]";
    }
}
