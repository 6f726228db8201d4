// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.instrument.Instrumented;
import io.github.attribution4j.djl.internal.wire.Level;
import io.github.attribution4j.djl.internal.wire.Request;
import io.github.attribution4j.model.Inputs;

/**
 * A {@link io.github.attribution4j.model.program.Program.Question} bound to the parameters of a program.
 *
 * @param inputs those of the model and, for a tail, the activations before them; references last
 * @param request with the position of an input in place of each tensor
 * @param method the entry
 * @param shift the number of activations, where the inputs of the model begin
 */
record TorchCall(Inputs inputs, Request<Integer> request, String method, int shift) {
    /** What the instrumented copy must contain for this call. */
    Level level() {
        return method.equals(Instrumented.FORWARD) ? Level.FORWARD : request.level();
    }
}
