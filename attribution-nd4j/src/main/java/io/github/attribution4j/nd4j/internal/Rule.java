// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A derivative in Java, for an operation whose derivative in SameDiff is wrong or missing. */
@FunctionalInterface
interface Rule {
    /**
     * What a rule is given.
     *
     * @param step the operation
     * @param inputs what it was given
     * @param outputs what it made
     * @param sent what comes back to each result
     * @param scratch remembers arrays in between
     */
    record Given(Step step, List<INDArray> inputs, List<INDArray> outputs, List<INDArray> sent, Scratch scratch) {
        INDArray input(int number) {
            return inputs.get(number);
        }

        INDArray output() {
            return outputs.get(0);
        }

        INDArray gradient() {
            return sent.get(0);
        }
    }

    /** Returns what arrives: new arrays, one for each floating-point input, in order. */
    List<INDArray> back(Given given);
}
