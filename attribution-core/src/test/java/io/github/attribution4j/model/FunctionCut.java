/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
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
