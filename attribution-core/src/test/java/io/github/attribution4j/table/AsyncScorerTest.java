// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class AsyncScorerTest {
    private final ExecutorService threads = Executors.newFixedThreadPool(8);

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    private static double[][] sums(double[][] rows) {
        return Arrays.stream(rows)
                .map(row -> new double[] {Arrays.stream(row).sum(), row[0]})
                .toArray(double[][]::new);
    }

    private static double[][] rows(int count) {
        double[][] rows = new double[count][3];
        RandomStream random = RandomStream.of(5);
        for (double[] row : rows) {
            Arrays.setAll(row, i -> random.nextDouble());
        }
        return rows;
    }

    private static AsyncScorer quick(AsyncScorer scorer) {
        return scorer.backOff(Duration.ofMillis(1), Duration.ofMillis(4));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 100, 1000})
    void scores_are_in_order_whatever_the_order_of_replies(int rowsPerRequest) {
        AsyncScorer scorer = AsyncScorer.of(rows -> CompletableFuture.supplyAsync(
                        () -> sums(rows),
                        CompletableFuture.delayedExecutor(
                                (long) (rows[0][0] * 3_000_000), TimeUnit.NANOSECONDS, threads)))
                .rowsPerRequest(rowsPerRequest);
        assertThat(scorer.score(rows(100))).isDeepEqualTo(sums(rows(100)));
        assertThat(scorer.score(new double[0][])).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void no_more_requests_are_in_flight_than_allowed_over_all_threads(int most) throws InterruptedException {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger largest = new AtomicInteger();
        AsyncScorer scorer = AsyncScorer.of(rows -> {
                    largest.accumulateAndGet(now.incrementAndGet(), Math::max);
                    return CompletableFuture.supplyAsync(
                                    () -> sums(rows), CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS))
                            .whenComplete((scores, failure) -> now.decrementAndGet());
                })
                .rowsPerRequest(2)
                .inFlight(most);
        List<double[][]> all = Collections.synchronizedList(new ArrayList<>());
        Thread[] callers = new Thread[2];
        for (int i = 0; i < callers.length; i++) {
            callers[i] = new Thread(() -> all.add(scorer.score(rows(30))));
            callers[i].start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        assertThat(all).hasSize(2).allSatisfy(scores -> assertThat(scores).isDeepEqualTo(sums(rows(30))));
        assertThat(largest.get()).isEqualTo(most);
    }

    /** Fails some requests, chosen by a seed, in all ways in which one can fail. */
    private AsyncScorer failing(double part, AtomicInteger failures) {
        RandomStream random = RandomStream.of(77);
        return quick(AsyncScorer.of(rows -> {
            double[] drawn = {random.nextDouble(), random.nextDouble()};
            if (drawn[0] >= part) {
                return CompletableFuture.supplyAsync(() -> sums(rows), threads);
            }
            failures.incrementAndGet();
            for (double[] row : rows) {
                Arrays.fill(row, -1); // The request's own copy.
            }
            if (drawn[1] < 0.3) {
                throw new IllegalStateException("refused at once");
            }
            return drawn[1] < 0.6
                    ? CompletableFuture.failedFuture(new IOException("503"))
                    : CompletableFuture.supplyAsync(
                            () -> {
                                throw new CompletionException(new IOException("connection reset"));
                            },
                            threads);
        }));
    }

    @Test
    void a_service_that_fails_one_request_in_ten_gives_the_same_explanation() {
        AtomicInteger failures = new AtomicInteger();
        Model remote =
                Model.of("remote", "1", failing(0.1, failures).rowsPerRequest(2).retries(6));
        try (TensorScope scope = TensorScope.open()) {
            double[] x = {1, 2, 3, 4, 5, 6, 7, 8};
            Inputs inputs = Inputs.of(Tensors.ofJava().of(x, 1, 8));
            try (Explanation there = new ShapleyValues().attribute(remote, inputs, Target.index(0))) {
                // Of a sum, each value is the element itself.
                assertThat(there.attribution().toDoubleArray()).containsExactly(x, within(1e-9));
            }
        }
        assertThat(failures.get()).isBetween(5, 40);
    }

    @Test
    void what_fails_for_the_last_time_is_named_with_its_rows() {
        AtomicInteger calls = new AtomicInteger();
        AsyncScorer scorer = quick(AsyncScorer.of(rows -> {
                    calls.incrementAndGet();
                    return rows[0][0] == 4
                            ? CompletableFuture.failedFuture(new IOException("503 busy"))
                            : CompletableFuture.completedFuture(sums(rows));
                }))
                .rowsPerRequest(2)
                .retries(2);
        double[][] table = {{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1}};
        assertThatThrownBy(() -> scorer.score(table))
                .isInstanceOf(ModelException.OnRows.class)
                .hasMessageContaining("rows 4 to 5 of 7, the first [4, 1], 3 times, the last with: "
                        + "java.io.IOException: 503 busy")
                .hasRootCauseInstanceOf(IOException.class);
        assertThat(calls.get()).isEqualTo(4 - 1 + 3);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE, 1 << 30, 101})
    void requests_may_be_larger_than_any_call(int rowsPerRequest) {
        AtomicInteger calls = new AtomicInteger();
        AsyncScorer scorer = AsyncScorer.of(rows -> {
                    calls.incrementAndGet();
                    return CompletableFuture.completedFuture(sums(rows));
                })
                .rowsPerRequest(rowsPerRequest);
        assertThat(scorer.score(rows(100))).isDeepEqualTo(sums(rows(100)));
        assertThat(calls.get()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void an_error_is_passed_on_at_once_and_gives_its_permit_back(boolean inFuture) {
        AtomicInteger calls = new AtomicInteger();
        AsyncScorer scorer = quick(AsyncScorer.of(rows -> {
                    if (calls.incrementAndGet() > 3) {
                        return CompletableFuture.completedFuture(sums(rows));
                    }
                    if (inFuture) {
                        return CompletableFuture.failedFuture(new CompletionException(new AssertionError("broken")));
                    }
                    throw new AssertionError("broken");
                }))
                .inFlight(1);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> scorer.score(rows(2)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("broken");
        }
        assertThat(scorer.permits().availablePermits()).isEqualTo(1);
        assertThat(scorer.score(rows(2))).isDeepEqualTo(sums(rows(2)));
    }

    @Test
    void failures_are_unwrapped_for_the_test_and_the_message() {
        AtomicInteger calls = new AtomicInteger();
        AsyncScorer scorer = quick(AsyncScorer.of(rows -> {
                    calls.incrementAndGet();
                    return CompletableFuture.<double[][]>failedFuture(
                            new CompletionException(new ExecutionException(new IOException((String) null))));
                }))
                .retries(2)
                .retryIf(failure -> failure instanceof IOException);
        assertThatThrownBy(() -> scorer.score(rows(1)))
                .hasMessageContaining("3 times, the last with: java.io.IOException; mend it, or raise retries(...)")
                .hasMessageNotContaining("timeout")
                .hasCauseInstanceOf(IOException.class);
        assertThat(calls.get()).isEqualTo(3);
        // A wrapper without a cause is the failure itself.
        AsyncScorer bare = quick(AsyncScorer.of(
                        rows -> CompletableFuture.<double[][]>failedFuture(new CompletionException("gone", null))))
                .retries(0);
        assertThatThrownBy(() -> bare.score(rows(1))).hasMessageContaining("CompletionException: gone");
    }

    @Test
    void an_executor_that_is_closed_is_a_failure_as_others_are() {
        ExecutorService closed = Executors.newSingleThreadExecutor();
        closed.shutdown();
        AsyncScorer scorer = quick(AsyncScorer.of(rows -> CompletableFuture.supplyAsync(() -> sums(rows), closed)))
                .retries(1);
        assertThatThrownBy(() -> scorer.score(rows(1)))
                .isInstanceOf(ModelException.OnRows.class)
                .hasMessageContaining("2 times, the last with: java.util.concurrent.RejectedExecutionException");
        assertThat(scorer.permits().availablePermits()).isEqualTo(8);
    }

    @Test
    void a_stage_that_refuses_to_be_cancelled_keeps_no_permit() {
        AsyncScorer scorer = quick(AsyncScorer.of(rows -> new CompletableFuture<double[][]>() {
                    @Override
                    public CompletableFuture<double[][]> toCompletableFuture() {
                        throw new IllegalStateException("not mine to give");
                    }
                }))
                .timeout(Duration.ofMillis(3))
                .rowsPerRequest(1)
                .retries(0);
        assertThatThrownBy(() -> scorer.score(rows(8))).hasMessageContaining("no reply within 3 ms");
        assertThat(scorer.permits().availablePermits()).isEqualTo(8);
    }

    @Test
    void rows_without_scores_are_named() {
        AsyncScorer holes = AsyncScorer.of(rows -> {
            double[][] scores = sums(rows);
            scores[1] = null;
            return CompletableFuture.completedFuture(scores);
        });
        AsyncScorer nothing = AsyncScorer.of(rows -> CompletableFuture.completedFuture(new double[rows.length][0]));
        AsyncScorer nan = AsyncScorer.of(rows -> {
            double[][] scores = sums(rows);
            scores[2][1] = Double.NaN;
            return CompletableFuture.completedFuture(scores);
        });
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(Tensors.ofJava().of(new double[] {1, 2, 3}, 3, 1));
            assertThatThrownBy(() -> Model.of("remote", "1", holes).forward(inputs))
                    .hasMessageContaining("'remote' returned null for row 1 of the 3 that it was given, [2]");
            assertThatThrownBy(() -> Model.of("remote", "1", nothing).forward(inputs))
                    .hasMessageContaining("'remote' returned no values for row 0");
            assertThatThrownBy(() -> Model.of("remote", "1", nan).forward(inputs))
                    .hasMessageContaining("'remote' returned NaN as value 1 for row 2 of the 3");
        }
    }

    @Test
    void only_failures_worth_it_are_tried_again() {
        AtomicInteger calls = new AtomicInteger();
        AsyncScorer scorer = quick(AsyncScorer.of(rows -> {
                    calls.incrementAndGet();
                    return CompletableFuture.<double[][]>failedFuture(new IllegalArgumentException("400"));
                }))
                .retryIf(failure -> failure instanceof IOException);
        assertThatThrownBy(() -> scorer.score(rows(1)))
                .hasMessageContaining("failed on row 0 of 1, the first [0.")
                .hasMessageEndingWith("; it is not sent again after such a failure, see retryIf(...)");
        assertThat(calls.get()).isEqualTo(1);
    }

    @Test
    void a_reply_that_does_not_fit_is_not_asked_for_again() {
        AtomicInteger calls = new AtomicInteger();
        AsyncScorer few = AsyncScorer.of(rows -> {
            calls.incrementAndGet();
            return CompletableFuture.completedFuture(new double[1][1]);
        });
        assertThatThrownBy(() -> few.score(rows(2)))
                .hasMessageContaining("returned scores of 1 rows for rows 0 to 1 of 2");
        assertThat(calls.get()).isEqualTo(1);
        AsyncScorer nothing = AsyncScorer.of(rows -> CompletableFuture.completedFuture(null));
        assertThatThrownBy(() -> nothing.score(rows(2))).hasMessageContaining("returned null for rows 0 to 1");
        AsyncScorer noFuture = AsyncScorer.of(rows -> null);
        assertThatThrownBy(() -> noFuture.score(rows(2))).hasMessageContaining("null instead of a future");
    }

    @Test
    void a_request_without_a_reply_is_sent_again_when_its_time_is_over() {
        List<CompletableFuture<double[][]>> hung = new ArrayList<>();
        AsyncScorer scorer = quick(AsyncScorer.of(rows -> {
                    if (hung.size() < 2) {
                        hung.add(new CompletableFuture<>());
                        return hung.get(hung.size() - 1);
                    }
                    // A late reply to an attempt that was given up changes nothing.
                    hung.get(0).complete(new double[][] {{-5}});
                    return CompletableFuture.completedFuture(sums(rows));
                }))
                .timeout(Duration.ofMillis(20));
        assertThat(scorer.score(rows(1))).isDeepEqualTo(sums(rows(1)));
        assertThat(hung).hasSize(2).allMatch(CompletableFuture::isCancelled);
        AsyncScorer never = quick(AsyncScorer.of(rows -> new CompletableFuture<double[][]>()))
                .timeout(Duration.ofMillis(5))
                .retries(1);
        assertThatThrownBy(() -> never.score(rows(1)))
                .hasMessageContaining(
                        "2 times, the last with: java.util.concurrent.TimeoutException: no reply within 5");
    }

    /** Explains a model that hangs; returns its futures. */
    private static List<CompletableFuture<double[][]>> hang(Run run, Class<? extends Exception> stopped) {
        List<CompletableFuture<double[][]>> futures = new ArrayList<>();
        Model model = Model.of("hangs", "1", AsyncScorer.of(rows -> {
            futures.add(new CompletableFuture<>());
            return futures.get(futures.size() - 1);
        }));
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Tensors.ofJava().of(new double[] {1, 2}, 1, 2);
            assertThatThrownBy(() -> new ShapleyValues().attribute(model, Inputs.of(x), Target.output(), run))
                    .isInstanceOf(stopped);
        }
        return futures;
    }

    @Test
    void a_deadline_ends_the_wait_and_cancels_what_is_in_flight() {
        long start = System.nanoTime();
        assertThat(hang(Run.defaults().deadline(Duration.ofMillis(150)), DeadlineExceededException.class))
                .isNotEmpty()
                .allMatch(CompletableFuture::isCancelled);
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(5));
    }

    @Test
    void a_cancellation_ends_the_wait() {
        Cancellation cancellation = new Cancellation();
        CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS, threads).execute(cancellation::cancel);
        hang(Run.defaults().cancellation(cancellation), CancelledException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void an_interrupt_ends_the_wait_with_and_without_a_deadline(boolean withDeadline) throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        AtomicInteger flagged = new AtomicInteger();
        Run run = withDeadline ? Run.defaults().deadline(Duration.ofHours(1)) : Run.defaults();
        Thread caller = new Thread(() -> {
            hang(run, CancelledException.class);
            flagged.set(Thread.currentThread().isInterrupted() ? 1 : 0);
            ended.countDown();
        });
        caller.start();
        Thread.sleep(50);
        caller.interrupt();
        assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(flagged.get()).as("the thread stays interrupted").isEqualTo(1);
    }

    @Test
    void permits_come_back_after_failures_and_stops() {
        AtomicInteger calls = new AtomicInteger();
        AsyncScorer scorer = quick(AsyncScorer.of(rows -> calls.getAndIncrement() == 0
                        ? new CompletableFuture<double[][]>()
                        : CompletableFuture.completedFuture(sums(rows))))
                .inFlight(1)
                .retries(0)
                .timeout(Duration.ofMillis(5));
        assertThatThrownBy(() -> scorer.score(rows(1))).isInstanceOf(ModelException.OnRows.class);
        assertThat(scorer.score(rows(1))).isDeepEqualTo(sums(rows(1)));
        assertThat(scorer.permits().availablePermits()).isEqualTo(1);
    }

    @Test
    void pauses_grow_vary_and_depend_on_the_seed() {
        AsyncScorer scorer = AsyncScorer.of(rows -> CompletableFuture.completedFuture(sums(rows)))
                .backOff(Duration.ofMillis(100), Duration.ofMillis(350));
        for (int request = 0; request < 20; request++) {
            assertThat(scorer.pauseNanos(request, 1)).isBetween(50_000_000L, 100_000_000L);
            assertThat(scorer.pauseNanos(request, 2)).isBetween(100_000_000L, 200_000_000L);
            assertThat(scorer.pauseNanos(request, 5)).isBetween(175_000_000L, 350_000_000L);
            assertThat(scorer.pauseNanos(request, 500)).isBetween(175_000_000L, 350_000_000L);
        }
        assertThat(scorer.pauseNanos(3, 2)).isEqualTo(scorer.pauseNanos(3, 2)).isNotEqualTo(scorer.pauseNanos(4, 2));
        assertThat(scorer.seed(1).pauseNanos(3, 2)).isNotEqualTo(scorer.pauseNanos(3, 2));
    }

    @Test
    void settings_are_checked() {
        AsyncScorer scorer = AsyncScorer.of(rows -> CompletableFuture.completedFuture(sums(rows)));
        assertThatThrownBy(() -> scorer.rowsPerRequest(0)).hasMessage("rowsPerRequest 0: must be at least 1");
        assertThatThrownBy(() -> scorer.inFlight(0)).hasMessage("inFlight 0: must be at least 1");
        assertThatThrownBy(() -> scorer.retries(-1)).hasMessage("retries -1: must be at least 0");
        assertThatThrownBy(() -> scorer.timeout(Duration.ZERO)).hasMessageContaining("must be more than zero");
        assertThatThrownBy(() -> scorer.backOff(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessageContaining("must be at least the first");
        assertThat(scorer.retries(5)).hasToString("AsyncScorer[64 rows, 8 in flight, 5 retries, timeout PT30S]");
    }
}
