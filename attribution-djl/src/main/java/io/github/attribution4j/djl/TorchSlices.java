// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.instrument.Slice;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The copies of a program that compute only what a head or a tail needs. There is one from the second time on that it
 * is asked for, since compiling it takes longer than a few rows.
 */
final class TorchSlices implements AutoCloseable {
    /** The most copies, so that a walk over all layers of a large model does not fill the memory. */
    private static final int MOST = 16;

    private final Function<Slice, Optional<TorchModules>> compile;
    private final Map<Slice, Optional<TorchModules>> made = new ConcurrentHashMap<>();
    private final Set<Slice> askedOnce = new HashSet<>();
    private boolean closed;

    /**
     * Makes the copies of a program.
     *
     * @param compile makes one; none if the whole program has to run
     */
    TorchSlices(Function<Slice, Optional<TorchModules>> compile) {
        this.compile = compile;
    }

    /** Returns the copy for a slice; none if the whole program has to run. */
    Optional<TorchModules> of(Slice wanted) {
        Optional<TorchModules> known = made.get(wanted);
        return known != null ? known : ofNew(wanted);
    }

    private synchronized Optional<TorchModules> ofNew(Slice wanted) {
        Optional<TorchModules> known = made.get(wanted);
        if (known != null) {
            return known;
        }
        if (closed || made.size() >= MOST || askedOnce.add(wanted)) {
            return Optional.empty();
        }
        Optional<TorchModules> compiled = compile.apply(wanted);
        made.put(wanted, compiled);
        return compiled;
    }

    @Override
    public synchronized void close() {
        closed = true;
        made.values().forEach(one -> one.ifPresent(TorchModules::close));
    }
}
