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

/**
 * An intervention at one value of a model: the head computes the value, the tail goes on from any value put in its place.
 *
 * <p>Both are ordinary models of the same rows. A cut is not a partition: what bypasses the value (a residual connection)
 * is computed by the tail from the original inputs, which it therefore takes as {@linkplain Inputs.Role#FIXED fixed}
 * inputs behind the activation. {@code tail.forward(tailInputs(x, head.forward(x)))} equals {@code model.forward(x)}.
 */
public interface Cut {
    /** Returns the address of the value. */
    CutPoint point();

    /** Returns inputs → activation, shape {@code (rows, ...)}. */
    DifferentiableModel head();

    /** Returns (activation, original inputs held fixed) → output; see {@link #tailInputs}. */
    DifferentiableModel tail();

    /**
     * Returns the tail's inputs: the activation attributed, all inputs of the model fixed, in their order. They remember
     * the model's inputs and the head ({@link Inputs#origin()}), so that a baseline can be lifted through it.
     *
     * @param modelInputs inputs of the whole model
     * @param activation shape {@code (rows, ...)}
     */
    default Inputs tailInputs(Inputs modelInputs, Tensor activation) {
        return modelInputs.behind(point().toString(), activation, head());
    }
}
