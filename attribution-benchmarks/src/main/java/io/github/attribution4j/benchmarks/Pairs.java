// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.DoubleSupplier;

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
        requireEqual(one, other, 1e-4);
    }

    /** Requires that no number differs by more than a share of the largest. */
    static void requireEqual(float[] one, float[] other, double share) {
        if (one.length != other.length) {
            throw new IllegalStateException("one has " + one.length + " numbers, the other " + other.length);
        }
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < other.length; i++) {
            largest = Math.max(largest, Math.abs(other[i]));
            difference = Math.max(difference, Math.abs(one[i] - other[i]));
        }
        if (!(difference <= share * largest)) {
            throw new IllegalStateException("they compute something else: they differ by " + difference + " of "
                    + largest + ", so that a ratio of times would mean nothing");
        }
    }

    void compare(String what, int warmups, int pairs, Runnable ours, Runnable bare) {
        for (int i = 0; i < warmups; i++) {
            ours.run();
            bare.run();
        }
        compareTimes(what, pairs, () -> milliseconds(ours), () -> milliseconds(bare));
    }

    /** Does the same with tasks that are warm and return the milliseconds that they took. */
    void compareTimes(String what, int pairs, DoubleSupplier ours, DoubleSupplier bare) {
        double[] ourTimes = new double[pairs];
        double[] bareTimes = new double[pairs];
        double[] ratios = new double[pairs];
        for (int i = 0; i < pairs; i++) {
            // The order alternates, because the second one may find warmer caches.
            if (i % 2 == 0) {
                ourTimes[i] = ours.getAsDouble();
                bareTimes[i] = bare.getAsDouble();
            } else {
                bareTimes[i] = bare.getAsDouble();
                ourTimes[i] = ours.getAsDouble();
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
