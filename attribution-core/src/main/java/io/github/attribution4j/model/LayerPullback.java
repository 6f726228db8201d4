// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * One run of a cut model from its inputs to its output, held open for gradients with respect to the values at the cut: what
 * GradCAM needs, at the cost of one forward run and of a backward run that ends at the cut.
 *
 * <p>{@link #vjp} returns one gradient for each point of the cut, in order, shaped and typed like its activation; {@link
 * #unused()} names points.
 */
public interface LayerPullback extends Pullback {
    /** Returns the values at the cut, one for each point, in order; valid until this is closed. */
    @Override
    List<Tensor> activations();
}
