// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * The model divided at one value, or at several of which none depends on another: the head computes the value, the tail
 * computes the output from any value in its place.
 *
 * <p>Both are ordinary models of the same rows, and can be cut again. Some paths may bypass the value, such as a
 * residual connection. The tail computes them from the original inputs, which it takes after the activations as
 * {@linkplain Inputs.Role#FIXED fixed} inputs. {@code tail.forward(tailInputs(x, activations(x)))} equals
 * {@code model.forward(x)}.
 *
 * <p>Whether a point depends on another is checked when the model first runs; only then is such a cut refused.
 */
public interface Cut {
    /** Returns the addresses of the values, in the order in which they were given. */
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
     * Runs the whole model for gradients of its output with respect to the values at the cut, which are its
     * {@link Pullback#activations()}. Grad-CAM needs this. The cost is one forward run and a backward run that ends at
     * the cut. {@link Pullback#unused()} names points of the cut.
     *
     * @param inputs those of the whole model, of any role and type, because nothing is differentiated with respect
     *     to them
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
     * Returns the tail's inputs: the activations attributed, all inputs of the model fixed, in their order.
     * {@link Inputs#origin()} holds the model's inputs and this cut, so that a baseline can be computed through
     * the cut.
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
