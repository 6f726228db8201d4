// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * One forward run of a {@link DifferentiableModel}, held open for backward passes: what goes back is the derivative.
 */
public interface Pullback extends BackwardRun {
    /**
     * Returns the vector-Jacobian product: the gradient of Σ(output · cotangent) with respect to each attributed input.
     * Linear in the cotangent; may be called any number of times.
     *
     * @param cotangent shape and type of {@link #output()}
     * @return one tensor for each attributed input, in order, shaped and typed like it; zeros for an input on which the
     *     output does not depend (see {@link #unused()})
     * @throws IllegalArgumentException if the cotangent's shape or type differs from the output's
     * @throws IllegalStateException if this was closed, or has given its {@link #vjpLast last} product
     * @throws ModelException if no gradient is defined for any attributed input
     */
    List<Tensor> vjp(Tensor cotangent);

    /**
     * Returns {@link #vjp} for the last time: the engine may free the graph while it goes. Afterwards only {@link
     * #output()}, {@link #unused()} and {@link #close()} may be called.
     */
    default List<Tensor> vjpLast(Tensor cotangent) {
        return vjp(cotangent);
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
