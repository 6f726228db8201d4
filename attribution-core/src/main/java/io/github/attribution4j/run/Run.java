// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import io.github.attribution4j.internal.Fields;
import io.github.attribution4j.internal.RandomStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one computation that do not belong to the method: seed, batching, deadline, cancellation, progress.
 * Immutable; each setter returns a changed copy.
 *
 * <pre>{@code
 * Run.defaults().seed(7).memoryBudget(512L << 20).deadline(Duration.ofSeconds(2))
 * }</pre>
 */
public final class Run {
    /**
     * The progress of an explanation, reported after each micro-batch on the thread that computes. An explanation has
     * one progress even if it consists of many others: in a noise tunnel, at a layer, over several layers.
     *
     * @param method name of the outermost method
     * @param fraction of the planned rows, 0 to 1; it never decreases, and ends at 1. It remains 0 while the method
     *     finds out what to evaluate, such as the class that is explained
     * @param rowsDone rows evaluated so far
     * @param elapsedNanos time since the run started
     */
    public record Progress(String method, double fraction, long rowsDone, long elapsedNanos) {}

    private static final Run DEFAULTS = new Run(new Parts());

    private final Parts parts;

    private Run(Parts parts) {
        this.parts = parts;
    }

    private static final class Parts extends Fields<Parts> {
        private long seed;
        private Batching batching = Batching.steady();
        private Limits limits = Limits.NONE;
        private @Nullable Consumer<Progress> listener;
        private @Nullable ProgressMeter meter;
        private long @Nullable [] exampleKeys;
        private boolean nested;
        private @Nullable Consumer<Counts> payer;
        /** Hears that a method may end earlier than its rehearsal; null in runs that are no rehearsals. */
        private @Nullable Runnable earlier;
        /** The source of random bits for a key, if not the generator. */
        private @Nullable Function<long[], LongSupplier> bits;
    }

    private Run with(Consumer<Parts> change) {
        return new Run(parts.with(change));
    }

    /** Returns seed 0, {@link Batching#steady()}, no deadline, no cancellation, no progress reports. */
    public static Run defaults() {
        return DEFAULTS;
    }

    /** Returns a copy with this seed, which determines all random numbers of the run. */
    public Run seed(long newSeed) {
        return with(copy -> copy.seed = newSeed);
    }

    /** Returns a copy with this batching. */
    public Run batching(Batching newBatching) {
        return with(copy -> copy.batching = newBatching);
    }

    /** Returns a copy with this many rows in a call; see {@link Batching#rows}. */
    public Run batchRows(int rows) {
        return batching(Batching.rows(rows));
    }

    /** Returns a copy that keeps the model's memory within a budget; see {@link Batching#memory}. */
    public Run memoryBudget(long bytes) {
        return batching(Batching.memory(bytes));
    }

    /**
     * Returns a copy that stops with {@link DeadlineExceededException} after this time, counted from the start of
     * {@code attribute} and checked before each micro-batch, and during one by engines that can stop within a call.
     *
     * @param newLimit zero or less for a deadline that has passed: {@code attribute} then stops before the model runs
     */
    public Run deadline(Duration newLimit) {
        return with(copy -> copy.limits = copy.limits.time(newLimit));
    }

    /** Returns a copy that {@link Cancellation#cancel()} stops. */
    public Run cancellation(Cancellation newCancellation) {
        return with(copy -> copy.limits = copy.limits.cancellation(newCancellation));
    }

    /** Returns a copy that reports progress after each micro-batch, on the thread that computes. */
    public Run progress(Consumer<Progress> newListener) {
        return with(copy -> {
            copy.listener = newListener;
            copy.meter = copy.limits.startNanos() == null ? null : new ProgressMeter(newListener);
        });
    }

    /**
     * Returns a copy in which example i has the random numbers of example {@code keys[i]}: for methods that call
     * another method on rearranged examples.
     */
    public Run exampleKeys(long... keys) {
        return with(copy -> copy.exampleKeys = keys.clone());
    }

    /**
     * Returns a copy with its clock started, so that nested methods share a deadline and a progress. A clock that runs
     * already is not restarted.
     */
    public Run started() {
        return parts.limits.startNanos() != null
                ? this
                : with(copy -> {
                    copy.limits = copy.limits.started();
                    copy.meter = copy.listener == null ? null : new ProgressMeter(copy.listener);
                });
    }

