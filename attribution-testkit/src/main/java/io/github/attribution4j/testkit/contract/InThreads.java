// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs a computation in threads of every kind and compares the bits. */
final class InThreads {
    private static final int THREADS = 8;
    private static final int CALLS = 64;
    private static final int ROUNDS = 4;

    /** Computes a tensor in the current scope. */
    interface Computation {
        Tensor run();
    }

    private InThreads() {}

    /**
     * Runs a computation in a few reused threads, in a new thread for each call (lazy setup of an engine must not
     * change a thread's first result), and from Java 21 on in virtual threads.
     */
    static void run(Tensor expected, Computation computation) throws InterruptedException, ExecutionException {
        run(Executors.newFixedThreadPool(THREADS), CALLS, expected, computation);
        for (int round = 0; round < ROUNDS; round++) {
            // A pool starts a thread for each call until it is full.
            run(Executors.newFixedThreadPool(THREADS), THREADS, expected, computation);
        }
        Optional<ExecutorService> virtual = virtualThreads();
        if (virtual.isPresent()) {
            run(virtual.get(), CALLS, expected, computation);
        }
    }

    private static void run(ExecutorService pool, int calls, Tensor expected, Computation computation)
            throws InterruptedException, ExecutionException {
        try {
            List<Future<Tensor>> results = new ArrayList<>();
            for (int call = 0; call < calls; call++) {
                results.add(pool.submit(() -> {
                    try (TensorScope own = TensorScope.open()) {
                        return own.keep(computation.run());
                    }
                }));
            }
            for (Future<Tensor> future : results) {
                try (Tensor result = future.get()) {
                    assertThat(result).isBitEqualTo(expected);
                }
            }
        } finally {
            pool.shutdown();
        }
    }

    private static Optional<ExecutorService> virtualThreads() {
        try {
            return Optional.of((ExecutorService)
                    Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null));
        } catch (NoSuchMethodException e) {
            return Optional.empty();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
