// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import io.github.attribution4j.run.Run.EngineCall;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A call of an engine that another thread ends when the run that this thread computes for is over. */
final class StoppableCall implements AutoCloseable {
    private static final long INTERVAL_MILLIS = 5;
    private static final long IDLE_SECONDS = 5;

    private static final ThreadLocal<@Nullable Computing> COMPUTING = new ThreadLocal<>();

    /** What a thread computes. */
    private record Computing(Limits limits, String method, long done, long total) {}

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

    private final Limits limits;
    private final Thread thread = Thread.currentThread();
    private final Runnable stop;
    private final ScheduledFuture<?> looks;
    private boolean over;

    private StoppableCall(Limits limits, Runnable stop) {
        this.limits = limits;
        this.stop = stop;
        this.looks = Watch.EXECUTOR.scheduleWithFixedDelay(
                this::look, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private synchronized void look() {
        if (!over && (limits.isOver() || thread.isInterrupted())) {
            over = true;
            looks.cancel(false);
            stop.run();
        }
    }

    @Override
    public synchronized void close() {
        over = true;
        looks.cancel(false);
    }

    /** See {@link Run#within}. */
    static <T> T within(Limits limits, String method, long done, long total, Supplier<T> part) {
        if (!limits.canStop()) {
            return part.get();
        }
        Computing outer = COMPUTING.get();
        COMPUTING.set(new Computing(limits, method, done, total));
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

    /** See {@link Run#isStoppable}. */
    static boolean isPossible() {
        return COMPUTING.get() != null;
    }

    /** See {@link Run#stoppable}. */
    static <T, E extends Exception> T call(Runnable stop, EngineCall<T, E> call) throws E {
        Computing computing = COMPUTING.get();
        if (computing == null) {
            return call.run();
        }
        try (StoppableCall watched = new StoppableCall(computing.limits(), stop)) {
            return call.run();
        } catch (Exception e) {
            computing.limits().check(computing.method(), computing.done(), computing.total());
            throw e;
        }
    }
}
