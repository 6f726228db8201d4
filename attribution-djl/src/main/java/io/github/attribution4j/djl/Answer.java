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
 * The answer to a {@link TorchCall}: handles that the reader closes.
 *
 * @param reply what was asked for
 * @param pieces where the graph is cut into pieces: these; else nothing
 * @param atReference what the program gave for the references, if the run compared with some
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

    /** Closes the tensors of the replies but some. */
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
