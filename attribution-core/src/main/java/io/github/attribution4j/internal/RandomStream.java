// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Random numbers that depend only on a key: (seed, purpose, example, sample, ...). The same key gives the same numbers
 * on every machine, in every thread and after any other draws. So results do not depend on batch size or order.
 *
 * <p>The generator is SplitMix64 (Steele, Lea and Flood, 2014), started from a hash of the key. Not for cryptography.
 */
public final class RandomStream implements RandomGenerator {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final double UNIT = 0x1.0p-53;

    private final @Nullable LongSupplier words;
    private long state;
    private double spare;
    private boolean hasSpare;

    private RandomStream(@Nullable LongSupplier words, long state) {
        this.words = words;
        this.state = state;
    }

    /** Returns the stream of a key; the order of its parts matters. */
    public static RandomStream of(long seed, long... key) {
        return new RandomStream(null, hash(seed, key));
    }

    /** Returns a stream of 64-bit words from another source. */
    public static RandomStream of(LongSupplier words) {
        return new RandomStream(words, 0);
    }

    /** Returns a 64-bit hash of a key, as a seed for a nested computation. */
    public static long hash(long seed, long... key) {
        long state = mix(seed + GOLDEN);
        for (long part : key) {
            state = mix(state * 31 + mix(part + GOLDEN));
        }
        return state;
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Returns 64 random bits. */
    @Override
    public long nextLong() {
        if (words != null) {
            return words.getAsLong();
        }
        state += GOLDEN;
        return mix(state);
    }

    /** Returns a number uniform in [0, 1). */
    @Override
    public double nextDouble() {
        return (nextLong() >>> 11) * UNIT;
    }

    /**
     * Returns an integer uniform in [0, bound), without bias.
     *
     * @param bound at least 1
     */
    @Override
    public int nextInt(int bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("bound " + bound + ": must be at least 1");
        }
        long limit = Long.MAX_VALUE - Long.MAX_VALUE % bound;
        long bits = nextLong() >>> 1;
        while (bits >= limit) {
            bits = nextLong() >>> 1;
        }
        return (int) (bits % bound);
    }

    /** Returns a number of the standard normal distribution (polar method, with {@link StrictMath}). */
    @Override
    public double nextGaussian() {
        if (hasSpare) {
            hasSpare = false;
            return spare;
        }
        double u;
        double v;
        double s;
        do {
            u = 2 * nextDouble() - 1;
            v = 2 * nextDouble() - 1;
            s = u * u + v * v;
        } while (s >= 1 || s == 0);
        double scale = StrictMath.sqrt(-2 * StrictMath.log(s) / s);
        spare = v * scale;
        hasSpare = true;
        return u * scale;
    }

    /** Returns a uniform permutation of 0 to n - 1 (Fisher and Yates). */
    public static int[] permutation(RandomGenerator random, int n) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        for (int i = n - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return order;
    }

    /** Returns the state, in hexadecimal. */
    @Override
    public String toString() {
        return words == null ? "RandomStream[state " + Long.toHexString(state) + "]" : "RandomStream[given words]";
    }
}