    /** Returns a copy for a computation whose provenance is not used, so that no digests of its inputs are made. */
    public Run nested() {
        return with(copy -> copy.nested = true);
    }

    /** Returns a copy without progress reports, for a step of a computation that reports its own progress. */
    public Run quiet() {
        return parts.listener == null
                ? this
                : with(copy -> {
                    copy.listener = null;
                    copy.meter = null;
                });
    }

    /**
     * Plans so many more rows, for a method that evaluates rows in several stages. A method with a single large stage
     * need not call this.
     */
    public void plan(long rows) {
        if (parts.meter != null) {
            parts.meter.plan(rows);
        }
    }

    /** Plans at least so many more rows, at the beginning of a stage. */
    public void stage(long rows) {
        if (parts.meter != null) {
            parts.meter.stage(rows);
        }
    }

    /**
     * Returns a copy for another method whose whole explanation counts as so many of the planned rows: a method that
     * makes several explanations gives each its part.
     */
    public Run part(long rows) {
        ProgressMeter meter = parts.meter;
        return meter == null ? this : with(copy -> copy.meter = meter.part(rows));
    }

    /**
     * Returns a copy whose streams take their 64-bit words from another source, with which tests replay the draws of
     * other libraries.
     */
    Run bits(Function<long[], LongSupplier> ofKey) {
        return with(copy -> copy.bits = ofKey);
    }

    /**
     * Returns a copy for a rehearsal, which finds out what a method would evaluate: without a deadline and progress.
     *
     * @param earlier called if the method may evaluate less than in the rehearsal; see {@link #mayEndEarlier}
     */
    public Run rehearsal(Runnable earlier) {
        return with(copy -> {
            copy.limits = copy.limits.withoutTime();
            copy.listener = null;
            copy.meter = null;
            copy.earlier = earlier;
        });
    }

    /** Returns whether this is a rehearsal, in which a method evaluates all that it might evaluate. */
    public boolean isRehearsal() {
        return parts.earlier != null;
    }

    /** Says that the method may end earlier than in this rehearsal; does nothing in other runs. */
    public void mayEndEarlier() {
        if (parts.earlier != null) {
            parts.earlier.run();
        }
    }

    /** Returns a copy that passes each {@link #count} to a listener. */
    public Run paidBy(Consumer<Counts> newPayer) {
        return with(copy -> copy.payer = newPayer);
    }

    /** Adds the cost of a part of this run, such as a baseline that runs the model. */
    public void count(Counts cost) {
        if (parts.payer != null) {
            parts.payer.accept(cost);
        }
    }

    /** Returns whether this run is inside another; see {@link #nested}. */
    public boolean isNested() {
        return parts.nested;
    }

    /** Returns the seed. */
    public long seed() {
        return parts.seed;
    }

    /** Returns the batching. */
    public Batching batching() {
        return parts.batching;
    }

    /** Returns the key under which example i draws random numbers: i, unless {@link #exampleKeys} changed it. */
    public long exampleKey(long example) {
        long[] exampleKeys = parts.exampleKeys;
        return exampleKeys == null ? example : exampleKeys[Math.toIntExact(example)];
    }

    /** Returns the random numbers of (seed, key...). */
    public RandomGenerator random(long... key) {
        Function<long[], LongSupplier> bits = parts.bits;
        return bits == null ? RandomStream.of(parts.seed, key) : RandomStream.of(bits.apply(key));
    }

    /** Returns the nanoseconds since the clock started; 0 before that. */
    public long elapsedNanos() {
        return parts.limits.elapsedNanos();
    }

    /**
     * Checks whether the run may continue.
     *
     * @param method name, for the message
     * @param rowsDone rows evaluated
     * @param rowsTotal rows wanted
     * @throws CancelledException if it was cancelled, or its thread interrupted
     * @throws DeadlineExceededException if its deadline passed
     */
    public void check(String method, long rowsDone, long rowsTotal) {
        parts.limits.check(method, rowsDone, rowsTotal);
    }

    /**
     * Computes a part of an explanation on this thread, whose {@linkplain #stoppable engine calls} this run may stop.
     *
     * @param method its name, for the message
     * @param rowsDone rows evaluated before
     * @param rowsTotal rows wanted
     */
    public <T> T within(String method, long rowsDone, long rowsTotal, Supplier<T> part) {
        return StoppableCall.within(parts.limits, method, rowsDone, rowsTotal, part);
    }

