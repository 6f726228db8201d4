// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * An intervention at one value of a model, or at several of which none depends on another: the head computes the value,
 * the tail goes on from any value put in its place.
 *
 * <p>Both are ordinary models of the same rows, and can be cut again. A cut is not a partition: what bypasses the value
 * (a residual connection) is computed by the tail from the original inputs, which it therefore takes as
 * {@linkplain Inputs.Role#FIXED fixed} inputs behind the activations.
 * {@code tail.forward(tailInputs(x, activations(x)))} equals {@code model.forward(x)}.
 *
 * <p>That no point depends on another is found out when the model first runs; until then no method of this throws
 * for it.
 */
public interface Cut {
    /** Returns the addresses of the values, in the order in which the cut was asked for. */
    List<CutPoint> points();

    /**
     * Returns the address of the only value.
     *
     * @throws IllegalStateException if there are several
     */
    default CutPoint point() {
        if (points().size() != 1) {
            throw new IllegalStateException("this is a cut at " + points() + ": it has no single point");
        }
        return points().get(0);
    }

    /**
     * Computes the values at the cut, in one run.
     *
     * @param inputs those of the whole model
     * @return one tensor for each point, in order
     * @throws ModelException if a point is not reached with these inputs, or depends on another
     */
    List<Tensor> activations(Inputs inputs);

    /**
     * Runs the whole model, ready for gradients of its output with respect to the values at the cut, which are its
     * {@link Pullback#activations()}: what GradCAM needs, at the cost of one forward run and of a backward run that
     * ends at the cut. Its {@link Pullback#unused()} names points.
     *
     * @param inputs those of the whole model; their roles and types do not matter here, as nothing is differentiated
     *     with respect to them
     * @throws ModelException if a point is not reached with these inputs, depends on another, or holds integers
     */
    Pullback pullback(Inputs inputs);

    /**
     * Returns inputs → activation of a point, shape {@code (rows, ...)}.
     *
     * @param number position in {@link #points()}
     */
    LayeredModel head(int number);

    /**
     * Returns inputs → activation of the only point, shape {@code (rows, ...)}.
     *
     * @throws IllegalStateException if there are several
     */
    default LayeredModel head() {
        point();
        return head(0);
    }

    /** Returns (activations, original inputs held fixed) → output; see {@link #tailInputs(Inputs, List)}. */
    LayeredModel tail();

    /**
     * Returns the tail's inputs: the activations attributed, all inputs of the model fixed, in their order. They
     * remember the model's inputs and this cut ({@link Inputs#origin()}), so that a baseline can be lifted through it.
     *
     * @param modelInputs inputs of the whole model
     * @param activations one for each point, shape {@code (rows, ...)}
     */
    default Inputs tailInputs(Inputs modelInputs, List<Tensor> activations) {
        return modelInputs.behind(this, activations);
    }

    /** Returns {@link #tailInputs(Inputs, List)} of a cut at one point. */
    default Inputs tailInputs(Inputs modelInputs, Tensor activation) {
        return tailInputs(modelInputs, List.of(activation));
    }
}
