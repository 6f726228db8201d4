// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.Run;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One call of a scorer that replies later. The calling thread sends the requests and takes the events: replies, the end
 * of a time or a pause, the stop of the run. Nothing else changes the state.
 */
final class AsyncCall {
    /** How long the thread waits at most for a permit that another call holds. */
    private static final long PERMIT_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final long LONGEST_WAIT_NANOS = TimeUnit.HOURS.toNanos(1);

    private static final Event STOP = new Event(-1, 0, null, null);

    private final AsyncScorer scorer;
    private final double[][] rows;
    private final double[][] scores;
    private final int rowsPerRequest;
    private final int requests;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    /** Numbers of requests that can be sent now. */
    private final Deque<Integer> ready = new ArrayDeque<>();
    /** By request: when it may be sent again. */
    private final Map<Integer, Long> pausing = new HashMap<>();

    private final Map<Integer, Sent> inFlight = new HashMap<>();
    /** For each request how often it has failed. */
    private final int[] failures;

    private int done;

    /**
     * Something that the thread waits for.
     *
     * @param request its number; -1 if the run was stopped
     * @param attempt which of its attempts, from 0
     * @param scores the reply
     * @param failure instead of a reply
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Event(
            int request,
            int attempt,
            double @Nullable [][] scores,
            @Nullable Throwable failure) {}

    /** A request in flight, and when its time is over. */
    private record Sent(CompletionStage<double[][]> reply, long until) {}

    AsyncCall(AsyncScorer scorer, double[][] rows) {
        this.scorer = scorer;
        this.rows = rows;
        this.scores = new double[rows.length][];
        this.rowsPerRequest = Math.max(1, Math.min(rows.length, scorer.rowsPerRequest()));
        this.requests = rows.length / rowsPerRequest + (rows.length % rowsPerRequest == 0 ? 0 : 1);
        this.failures = new int[requests];
        for (int request = 0; request < requests; request++) {
            ready.add(request);
        }
    }

    double[][] scores() {
        try {
            return Run.stoppable(() -> events.add(STOP), this::replies);
        } finally {
            for (Sent sent : inFlight.values()) {
                giveUp(sent);
            }
        }
    }