    /** Returns whether there is a deadline. */
    public boolean hasDeadline() {
        return parts.limits.time() != null;
    }

    /** Returns whether this thread computes {@link #within} a run with a deadline or a cancellation. */
    public static boolean isStoppable() {
        return StoppableCall.isPossible();
    }

    /**
     * Runs a call of an engine that another thread can stop while it computes: for bindings whose engine offers that.
     * It is stopped within some milliseconds after the deadline of the run passes, the run is cancelled or this thread
     * is interrupted. Nobody stops a call that is not {@linkplain #isStoppable() stoppable}, and nothing is spent
     * on it.
     *
     * <pre>{@code
     * return Run.stoppable(engine::terminate, () -> engine.run(inputs));
     * }</pre>
     *
     * @param stop ends the call; run by another thread, at most once, and not after the call has returned
     * @throws CancelledException if the call failed and the run was cancelled, or the thread interrupted
     * @throws DeadlineExceededException if the call failed and the deadline has passed
     * @throws E if the call failed for another reason
     */
    public static <T, E extends Exception> T stoppable(Runnable stop, EngineCall<T, E> call) throws E {
        return StoppableCall.call(stop, call);
    }

    /** A call of an engine; see {@link Run#stoppable}. */
    @FunctionalInterface
    public interface EngineCall<T, E extends Exception> {
        /** Runs it. */
        T run() throws E;
    }

    /**
     * Reports more rows to the listener, if there is one.
     *
     * @param method name of the method
     */
    public void report(String method, long rows) {
        if (parts.meter != null) {
            parts.meter.add(method, rows, elapsedNanos());
        }
    }

    /** Reports the end to the listener, if there is one and that was not done. */
    public void finished(String method) {
        if (parts.meter != null) {
            parts.meter.finish(method, elapsedNanos());
        }
    }

    @Override
    public String toString() {
        return "Run[seed " + parts.seed + ", batching " + parts.batching
                + (parts.limits.time() == null ? "" : ", deadline " + parts.limits.time())
                + (parts.limits.startNanos() == null ? "" : ", started")
                + "]";
    }

    /**
     * The cost of an explanation.
     *
     * @param forwardRows rows of forward calls, those of pullbacks included
     * @param backwardRows rows of backward calls
     * @param batches calls of the model
     * @param largestBatch rows in the largest call
     * @param checkRows additional rows that test whether the model's rows change each other: one for each model and
     *     shape of rows, in the first explanation with several rows in a call. They are not part of the other counts,
     *     which show the cost of the method
     */
    public record Counts(long forwardRows, long backwardRows, long batches, long largestBatch, long checkRows) {
        /** No cost. */
        public static final Counts NONE = new Counts(0, 0, 0, 0);

        /** Creates a cost without such additional rows. */
        public Counts(long forwardRows, long backwardRows, long batches, long largestBatch) {
            this(forwardRows, backwardRows, batches, largestBatch, 0);
        }

        /** Returns each count by its name, in order. */
        public Map<String, Long> toMap() {
            Map<String, Long> map = new LinkedHashMap<>();
            map.put("forwardRows", forwardRows);
            map.put("backwardRows", backwardRows);
            map.put("batches", batches);
            map.put("largestBatch", largestBatch);
            map.put("checkRows", checkRows);
            return map;
        }

        /** Returns the cost of counts by name, as {@link #toMap} returns them. */
        public static Counts of(ToLongFunction<String> count) {
            return new Counts(
                    count.applyAsLong("forwardRows"),
                    count.applyAsLong("backwardRows"),
                    count.applyAsLong("batches"),
                    count.applyAsLong("largestBatch"),
                    count.applyAsLong("checkRows"));
        }

        /** Returns the sum of both costs. */
        public Counts plus(Counts other) {
            return new Counts(
                    forwardRows + other.forwardRows,
                    backwardRows + other.backwardRows,
                    batches + other.batches,
                    Math.max(largestBatch, other.largestBatch),
                    checkRows + other.checkRows);
        }
    }

