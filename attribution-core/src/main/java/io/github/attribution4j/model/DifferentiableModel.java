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

/** A {@link Model} that also gives gradients with respect to its attributed inputs. */
public interface DifferentiableModel extends Model {
    /**
     * Runs the model once and keeps what the backward pass needs.
     *
     * @param inputs at least one attributed input; attributed inputs are of a floating type
     * @return the run, to be closed by the caller
     * @throws ModelException if the model refuses these inputs, an attributed input is of an integer type, or no gradient
     *     path exists
     */
    Pullback pullback(Inputs inputs);

    /**
     * Makes a differentiable model by hand.
     *
     * @param forward a model that runs forward; closed with the result
     * @param vjp the vector-Jacobian product that belongs to it
     */
    static DifferentiableModel of(Model forward, VectorJacobian vjp) {
        return new FunctionDifferentiableModel(forward, vjp);
    }

    /** The derivative of a hand-written model. */
    @FunctionalInterface
    interface VectorJacobian {
        /**
         * Returns the gradient of Σ(output · cotangent).
         *
         * @param inputs the model's inputs
         * @param cotangent shape of the output
         * @return one tensor for each attributed input, shaped like it
         */
        List<Tensor> vjp(Inputs inputs, Tensor cotangent);
    }
}
