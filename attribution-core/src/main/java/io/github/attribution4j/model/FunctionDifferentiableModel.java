// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A differentiable model made of two Java functions. */
record FunctionDifferentiableModel(Model forward, VectorJacobian derivative) implements DifferentiableModel {
    @Override
    public Tensor forward(Inputs inputs) {
        return forward.forward(inputs);
    }

    @Override
    public Tensors tensors() {
        return forward.tensors();
    }

    @Override
    public Model.Identity identity() {
        return forward.identity();
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        inputs.requireDifferentiable();
        // The output is closed with the pullback, not with the scope that is open now.
        Tensor output = TensorScope.release(forward.forward(inputs));
        return new FunctionPullback(derivative, inputs, output);
    }

    @Override
    public OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        return forward.bytesPerRow(row, gradients);
    }

    @Override
    public Model.Part part() {
        return forward.part();
    }

    @Override
    public Optional<String> oneRowAtATime() {
        return forward.oneRowAtATime();
    }

    @Override
    public List<String> gradientLosses() {
        return forward.gradientLosses();
    }

    @Override
    public List<String> randomDraws() {
        return forward.randomDraws();
    }

    @Override
    public void close() {
        forward.close();
    }
}
