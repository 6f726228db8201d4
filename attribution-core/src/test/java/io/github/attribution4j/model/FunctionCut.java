// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;

/** A cut that has an address and a function for its head, and nothing behind it. */
public record FunctionCut(List<CutPoint> points, UnaryOperator<Tensor> function) implements Cut {
    /** Names the only point. */
    public FunctionCut(String path, UnaryOperator<Tensor> function) {
        this(List.of(new CutPoint(path, "Function", 0)), function);
    }

    @Override
    public List<Tensor> activations(Inputs inputs) {
        return List.of(function.apply(inputs.attributed().get(0)));
    }

    @Override
    public LayerPullback pullback(Inputs inputs) {
        throw new AssertionError("not asked for");
    }

    @Override
    public DifferentiableModel head(int number) {
        return DifferentiableModel.of(Model.ofTensor(function), (inputs, cotangent) -> {
            throw new AssertionError("not asked for");
        });
    }

    @Override
    public DifferentiableModel tail() {
        throw new AssertionError("not asked for");
    }
}
