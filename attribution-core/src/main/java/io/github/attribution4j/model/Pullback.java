// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * One forward run of a {@link DifferentiableModel} that can go back by the derivative.
 */
public interface Pullback extends BackwardRun {
    /**
     * Returns the vector-Jacobian product: the gradient of Σ(output · cotangent) with respect to each attributed input,
     * or to the value at each point of a {@linkplain Cut#pullback cut}. Linear in the cotangent; may be called any
     * number of times.
     *
     * @param cotangent shape and type of {@link #output()}
     * @return one tensor for each of them, in order, shaped and typed like it; zeros for one on which the output does
     *     not depend (see {@link #unused()})
     * @throws IllegalArgumentException if the cotangent's shape or type differs from the output's
     * @throws IllegalStateException if this was closed, or has given its {@link #vjpLast last} product
     * @throws ModelException if no gradient is defined for any of them
     */
    List<Tensor> vjp(Tensor cotangent);

    /**
     * Returns {@link #vjp} for the last time: the engine may free the graph while it goes. Afterwards only {@link
     * #output()}, {@link #unused()} and {@link #close()} may be called.
     */
    default List<Tensor> vjpLast(Tensor cotangent) {
        return vjp(cotangent);
    }

    /**
     * Checks a cotangent: for implementations.
     *
     * @throws IllegalArgumentException naming shapes and types, if they differ from the {@link #output()}'s
     */
    default void requireFit(Tensor cotangent) {
        Tensor output = output();
        if (!cotangent.shape().equals(output.shape()) || cotangent.dataType() != output.dataType()) {
            throw new IllegalArgumentException("cotangent: a " + cotangent.dataType() + " tensor of shape "
                    + cotangent.shape() + " was given for an output of type " + output.dataType() + " and shape "
                    + output.shape() + "; they must be equal");
        }
    }

    @Override
    default List<Tensor> back(Tensor sent) {
        return vjp(sent);
    }

    @Override
    default List<Tensor> backLast(Tensor sent) {
        return vjpLast(sent);
    }
}
