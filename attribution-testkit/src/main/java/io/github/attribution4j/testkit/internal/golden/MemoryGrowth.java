// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Explains thousands of times by every method in turn and prints the resident memory of the process on the way; fails
 * if it grows by more than 10 MB after the first 500.
 *
 * <p>Run it by hand with {@code -Xms64m -Xmx64m -XX:+AlwaysPreTouch}, which keep the heap out of the figure. Pages of
 * the C heap that hold nothing are given back before every reading: compilations leave many. On a system without
 * {@code /proc} it prints live tensors only.
 */
public final class MemoryGrowth {
    private static final int WARM_UP = 500;
    private static final int REPORT_EVERY = 250;
    private static final double LARGEST_GROWTH = 10;
    private static final int SETTLE_MILLIS = 6000;
    private static final Path STATUS = Path.of("/proc/self/status");

    private MemoryGrowth() {}

    /**
     * Runs it and prints; the arguments are the number of explanations, 3000 unless given, and a part of the names of
     * the methods to run, all unless given.
     *
     * @return whether memory grows by no more than it may
     */
    public static boolean print(EveryMethod every, String... arguments) throws IOException {
        int total = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3000;
        String part = arguments.length > 1 ? arguments[1] : "";
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        double growth = grow(every, total, WARM_UP, part, MemoryGrowth::settled, out::println);
        out.printf(Locale.ROOT, "growth after %d: %.1f MB%n", WARM_UP, growth);
        return growth <= LARGEST_GROWTH;
    }

    /** Reads the resident memory of this process in MB. */
    public interface Reading {
        double megabytes() throws IOException;
    }

    /** Hears of the state on the way. */
    public interface Listener {
        void hear(String line);
    }

    /**
     * Returns by how many MB resident memory is larger at the end than after the warm-up; 0 where it cannot be read.
     *
     * @param every the methods, which are closed in the end
     * @param part what the names of the methods contain
     * @param reading how resident memory is read: {@link #settled} where the growth matters, {@link #resident} where
     *     not
     */
    public static double grow(EveryMethod every, int total, int warmUp, String part, Reading reading, Listener listener)
            throws IOException {
        try (every) {
            long live = Lifetime.count();
            List<EveryMethod.Request> requests = every.requests().entrySet().stream()
                    .filter(request -> request.getKey().contains(part))
                    .map(Map.Entry::getValue)
                    .toList();
            double before = 0;
            for (int i = 0; i < total; i++) {
                if (i == warmUp) {
                    before = reading.megabytes();
                }
                if (i % REPORT_EVERY == 0) {
                    listener.hear(String.format(
                            Locale.ROOT,
                            "%6d explanations: %.1f MB resident, %d tensors",
                            i,
                            reading.megabytes(),
                            Lifetime.count()));
                }
                try (Explanation explanation =
                        requests.get(i % requests.size()).explain(Run.defaults().seed(i))) {
                    if (explanation.attributions().isEmpty()) {
                        throw new IllegalStateException("no attributions");
                    }
                }
                if (Lifetime.count() != live) {
                    throw new IllegalStateException(
                            (Lifetime.count() - live) + " tensors stay open after explanation " + i + ", "
                                    + requests.get(i % requests.size()).method().name());
                }
            }
            double after = reading.megabytes();
            listener.hear(String.format(Locale.ROOT, "%6d explanations: %.1f MB resident", total, after));
            return after - before;
        }
    }

    /** Returns the resident memory of this process in MB after a garbage collection, or 0 where it cannot be read. */
    public static double resident() throws IOException {
        if (!Files.exists(STATUS)) {
            return 0;
        }
        System.gc();
        for (String line : Files.readAllLines(STATUS)) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        return 0;
    }

    /** Returns {@link #resident} once the C allocator has given back the pages that hold nothing; takes seconds. */
    private static double settled() throws IOException {
        System.gc();
        trim();
        return resident();
    }

    /** Makes the C allocator return empty pages. A JVM without this command does nothing. */
    private static void trim() {
        try {
            // The JVM keeps the arenas of finished compilations for reuse and frees them every five seconds.
            Thread.sleep(SETTLE_MILLIS);
            ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "systemTrimNativeHeap",
                            new Object[0],
                            new String[0]);
        } catch (JMException e) {
            System.err.println("the native heap cannot be trimmed: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