    /**
     * The number of rows that the evaluator passes to the model in one call. Immutable values.
     *
     * <p>With any batching, when memory runs out the same rows are evaluated in calls of half the size, down to one
     * row, and a notice says so.
     *
     * @param rule chooses the number
     * @param amount the rows of {@link Rule#ROWS}, or the bytes of {@link Rule#MEMORY}; else 0
     */
    public record Batching(Rule rule, long amount) {
        /** How the number is chosen. */
        public enum Rule {
            /** See {@link Batching#steady()}. */
            STEADY,
            /** See {@link Batching#auto()}. */
            AUTO,
            /** See {@link Batching#rows}. */
            ROWS,
            /** See {@link Batching#memory}. */
            MEMORY
        }

        /** Checks the amount. */
        public Batching {
            if (rule == Rule.ROWS && (amount < 1 || amount > Integer.MAX_VALUE)) {
                throw new IllegalArgumentException("batch rows " + amount + ": must be at least 1");
            }
            if (rule == Rule.MEMORY && amount < 1) {
                throw new IllegalArgumentException("memory budget " + amount + " bytes: must be at least 1");
            }
        }

        /**
         * As many rows as fit a fixed size. Their number depends only on the shapes and on the model's estimate of its
         * memory, never on time or load, so that a repeated run does the same arithmetic in the same order.
         * The default.
         */
        public static Batching steady() {
            return new Batching(Rule.STEADY, 0);
        }

        /**
         * Doubles the rows, from one, while the throughput rises. Usually no faster than {@link #steady()}. Because it
         * depends on time, repeated results agree up to rounding but not to the bit.
         */
        public static Batching auto() {
            return new Batching(Rule.AUTO, 0);
        }

        /**
         * This many rows, except in the last call and for groups of rows that stay together or are split evenly, such
         * as the steps of one path ({@code Rows.group()}).
         *
         * @param rows the most rows of one call, at least 1
         */
        public static Batching rows(int rows) {
            return new Batching(Rule.ROWS, rows);
        }

        /**
         * As many rows as fit a memory budget, by the model's estimate of bytes per row or, if it has none, a multiple
         * of the input's size.
         *
         * @param bytes at least 1; a budget smaller than one row is refused when the run starts
         */
        public static Batching memory(long bytes) {
            return new Batching(Rule.MEMORY, bytes);
        }

        /**
         * Returns the batching given as text: {@code steady}, {@code auto}, {@code rows 32},
         * {@code memory 1048576 bytes}.
         *
         * @throws IllegalArgumentException if the text is none of these
         */
        public static Batching parse(String text) {
            String[] words = text.strip().split(" ", -1);
            return switch (words[0]) {
                case "steady" -> steady();
                case "auto" -> auto();
                case "rows" -> rows(Integer.parseInt(words[1]));
                case "memory" -> memory(Long.parseLong(words[1]));
                default ->
                    throw new IllegalArgumentException(
                            "batching '" + text + "': is none of steady, auto, rows N, memory N bytes");
            };
        }

        /** Returns {@code steady}, {@code auto}, {@code rows 32}, or {@code memory 1048576 bytes}. */
        @Override
        public String toString() {
            return switch (rule) {
                case STEADY -> "steady";
                case AUTO -> "auto";
                case ROWS -> "rows " + amount;
                case MEMORY -> "memory " + amount + " bytes";
            };
        }
    }

    /**
     * Another thread stops a {@link Run} with this. It takes effect before the next micro-batch. Native computation in
     * progress ends first, unless its engine can be stopped, as ONNX Runtime can.
     */
    public static final class Cancellation {
        private volatile boolean requested;

        /** Creates a cancellation that has not been requested. */
        public Cancellation() {}

        /** Requests every run with this cancellation to stop. */
        public void cancel() {
            requested = true;
        }

        /** Returns whether {@link #cancel()} was called. */
        public boolean isCancelled() {
            return requested;
        }

        @Override
        public String toString() {
            return "Cancellation[" + (isCancelled() ? "cancelled" : "not cancelled") + "]";
        }
    }

    /** A {@link Run} was cancelled, or its thread interrupted, between two micro-batches; nothing is left open. */
    public static final class CancelledException extends CancellationException {
        private static final long serialVersionUID = 1L;

        /** Creates it with a message. */
        public CancelledException(String message) {
            super(message);
        }
    }

    /** The deadline of a {@link Run} passed between two micro-batches; nothing is left open. */
    public static final class DeadlineExceededException extends CancellationException {
        private static final long serialVersionUID = 1L;

        /** Creates it with a message. */
        public DeadlineExceededException(String message) {
            super(message);
        }
    }
}
