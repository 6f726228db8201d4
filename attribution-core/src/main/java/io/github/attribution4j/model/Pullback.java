// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One forward run of a {@link DifferentiableModel}, held open for backward passes.
 *
 * <p>A pullback belongs to one thread at a time. It owns its output, which no scope closes; gradients belong to the
 * caller's innermost scope. The inputs must stay open until it is closed.
 */
public interface Pullback extends AutoCloseable {
    /** Returns the model's output for the inputs given, shape {@code (rows, ...)}; valid until this is closed. */
    Tensor output();

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

    /**
     * Returns the model's output for the references, where the run compared with references and tells; valid until this is
     * closed. It saves whoever explains the difference of two outputs a forward run.
     */
    default Optional<Tensor> referenceOutput() {
        return Optional.empty();
    }

    /** Returns the names of attributed inputs for which the engine found no path to the output; known after a vjp. */
    default Set<String> unused() {
        return Set.of();
    }

    /** Frees the graph and the output. Idempotent. */
    @Override
    void close();
}
