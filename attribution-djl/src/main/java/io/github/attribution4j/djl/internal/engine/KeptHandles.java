// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.pytorch.engine.PtNDArray;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Small tensors that calls need again and again. The first are kept up to a limit; beyond it, a tensor is made for a
 * single use. Thread-safe, except that closing must wait for all uses.
 */
final class KeptHandles<K> implements AutoCloseable {
    private final int most;
    private final Map<K, PtNDArray> handles = new ConcurrentHashMap<>();

    /** {@code most}: the limit. Concurrent threads may exceed it by a few. */
    KeptHandles(int most) {
        this.most = most;
    }

    /**
     * Uses the tensor of a key.
     *
     * @param maker makes the tensor if it is not kept
     * @param use must neither keep, change nor close it
     */
    <T> T with(K key, Function<K, PtNDArray> maker, Function<PtNDArray, T> use) {
        PtNDArray known = handles.get(key);
        if (known != null) {
            return use.apply(known);
        }
        PtNDArray made = maker.apply(key);
        boolean kept = handles.size() < most && handles.putIfAbsent(key, made) == null;
        try {
            return use.apply(made);
        } finally {
            if (!kept) {
                made.close();
            }
        }
    }

    @Override
    public void close() {
        handles.values().forEach(PtNDArray::close);
    }
}
