// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Tensor;

/**
 * Opens the runs whose backward pass an {@link Evaluator} takes, where that is not the model's own: on a copy that follows
 * other rules, with references, at a cut.
 */
@FunctionalInterface
public interface PullbackSource {
    /**
     * Runs rows, ready to go back.
     *
     * @param rows inputs of a batch
     * @param from number of the first row, of all rows asked for
     * @param to number after the last row
     * @return the run, closed by the caller
     */
    BackwardRun open(Inputs rows, long from, long to);

    /**
     * Returns what to send back.
     *
     * @param output the run's output
     * @param gradient the gradient of the target's score with respect to it, which is returned unless overridden
     */
    default Tensor cotangent(Tensor output, Tensor gradient) {
        return gradient;
    }
}
