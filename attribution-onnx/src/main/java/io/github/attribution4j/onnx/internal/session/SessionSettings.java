// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;

/**
 * How sessions are made.
 *
 * @param optimization how far the runtime may rewrite a graph
 * @param threads of one operator; 0 for those that all sessions share
 * @param arena whether the runtime keeps memory for later runs
 * @param cuda the GPU; -1 for the CPU
 * @param joinsQuantizers whether the runtime may compute with whole numbers where an operator stands among quantizers
 */
public record SessionSettings(
        Optimization optimization, int threads, boolean arena, int cuda, boolean joinsQuantizers) {
    /** The runtime's own settings. */
    public static final SessionSettings DEFAULTS = new SessionSettings(Optimization.ALL, 0, true, -1, true);

    /** The same for a session that is optimized in another way. */
    public SessionSettings with(Optimization other) {
        return new SessionSettings(other, threads, arena, cuda, joinsQuantizers);
    }

    /**
     * The same for a way back. A product of dequantized weights and a gradient would be computed with whole numbers
     * too, so that the gradient loses all but eight bits.
     */
    public SessionSettings ofWayBack() {
        return new SessionSettings(optimization, threads, arena, cuda, false);
    }
}
