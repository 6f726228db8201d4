// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;

/** Takes activations and gradients at a cut as they are computed. */
@FunctionalInterface
public interface LayerSink {
    /**
     * Takes a range of rows. Ranges come in order and without gaps, split as {@link Rows#group()} says.
     *
     * @param batch owns the tensors and whatever is computed here, and ends afterwards; {@link TensorScope#keep} hands on
     *     what must live longer
     * @param from first row, inclusive
     * @param to last row, exclusive
     * @param scores the target's score of each row
     * @param activations for each point of the cut its value, axis 0 counts the rows
     * @param gradients for each point of the cut the gradient of the score with respect to its value
     */
    void accept(
            TensorScope batch, long from, long to, double[] scores, List<Tensor> activations, List<Tensor> gradients);
}
