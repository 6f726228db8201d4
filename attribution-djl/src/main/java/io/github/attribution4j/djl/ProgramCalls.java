// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

/** Runs a program: as it is, or with backward rules. */
interface ProgramCalls {
    /**
     * Runs it.
     *
     * @param gradients whether a graph is recorded
     */
    Answer answer(TorchCall call, boolean gradients);
}
