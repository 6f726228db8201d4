// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.engine.Memory;
import io.github.attribution4j.djl.internal.wire.Reply;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The results of a {@link TorchCall}: handles that the reader closes.
 *
 * @param reply the values asked for
 * @param pieces the pieces of the graph, if it is cut into some
 * @param atReference the output for the references, if the run compared with references
 */
record Answer(
        Reply<PtNDArray> reply, Memory pieces, @Nullable Reply<PtNDArray> atReference) {
    /** Closes everything if the reader fails. */
    <R> R read(Supplier<R> reader) {
        boolean done = false;
        try {
            R result = reader.get();
            done = true;
            return result;
        } finally {
            if (!done) {
                pieces.close();
                closeAllBut(List.of());
            }
        }
    }

    /** Closes the tensors of the replies, except some. */
    void closeAllBut(List<PtNDArray> kept) {
        // By identity: DJL's arrays are equal when their elements are.
        Set<PtNDArray> closed = Collections.newSetFromMap(new IdentityHashMap<>());
        addAll(reply, closed);
        if (atReference != null) {
            addAll(atReference, closed);
        }
        kept.forEach(closed::remove);
        closed.forEach(PtNDArray::close);
    }

    private static void addAll(Reply<PtNDArray> reply, Set<PtNDArray> tensors) {
        tensors.addAll(reply.outputs());
        reply.taps().forEach(tap -> tensors.add(tap.tensor()));
        tensors.addAll(reply.leaves());
    }
}
