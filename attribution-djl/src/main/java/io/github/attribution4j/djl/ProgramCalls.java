// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

/** Runs a program, without rules or with them. */
interface ProgramCalls {
    /**
     * Runs the program.
     *
     * @param gradients whether a graph is recorded
     */
    Answer answer(TorchCall call, boolean gradients);
}
