// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import io.github.attribution4j.internal.Fields;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.Model;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A scorer that replies later, such as a remote service, as a table function. Rows are sent in requests of limited
 * size, several at a time; what fails or takes too long is sent again.
 *
 * <pre>{@code
 * AsyncScorer scorer = AsyncScorer.of(rows -> client.score(rows)).inFlight(4).timeout(Duration.ofSeconds(2));
 * Model risk = Model.of("risk", "3.2", scorer);
 * }</pre>
 *
 * <p>The requests of one call of the model start on the thread that calls it, which waits for the replies. Scores do
 * not depend on the order of replies. A request that failed, or whose time is over, is sent again after a pause, up to
 * {@link #retries} times. Pause n is {@code min(longest, first · 2ⁿ⁻¹)} times a factor between 0.5 and 1, which
 * depends on the seed, the request and n alone. The service may therefore get the same rows more than once, so scoring
 * must be idempotent. A reply to a request that was given up is ignored, and its future is cancelled.
 *
 * <p>If the explanation's {@link io.github.attribution4j.run.Run} has a deadline or a cancellation, these end the wait
 * within some milliseconds, even if the service never replies; so does an interrupt of the thread. All futures in
 * flight are then cancelled.
 *
 * <p><b>Errors.</b> If a request has failed for the last time, or its reply has another number of rows, a
 * {@link io.github.attribution4j.model.ModelException.OnRows} names the rows and the last failure. A reply of the wrong
 * size is not asked for again. An {@link Error} of the service is passed on at once.
 *
 * <p>Immutable; many threads may share it. The bound on requests in flight is for all of them together; copies with
 * another setting have their own.
 */
public final class AsyncScorer implements Model.TableFunction {
    private static final long PURPOSE = 0xA57C;
    /** Longer times count as this, so that moments do not overflow. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private final Function<double[][], ? extends CompletionStage<double[][]>> service;
    private final Function<double[], String> words;
    private final Settings settings;
    /** One for each request that may be in flight. */
    private final Semaphore permits;

    private static final class Settings extends Fields<Settings> {
        private int rows = 64;
        private int inFlight = 8;
        private int retries = 3;
        private Duration timeout = Duration.ofSeconds(30);
        private Duration first = Duration.ofMillis(100);
        private Duration longest = Duration.ofSeconds(10);
        private long seed;
        private Predicate<Throwable> retryable = failure -> true;
    }

    private AsyncScorer(
            Function<double[][], ? extends CompletionStage<double[][]>> service,
            Function<double[], String> words,
            Settings settings) {
        this.service = service;
        this.words = words;
        this.settings = settings;
        this.permits = new Semaphore(settings.inFlight);
    }

    /**
     * Makes a scorer with requests of at most 64 rows, 8 in flight, 3 retries after pauses from 100 ms to 10 s, and a
     * timeout of 30 s for each request.
     *
     * @param service takes {@code rows[r][feature]}, and returns a future of {@code outputs[r][class]}; called on the
     *     thread that calls the model, so it should not block
     */
    public static AsyncScorer of(Function<double[][], ? extends CompletionStage<double[][]>> service) {
        return of(service, Numbers::listed);
    }

    static AsyncScorer of(
            Function<double[][], ? extends CompletionStage<double[][]>> service, Function<double[], String> words) {
        return new AsyncScorer(Objects.requireNonNull(service, "service"), words, new Settings());
    }

    private AsyncScorer with(Consumer<Settings> change) {
        return new AsyncScorer(service, words, settings.with(change));
    }

    /** Returns a copy that sends at most so many rows in one request, at least 1; 64 unless set. */
    public AsyncScorer rowsPerRequest(int most) {
        requireAtLeast("rowsPerRequest", most, 1);
        return with(copy -> copy.rows = most);
    }

    /** Returns a copy with at most so many requests in flight, at least 1; 8 unless set. */
    public AsyncScorer inFlight(int most) {
        requireAtLeast("inFlight", most, 1);
        return with(copy -> copy.inFlight = most);
    }

    /** Returns a copy that sends a failed request again up to so many times, 0 for never; 3 unless set. */
    public AsyncScorer retries(int most) {
        requireAtLeast("retries", most, 0);
        return with(copy -> copy.retries = most);
    }

    /**
     * Returns a copy that sends a request again only after failures that a test accepts, such as {@code failure ->
     * failure instanceof IOException}; after all of them unless set. A timeout is a
     * {@link java.util.concurrent.TimeoutException}.
     */
    public AsyncScorer retryIf(Predicate<Throwable> test) {
        Objects.requireNonNull(test, "test");
        return with(copy -> copy.retryable = test);
    }

    /** Returns a copy that gives each request so much time, more than zero; 30 s unless set. */
    public AsyncScorer timeout(Duration each) {
        requirePositive("timeout", each);
        return with(copy -> copy.timeout = each);
    }

    /**
     * Returns a copy with other pauses before a request is sent again: 100 ms and 10 s unless set.
     *
     * @param first the first pause, more than zero; each further one is twice as long
     * @param longest at least {@code first}
     */
    public AsyncScorer backOff(Duration first, Duration longest) {
        requirePositive("backOff", first);
        if (longest.compareTo(first) < 0) {
            throw new IllegalArgumentException(
                    "backOff: the longest pause, " + longest + ", must be at least the first, " + first);
        }
        return with(copy -> {
            copy.first = first;
            copy.longest = longest;
        });
    }

    /** Returns a copy whose pauses vary by another seed; clients with different seeds do not come back all at once. */
    public AsyncScorer seed(long newSeed) {
        return with(copy -> copy.seed = newSeed);
    }

    private static void requireAtLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " " + value + ": must be at least " + least);
        }
    }

    private static void requirePositive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " " + value + ": must be more than zero");
        }
    }

    /**
     * Scores rows; waits for the replies.
     *
     * @throws io.github.attribution4j.model.ModelException.OnRows if a request has failed for the last time
     * @throws java.util.concurrent.CancellationException if the run or the thread was stopped
     */
    @Override
    public double[][] score(double[][] rows) {
        return new AsyncCall(this, rows).scores();
    }

    @Override
    public String describe(double[] row) {
        return words.apply(row);
    }

    Function<double[][], ? extends CompletionStage<double[][]>> service() {
        return service;
    }

    Semaphore permits() {
        return permits;
    }

    int rowsPerRequest() {
        return settings.rows;
    }

    long timeoutNanos() {
        return nanos(settings.timeout);
    }

    /** Returns how often a failed request is sent again. */
    int retries() {
        return settings.retries;
    }

    /** Returns whether a request is sent again after such a failure. */
    boolean isRetryable(Throwable failure) {
        return settings.retryable.test(failure);
    }

    /**
     * Returns the pause before a request is sent again.
     *
     * @param request its number in the call
     * @param failures how often it has failed, from 1
     */
    long pauseNanos(int request, int failures) {
        double pause = Math.min((double) nanos(settings.longest), nanos(settings.first) * Math.pow(2, failures - 1.0));
        double jitter =
                RandomStream.of(settings.seed, PURPOSE, request, failures).nextDouble();
        return (long) (pause * (0.5 + jitter / 2));
    }

    private static long nanos(Duration duration) {
        return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
    }

    @Override
    public String toString() {
        return "AsyncScorer[" + settings.rows + " rows, " + settings.inFlight + " in flight, " + settings.retries
                + " retries, timeout " + settings.timeout + "]";
    }
}
