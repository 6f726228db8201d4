// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import io.github.attribution4j.status.Experimental;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call of an engine that another thread can stop while it computes: for bindings whose engine offers that.
 *
 * <pre>{@code
 * if (!NativeCall.isStoppable()) {
 *     return engine.run(inputs);
 * }
 * try (NativeCall call = NativeCall.begin(engine::terminate)) {
 *     return engine.run(inputs);
 * } catch (EngineException e) {
 *     NativeCall.check();
 *     throw e;
 * }
 * }</pre>
 *
 * <p>What runs on this thread for an explanation whose {@link Run} has a deadline or a {@link Run.Cancellation} is
 * stopped within some milliseconds after the deadline passes, the run is cancelled or the thread is interrupted.
 * Without such a run, nobody stops a call, and nothing is spent on it.
 */
@Experimental
public final class NativeCall implements AutoCloseable {
    private static final long INTERVAL_MILLIS = 5;
    private static final long IDLE_SECONDS = 5;

    private static final ThreadLocal<@Nullable Computing> COMPUTING = new ThreadLocal<>();

    /** What a thread computes. */
    private record Computing(Run run, String method, long done, long total) {
        void check() {
            run.check(method, done, total);
        }
    }

    /** Looks after the calls of all threads; its one thread ends when there are none for some time. */
    private static final class Watch {
        private static final ScheduledThreadPoolExecutor EXECUTOR = executor();

        private static ScheduledThreadPoolExecutor executor() {
            ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
                Thread thread = new Thread(task, "attribution-watch");
                thread.setDaemon(true);
                return thread;
            });
            executor.setRemoveOnCancelPolicy(true);
            executor.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
            executor.allowCoreThreadTimeOut(true);
            return executor;
        }
    }

    private final Run run;
    private final Thread thread = Thread.currentThread();
    private final Runnable stop;
    private final ScheduledFuture<?> looks;
    private boolean over;

    private NativeCall(Run run, Runnable stop) {
        this.run = run;
        this.stop = stop;
        this.looks = Watch.EXECUTOR.scheduleWithFixedDelay(
                this::look, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private synchronized void look() {
        if (!over && (run.isOver() || thread.isInterrupted())) {
            over = true;
            looks.cancel(false);
            stop.run();
        }
    }

    /**
     * Computes a part of an explanation, whose calls the run may stop.
     *
     * @param method its name, for the message
     * @param done rows evaluated before
     * @param total rows wanted
     */
    public static <T> T within(Run run, String method, long done, long total, Supplier<T> part) {
        if (!run.canBeStopped()) {
            return part.get();
        }
        Computing outer = COMPUTING.get();
        COMPUTING.set(new Computing(run, method, done, total));
        try {
            return part.get();
        } finally {
            if (outer == null) {
                COMPUTING.remove();
            } else {
                COMPUTING.set(outer);
            }
        }
    }

    /** Returns whether this thread computes for a run that can be stopped. */
    public static boolean isStoppable() {
        return COMPUTING.get() != null;
    }

    /**
     * Begins a call on this thread.
     *
     * @param stop ends the call; run by another thread, at most once, and not after {@link #close()} has returned
     * @throws IllegalStateException if the call is not {@linkplain #isStoppable() stoppable}
     */
    public static NativeCall begin(Runnable stop) {
        Computing computing = COMPUTING.get();
        if (computing == null) {
            throw new IllegalStateException("this thread computes for no run that can be stopped");
        }
        return new NativeCall(computing.run(), stop);
    }

    /**
     * Checks whether what this thread computes may go on; called when a call has failed, which may be because it was
     * stopped.
     *
     * @throws Run.CancelledException if the run was cancelled, or the thread interrupted
     * @throws Run.DeadlineExceededException if the deadline passed
     */
    public static void check() {
        Computing computing = COMPUTING.get();
        if (computing != null) {
            computing.check();
        }
    }

    /** Ends the call. */
    @Override
    public synchronized void close() {
        over = true;
        looks.cancel(false);
    }

    @Override
    public String toString() {
        return "NativeCall[" + thread.getName() + "]";
    }
}
