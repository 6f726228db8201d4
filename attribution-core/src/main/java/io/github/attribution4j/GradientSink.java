// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;

/** Takes gradients as they are computed. */
@FunctionalInterface
public interface GradientSink {
    /**
     * Takes the gradients of a range of rows. Ranges come in order and without gaps, split as {@link Rows#group()} says.
     *
     * @param batch owns the gradients and whatever is computed here, and ends afterwards; {@link TensorScope#keep} hands
     *     on what must live longer
     * @param from first row, inclusive
     * @param to last row, exclusive
     * @param scores the target's score of each row
     * @param gradients for each attributed input the gradient of the score, axis 0 counts the rows
     */
    void accept(TensorScope batch, long from, long to, double[] scores, List<Tensor> gradients);
}