    private double[][] replies() {
        try {
            while (done < requests) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                send();
                Event event = events.poll(waitNanos(), TimeUnit.NANOSECONDS);
                if (event != null) {
                    take(event);
                }
                long now = System.nanoTime();
                endTimes(now);
                endPauses(now);
            }
            return scores;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            Run.CancelledException stopped = new Run.CancelledException(
                    "the wait for a scorer's reply ended because its thread was interrupted");
            stopped.initCause(e);
            throw stopped;
        }
    }

    /** Sends what can be sent, as far as there are permits. */
    private void send() {
        while (!ready.isEmpty() && scorer.permits().tryAcquire()) {
            int request = ready.remove();
            int attempt = failures[request];
            double[][] own = own(request);
            CompletionStage<double[][]> reply;
            try {
                reply = scorer.service().apply(own);
            } catch (Throwable e) {
                scorer.permits().release();
                fail(request, e);
                continue;
            }
            if (reply == null) {
                scorer.permits().release();
                throw new ModelException.OnRows(
                        "the scorer returned null instead of a future for " + described(request));
            }
            inFlight.put(request, new Sent(reply, System.nanoTime() + scorer.timeoutNanos()));
            reply.whenComplete((result, failure) -> events.add(new Event(request, attempt, result, failure)));
        }
    }

    /** Returns how long there is nothing to do without an event. */
    private long waitNanos() {
        long now = System.nanoTime();
        long wait = ready.isEmpty() ? LONGEST_WAIT_NANOS : PERMIT_NANOS;
        for (Sent sent : inFlight.values()) {
            wait = Math.min(wait, sent.until() - now);
        }
        for (long until : pausing.values()) {
            wait = Math.min(wait, until - now);
        }
        return Math.max(0, wait);
    }

    private void take(Event event) {
        if (event.request() < 0) {
            throw new Run.CancelledException("the wait for a scorer's reply was stopped");
        }
        if (event.attempt() != failures[event.request()] || !inFlight.containsKey(event.request())) {
            // A late reply to an attempt that was given up.
            return;
        }
        inFlight.remove(event.request());
        scorer.permits().release();
        Throwable failure = event.failure();
        if (failure != null) {
            fail(event.request(), failure);
            return;
        }
        double[][] own = event.scores();
        int from = from(event.request());
        int wanted = to(event.request()) - from;
        if (own == null || own.length != wanted) {
            throw new ModelException.OnRows("the scorer returned "
                    + (own == null ? "null" : "scores of " + own.length + " rows") + " for "
                    + described(event.request()) + "; it must return one array per row");
        }
        System.arraycopy(own, 0, scores, from, wanted);
        done++;
    }

    private void endTimes(long now) {
        List<Integer> over = new ArrayList<>();
        inFlight.forEach((request, sent) -> {
            if (sent.until() - now <= 0) {
                over.add(request);
            }
        });
        for (int request : over) {
            Sent sent = inFlight.remove(request);
            if (sent != null) {
                giveUp(sent);
            }
            fail(
                    request,
                    new TimeoutException(
                            "no reply within " + TimeUnit.NANOSECONDS.toMillis(scorer.timeoutNanos()) + " ms"));
        }
    }

    private void endPauses(long now) {
        pausing.entrySet().removeIf(entry -> {
            boolean over = entry.getValue() - now <= 0;
            if (over) {
                ready.add(entry.getKey());
            }
            return over;
        });
    }

    private void giveUp(Sent sent) {
        scorer.permits().release();
        try {
            sent.reply().toCompletableFuture().cancel(true);
        } catch (RuntimeException e) {
            // A stage that is no future, or refuses, cannot be cancelled; its reply is ignored.
        }
    }

    private void fail(int request, Throwable thrown) {
        Throwable failure = cause(thrown);
        if (failure instanceof Error error) {
            throw error;
        }
        failures[request]++;
        boolean retryable = scorer.isRetryable(failure);
        if (!retryable || failures[request] > scorer.retries()) {
            String remedy = !retryable
                    ? "; it is not sent again after such a failure, see retryIf(...)"
                    : "; mend it, or raise " + (failure instanceof TimeoutException ? "timeout(...) or " : "")
                            + "retries(...)";
            throw new ModelException.OnRows(
                    "the scorer failed on " + described(request)
                            + (failures[request] == 1 ? ": " : ", " + failures[request] + " times, the last with: ")
                            + failure + remedy,
                    failure);
        }
        pausing.put(request, System.nanoTime() + scorer.pauseNanos(request, failures[request]));
    }

    /** Returns what failed, without the exceptions by which futures pass it on. */
    private static Throwable cause(Throwable thrown) {
        Throwable failure = thrown;
        Throwable inner = failure.getCause();
        while (inner != null && (failure instanceof CompletionException || failure instanceof ExecutionException)) {
            failure = inner;
            inner = failure.getCause();
        }
        return failure;
    }

    private int from(int request) {
        return request * rowsPerRequest;
    }

    private int to(int request) {
        return from(request) + Math.min(rowsPerRequest, rows.length - from(request));
    }

    /** Returns the rows of a request; copies, so that nothing that the scorer does to them reaches another attempt. */
    private double[][] own(int request) {
        double[][] own = Arrays.copyOfRange(rows, from(request), to(request));
        for (int row = 0; row < own.length; row++) {
            own[row] = own[row].clone();
        }
        return own;
    }

    private String described(int request) {
        int from = from(request);
        int last = to(request) - 1;
        return (from == last ? "row " + from : "rows " + from + " to " + last) + " of " + rows.length + ", the first "
                + scorer.describe(rows[from]);
    }
}
