// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory of the runtime is freed once, and never while a thread is inside. */
@Timeout(120)
class HeldPullbackTest {
    private static final int THREADS = 4;

    /** A pullback whose product waits. */
    private static final class Slow implements Pullback {
        private final CountDownLatch inside = new CountDownLatch(1);
        private final CountDownLatch go = new CountDownLatch(1);
        private final AtomicInteger closed = new AtomicInteger();

        @Override
        public Tensor output() {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<Tensor> vjp(Tensor cotangent) {
            inside.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            assertThat(closed).hasValue(0);
            return List.of();
        }

        @Override
        public Set<String> unused() {
            return Set.of();
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }

    @Test
    void the_last_thread_that_is_inside_frees_the_memory() throws Exception {
        Slow slow = new Slow();
        AtomicInteger freed = new AtomicInteger();
        HeldPullback pullback = new HeldPullback(slow, Optional.empty(), null, freed::incrementAndGet);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Tensor any = Tensors.ofJava().of(new float[1], 1)) {
            List<Future<List<Tensor>>> inside = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                inside.add(threads.submit(() -> pullback.vjp(any)));
            }
            slow.inside.await();
            while (pullback.users() < THREADS) {
                Thread.onSpinWait();
            }
            pullback.close();
            pullback.close();
            assertThat(freed).hasValue(0);
            assertThatThrownBy(() -> pullback.vjp(any))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            slow.go.countDown();
            for (Future<List<Tensor>> each : inside) {
                assertThat(each.get()).isEmpty();
            }
            assertThat(freed).hasValue(1);
            assertThat(slow.closed).hasValue(1);
            pullback.close();
            assertThat(freed).hasValue(1);
        } finally {
            slow.go.countDown();
            threads.shutdownNow();
        }
    }
}
