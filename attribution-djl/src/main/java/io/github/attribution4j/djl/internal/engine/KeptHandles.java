// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.pytorch.engine.PtNDArray;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Small tensors that calls need again and again. The first are kept; where there is no room any more, one is made for a
 * single use. Thread-safe, but for closing, which must wait for the uses.
 */
final class KeptHandles<K> implements AutoCloseable {
    private final int most;
    private final Map<K, PtNDArray> handles = new ConcurrentHashMap<>();

    /** {@code most}: how many are kept, but for a few more when threads meet. */
    KeptHandles(int most) {
        this.most = most;
    }

    /**
     * Uses the tensor of a key.
     *
     * @param maker makes it if it is not there
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
