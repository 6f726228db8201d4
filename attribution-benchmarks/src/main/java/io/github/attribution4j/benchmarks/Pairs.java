// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;

/** Runs two tasks in turns, and prints the median of the ratios of their times with its quartiles. */
final class Pairs {
    private final PrintStream out;

    Pairs(PrintStream out) {
        this.out = out;
    }

    /** Prints the head of a table. */
    void head(String one, String other) {
        out.println("| what | " + one + ", ms | " + other + ", ms | ratio: median (quartiles), pairs |");
        out.println("|---|---|---|---|");
    }

    static void requireEqual(float[] one, float[] other) {
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < other.length; i++) {
            largest = Math.max(largest, Math.abs(other[i]));
            difference = Math.max(difference, Math.abs(one[i] - other[i]));
        }
        if (!(difference <= 1e-4 * largest)) {
            throw new IllegalStateException("they compute something else: they differ by " + difference + " of "
                    + largest + ", so that a ratio of times would mean nothing");
        }
    }

    void compare(String what, int warmups, int pairs, Runnable ours, Runnable bare) {
        for (int i = 0; i < warmups; i++) {
            ours.run();
            bare.run();
        }
        double[] ourTimes = new double[pairs];
        double[] bareTimes = new double[pairs];
        double[] ratios = new double[pairs];
        for (int i = 0; i < pairs; i++) {
            // The order alternates, because the second one may find warmer caches.
            if (i % 2 == 0) {
                ourTimes[i] = milliseconds(ours);
                bareTimes[i] = milliseconds(bare);
            } else {
                bareTimes[i] = milliseconds(bare);
                ourTimes[i] = milliseconds(ours);
            }
            ratios[i] = ourTimes[i] / bareTimes[i];
        }
        out.printf(
                Locale.ROOT,
                "| %s | %.3g | %.3g | %.3f (%.3f to %.3f), %d |%n",
                what,
                quantile(ourTimes, 0.5),
                quantile(bareTimes, 0.5),
                quantile(ratios, 0.5),
                quantile(ratios, 0.25),
                quantile(ratios, 0.75),
                pairs);
    }

    static double milliseconds(Runnable task) {
        long start = System.nanoTime();
        task.run();
        return (System.nanoTime() - start) / 1e6;
    }

    static double quantile(double[] values, double level) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) Math.round(level * (sorted.length - 1))];
    }
}
