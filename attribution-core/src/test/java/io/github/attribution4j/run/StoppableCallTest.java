// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A call that waits is ended by its run. */
class StoppableCallTest {
    /** Waits until it is stopped, and fails as engines do. */
    private static int call(Run run) {
        AtomicInteger stops = new AtomicInteger();
        return run.within("method", 3, 9, () -> {
            CountDownLatch ended = new CountDownLatch(1);
            Runnable stop = () -> {
                stops.incrementAndGet();
                ended.countDown();
            };
            return Run.stoppable(stop, () -> {
                spin(ended);
                throw new EngineException(stops.get());
            });
        });
    }

    /** What an engine throws when it was stopped. */
    private static final class EngineException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        EngineException(int stops) {
            super("stopped " + stops + " times");
        }
    }

    /** An engine does not notice interrupts. */
    private static void spin(CountDownLatch ended) {
        long start = System.nanoTime();
        while (ended.getCount() > 0 && System.nanoTime() - start < TimeUnit.SECONDS.toNanos(100)) {
            Thread.onSpinWait();
        }
        assertThat(ended.getCount()).isZero();
    }

    @Test
    void a_deadline_ends_it() {
        Run run = Run.defaults().deadline(Duration.ofMillis(30)).started();
        assertThatThrownBy(() -> call(run))
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessageContaining("3 of 9 rows");
    }

    @Test
    void a_cancellation_ends_it() {
        Cancellation cancellation = new Cancellation();
        Thread other = new Thread(() -> {
            try {
                Thread.sleep(30);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            cancellation.cancel();
        });
        other.start();
        assertThatThrownBy(() -> call(Run.defaults().cancellation(cancellation).started()))
                .isInstanceOf(CancelledException.class);
    }

    @Test
    void an_interrupt_ends_it() {
        Run run = Run.defaults().deadline(Duration.ofHours(1)).started();
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> call(run))
                    .isInstanceOf(CancelledException.class)
                    .hasMessageContaining("interrupted");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void it_is_not_stopped_when_it_is_over() throws InterruptedException {
        AtomicInteger stops = new AtomicInteger();
        Run run = Run.defaults().deadline(Duration.ofMillis(20)).started();
        assertThat(run.within(
                        "method",
                        0,
                        1,
                        () -> Run.<Integer, RuntimeException>stoppable(stops::incrementAndGet, () -> 7)))
                .isEqualTo(7);
        Thread.sleep(60);
        assertThat(stops).hasValue(0);
    }

    @Test
    void a_failure_before_the_end_is_the_engines() {
        Run run = Run.defaults().deadline(Duration.ofHours(1)).started();
        assertThatThrownBy(() -> run.within(
                        "method",
                        0,
                        1,
                        () -> Run.stoppable(() -> {}, () -> {
                            throw new EngineException(0);
                        })))
                .isInstanceOf(EngineException.class);
    }

    @Test
    void runs_without_a_limit_cost_nothing() {
        assertThat(Run.isStoppable()).isFalse();
        Run.defaults().started().within("method", 0, 1, () -> {
            assertThat(Run.isStoppable()).isFalse();
            Thread caller = Thread.currentThread();
            return Run.stoppable(
                    () -> {
                        throw new AssertionError("nobody stops it");
                    },
                    () -> {
                        assertThat(Thread.currentThread()).isSameAs(caller);
                        return 0;
                    });
        });
        Run limited = Run.defaults().deadline(Duration.ofHours(1)).started();
        limited.within("outer", 0, 1, () -> {
            assertThat(Run.isStoppable()).isTrue();
            limited.within("inner", 0, 1, () -> 0);
            assertThat(Run.isStoppable()).isTrue();
            return 0;
        });
        assertThat(Run.isStoppable()).isFalse();
    }
}
