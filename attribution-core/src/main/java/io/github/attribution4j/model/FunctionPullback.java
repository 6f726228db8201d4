// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/** One run of a hand-written differentiable model. */
final class FunctionPullback implements Pullback {
    private final DifferentiableModel.VectorJacobian derivative;
    private final Inputs inputs;
    private final Tensor output;
    private boolean closed;

    FunctionPullback(DifferentiableModel.VectorJacobian derivative, Inputs inputs, Tensor output) {
        this.derivative = derivative;
        this.inputs = inputs;
        this.output = output;
    }

    @Override
    public Tensor output() {
        return output;
    }

    @Override
    public List<Tensor> vjp(Tensor cotangent) {
        if (closed) {
            throw new IllegalStateException("this pullback was closed; run the model's pullback again");
        }
        requireFit(cotangent);
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> gradients = derivative.vjp(inputs, cotangent);
            List<Inputs.Input> attributed = inputs.all().stream()
                    .filter(input -> input.role() == Inputs.Role.ATTRIBUTED)
                    .toList();
            if (gradients.size() != attributed.size()) {
                throw new ModelException("the derivative returned " + gradients.size() + " tensors for "
                        + attributed.size() + " attributed inputs; it must return one for each, in order");
            }
            List<Tensor> kept = new ArrayList<>();
            for (int i = 0; i < gradients.size(); i++) {
                check(gradients.get(i), attributed.get(i));
                kept.add(FunctionModel.own(scope, gradients.get(i)));
            }
            return kept;
        }
    }

    private static void check(Tensor gradient, Inputs.Input input) {
        Shape shape = input.tensor().shape();
        if (!gradient.shape().equals(shape)
                || gradient.dataType() != input.tensor().dataType()) {
            throw new ModelException("the derivative returned a " + describe(gradient) + " for input '" + input.name()
                    + "', which is a " + describe(input.tensor()) + "; shape and type must be equal");
        }
    }

    private static String describe(Tensor tensor) {
        return tensor.dataType() + " tensor of shape " + tensor.shape();
    }

    @Override
    public void close() {
        closed = true;
        output.close();
    }

    @Override
    public String toString() {
        return "Pullback[output " + output.shape() + "]";
    }
}
