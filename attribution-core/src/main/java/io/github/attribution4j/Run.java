// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one computation that do not change what is computed: seed, batching, deadline, cancellation, progress.
 * Immutable; each setter returns a changed copy.
 *
 * <pre>{@code
 * Run.defaults().seed(7).memoryBudget(512L << 20).deadline(Duration.ofSeconds(2))
 * }</pre>
 */
public final class Run {
    private static final Run DEFAULTS = new Run(0, Batching.steady(), null, null, null, null, null, false, null);

    private final long seed;
    private final Batching batching;
    private final @Nullable Duration limit;
    private final @Nullable Long startNanos;
    private final @Nullable Cancellation cancellation;
    private final @Nullable Consumer<Progress> listener;
    private final long @Nullable [] exampleKeys;
    private final boolean nested;
    /** Where the bits of a key come from, in place of the generator. */
    private final @Nullable Function<long[], LongSupplier> bits;

    private Run(
            long seed,
            Batching batching,
            @Nullable Duration limit,
            @Nullable Long startNanos,
            @Nullable Cancellation cancellation,
            @Nullable Consumer<Progress> listener,
            long @Nullable [] exampleKeys,
            boolean nested,
            @Nullable Function<long[], LongSupplier> bits) {
        this.seed = seed;
        this.batching = batching;
        this.limit = limit;
        this.startNanos = startNanos;
        this.cancellation = cancellation;
        this.listener = listener;
        this.exampleKeys = exampleKeys;
        this.nested = nested;
        this.bits = bits;
    }

    /** Returns seed 0, {@link Batching#steady()}, no deadline, no cancellation, nobody told of progress. */
    public static Run defaults() {
        return DEFAULTS;
    }

    /** Returns a copy with this seed: all randomness of the run follows from it. */
    public Run seed(long newSeed) {
        return new Run(newSeed, batching, limit, startNanos, cancellation, listener, exampleKeys, nested, bits);
    }

    /** Returns a copy with this batching. */
    public Run batching(Batching newBatching) {
        return new Run(seed, newBatching, limit, startNanos, cancellation, listener, exampleKeys, nested, bits);
    }

    /** Returns a copy that gives the model this many rows a call; see {@link Batching#rows}. */
    public Run batchRows(int rows) {
        return batching(Batching.rows(rows));
    }

    /** Returns a copy that keeps the model's memory within a budget; see {@link Batching#memory}. */
    public Run memoryBudget(long bytes) {
        return batching(Batching.memory(bytes));
    }

    /**
     * Returns a copy that gives up with {@link DeadlineExceededException} once this much time has passed, counted from the
     * start of {@code attribute} and checked before each micro-batch.
     *
     * @param newLimit zero or less for a time that is spent already: {@code attribute} then gives up before the model runs
     */
    public Run deadline(Duration newLimit) {
        return new Run(seed, batching, newLimit, startNanos, cancellation, listener, exampleKeys, nested, bits);
    }

    /** Returns a copy that {@link Cancellation#cancel()} stops. */
    public Run cancellation(Cancellation newCancellation) {
        return new Run(seed, batching, limit, startNanos, newCancellation, listener, exampleKeys, nested, bits);
    }

    /** Returns a copy that reports progress after each micro-batch, on the computing thread. */
    public Run progress(Consumer<Progress> newListener) {
        return new Run(seed, batching, limit, startNanos, cancellation, newListener, exampleKeys, nested, bits);
    }

    /**
     * Returns a copy in which example i draws its random numbers as example {@code keys[i]} would: for methods that call
     * another method on rearranged examples.
     */
    public Run exampleKeys(long... keys) {
        return new Run(seed, batching, limit, startNanos, cancellation, listener, keys.clone(), nested, bits);
    }

    /** Returns a copy whose clock runs: nested methods share one deadline. No effect on one that runs already. */
    public Run started() {
        return startNanos != null
                ? this
                : new Run(seed, batching, limit, System.nanoTime(), cancellation, listener, exampleKeys, nested, bits);
    }

    /** Returns a copy for a computation whose provenance nobody will see: it need not take digests of its inputs. */
    Run nested() {
        return new Run(seed, batching, limit, startNanos, cancellation, listener, exampleKeys, true, bits);
    }

    /** Returns a copy that reports to nobody: for a step of a computation that reports itself. */
    Run quiet() {
        return listener == null
                ? this
                : new Run(seed, batching, limit, startNanos, cancellation, null, exampleKeys, nested, bits);
    }

    /** Returns a copy whose streams take their 64-bit words from elsewhere: how tests replay draws made by others. */
    Run bits(Function<long[], LongSupplier> ofKey) {
        return new Run(seed, batching, limit, startNanos, cancellation, listener, exampleKeys, nested, ofKey);
    }

    boolean isNested() {
        return nested;
    }

    /** Returns the seed. */
    public long seed() {
        return seed;
    }

    /** Returns the batching. */
    public Batching batching() {
        return batching;
    }

    /** Returns the key under which example i draws random numbers: i, unless {@link #exampleKeys} says otherwise. */
    public long exampleKey(long example) {
        return exampleKeys == null ? example : exampleKeys[Math.toIntExact(example)];
    }

    /** Returns the random numbers of (seed, key...). */
    public RandomStream random(long... key) {
        return bits == null ? RandomStream.of(seed, key) : RandomStream.of(bits.apply(key));
    }

    /** Returns the nanoseconds since the clock started; 0 before. */
    public long elapsedNanos() {
        return startNanos == null ? 0 : System.nanoTime() - startNanos;
    }

    /** Returns the limit in nanoseconds, if there is one. */
    public OptionalLong deadlineNanos() {
        return limit == null ? OptionalLong.empty() : OptionalLong.of(limitNanos(limit));
    }

    /**
     * Checks whether to go on.
     *
     * @param method name, for the message
     * @param rowsDone rows evaluated
     * @param rowsTotal rows wanted
     */
    void check(String method, long rowsDone, long rowsTotal) {
        if (cancellation != null && cancellation.isCancelled()) {
            throw new CancelledException(method + " was cancelled after " + rowsDone + " of " + rowsTotal + " rows");
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new CancelledException(method + " stopped after " + rowsDone + " of " + rowsTotal
                    + " rows because its thread was interrupted");
        }
        if (limit != null && elapsedNanos() >= limitNanos(limit)) {
            throw new DeadlineExceededException(
                    method + ": the deadline of " + limitNanos(limit) / 1_000_000 + " ms passed after "
                            + rowsDone + " of " + rowsTotal
                            + " rows; allow more time, or ask for fewer steps or samples");
        }
    }

    /** Longer times than 292 years are as good as those, and times before the start as none. */
    private static long limitNanos(Duration limit) {
        if (limit.isNegative()) {
            return 0;
        }
        return limit.compareTo(Duration.ofNanos(Long.MAX_VALUE)) > 0 ? Long.MAX_VALUE : limit.toNanos();
    }

    void report(Progress progress) {
        if (listener != null) {
            listener.accept(progress);
        }
    }

    @Override
    public String toString() {
        return "Run[seed " + seed + ", batching " + batching
                + (limit == null ? "" : ", deadline " + limit)
                + (startNanos == null ? "" : ", started")
                + "]";
    }
}
