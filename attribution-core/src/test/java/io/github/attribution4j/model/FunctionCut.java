// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import java.util.function.UnaryOperator;

/** A cut that has an address and a function for its head, and nothing behind it. */
public record FunctionCut(List<Cut.Point> points, UnaryOperator<Tensor> function) implements Cut {
    /** Names the only point. */
    public FunctionCut(String path, UnaryOperator<Tensor> function) {
        this(List.of(new Cut.Point(path, "Function", 0)), function);
    }

    @Override
    public List<Tensor> activations(Inputs inputs) {
        return List.of(function.apply(inputs.attributed().get(0)));
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        throw notAskedFor();
    }

    @Override
    public LayeredModel head(int number) {
        return new Head(Model.ofTensor(function));
    }

    @Override
    public LayeredModel tail() {
        throw notAskedFor();
    }

    private static AssertionError notAskedFor() {
        return new AssertionError("not asked for");
    }

    private record Head(Model model) implements LayeredModel {
        @Override
        public Tensor forward(Inputs inputs) {
            return model.forward(inputs);
        }

        @Override
        public Tensors tensors() {
            return model.tensors();
        }

        @Override
        public Model.Identity identity() {
            return model.identity();
        }

        @Override
        public Pullback pullback(Inputs inputs) {
            throw notAskedFor();
        }

        @Override
        public List<Cut.Point> cutPoints() {
            throw notAskedFor();
        }

        @Override
        public Cut cut(List<Cut.Point> points) {
            throw notAskedFor();
        }

        @Override
        public List<Cut.Value> values(Inputs inputs) {
            throw notAskedFor();
        }
    }
}
