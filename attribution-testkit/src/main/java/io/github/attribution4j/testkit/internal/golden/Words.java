// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * The 64-bit words from which a {@code RandomStream} makes given numbers: the inverse of each of its Java methods. So
 * tests include the step from random bits to numbers.
 */
public final class Words implements LongSupplier {
    private static final double UNIT = 0x1.0p53;
    private static final int UNUSED_BITS = 11;

    private final Deque<Long> words = new ArrayDeque<>();

    /** Adds a number that {@code nextDouble} returns: exact, if it is a multiple of 2⁻⁵³. */
    public Words uniform(double value) {
        words.add((long) (value * UNIT) << UNUSED_BITS);
        return this;
    }

    /** Adds a number that {@code nextInt} returns. */
    public Words integer(int value) {
        words.add((long) value << 1);
        return this;
    }

    /** Adds numbers that {@code nextGaussian} returns, to about 14 digits. */
    public Words gaussians(double... values) {
        for (int i = 0; i < values.length; i += 2) {
            double first = values[i];
            double second = i + 1 < values.length ? values[i + 1] : 1;
            double radius = Math.hypot(first, second);
            // The polar method turns a point of the unit disc at distance √s into a pair at distance √(−2 ln s).
            double distance = Math.exp(-radius * radius / 4);
            uniform((1 + first / radius * distance) / 2);
            uniform((1 + second / radius * distance) / 2);
        }
        return this;
    }

    /** Adds the integers from which {@code permutation} (Fisher and Yates) makes an order. */
    public Words permutation(long... order) {
        long[] now = new long[order.length];
        for (int i = 0; i < now.length; i++) {
            now[i] = i;
        }
        for (int i = order.length - 1; i > 0; i--) {
            int from = 0;
            while (now[from] != order[i]) {
                from++;
            }
            integer(from);
            now[from] = now[i];
            now[i] = order[i];
        }
        return this;
    }

    @Override
    public long getAsLong() {
        if (words.isEmpty()) {
            throw new IllegalStateException("more was drawn than was recorded");
        }
        return words.remove();
    }
}
