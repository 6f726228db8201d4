// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/** A {@link Model} that also gives gradients with respect to its attributed inputs. */
public interface DifferentiableModel extends Model {
    /**
     * Runs the model once and holds what the backward pass needs.
     *
     * @param inputs at least one attributed input; attributed inputs are of a floating type
     * @return the run, to be closed by the caller
     * @throws ModelException if the model refuses these inputs, an attributed input is of an integer type, or no
     *     gradient path exists
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
