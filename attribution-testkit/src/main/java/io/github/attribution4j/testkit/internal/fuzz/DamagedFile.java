// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.fuzz;

import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Tries damaged files one after the other. A JVM of its own, because the question is whether it survives. Prints a line
 * before and after each file, so that whoever listens knows which one ended it.
 *
 * @param <T> a damaged file
 */
public abstract class DamagedFile<T> {
    /** The name of a file that must not be written outside. */
    public static final String ESCAPED = "attribution4j-escaped";

    static final String BEGIN = "BEGIN ";
    static final String END = "END ";
    static final String FAULT = "FAULT ";
    static final String LOADED = "LOADED ";
    static final String REFUSED = "REFUSED ";
    static final String PEAK = "PEAK ";

    private static final long LONGEST_NANOS = 60_000_000_000L;
    private static final int LONGEST_MESSAGE = 1000;

    private final Path folder;
    private final Path temporary = Path.of(System.getProperty("java.io.tmpdir"));

    /** Puts files into a folder. */
    protected DamagedFile(Path folder) {
        this.folder = folder;
    }

    /** Returns a damaged file: the same for the same seed and number. */
    protected abstract T damaged(long seed, int number);

    /** Returns in words what was done to which file. */
    protected abstract String describe(T damaged);

    /**
     * Writes the file to the folder, loads and uses it.
     *
     * @return what happened after it was loaded
     * @throws ModelException if it is not loaded
     */
    protected abstract String tried(T damaged, Path folder) throws IOException;

    /** Returns whether the engine keeps this in the temporary folder as long as the process lives. */
    protected boolean isOfEngine(String name) {
        return false;
    }

    /** Tries files; arguments are the seed, the first number, that after the last, and the folder. */
    protected final void run(String... arguments) throws IOException {
        long seed = Long.parseLong(arguments[0]);
        int from = Integer.parseInt(arguments[1]);
        int to = Integer.parseInt(arguments[2]);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        AtomicLong started = new AtomicLong(System.nanoTime());
        watch(started);
        for (int number = from; number < to; number++) {
            T damaged = damaged(seed, number);
            out.println(BEGIN + number + " " + printable(describe(damaged)));
            started.set(System.nanoTime());
            out.println(END + number + " " + outcome(damaged));
        }
        out.println(PEAK + peakKilobytes());
        // Threads of the engine do not keep the process.
        System.exit(0);
    }

    /** Ends the process if one file takes too long. */
    private static void watch(AtomicLong started) {
        Thread watch = new Thread(() -> {
            try {
                while (System.nanoTime() - started.get() < LONGEST_NANOS) {
                    Thread.sleep(500);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            Thread.getAllStackTraces().forEach((thread, frames) -> {
                if (thread.getName().equals("main")) {
                    Arrays.stream(frames).limit(40).forEach(frame -> System.err.println("  " + frame));
                }
            });
            Runtime.getRuntime().halt(99);
        });
        watch.setDaemon(true);
        watch.start();
    }

    private static long peakKilobytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return 0;
    }

    private static String printable(String text) {
        String clean = text.replaceAll("[^ -~]", "?");
        return clean.length() > 300 ? clean.substring(0, 300) + "..." : clean;
    }

    private String outcome(T damaged) throws IOException {
        long live = Lifetime.count();
        String outcome;
        try {
            outcome = LOADED + tried(damaged, folder);
        } catch (ModelException e) {
            outcome = judged(e, REFUSED);
        } catch (RuntimeException | Error e) {
            outcome = fault(e);
        }
        clear(folder);
        if (Lifetime.count() != live) {
            return FAULT + (Lifetime.count() - live) + " tensors stay open; " + outcome;
        }
        try (Stream<Path> left = Files.list(temporary)) {
            List<String> names = left.map(path -> String.valueOf(path.getFileName()))
                    .filter(name -> !name.startsWith("hsperfdata") && !isOfEngine(name))
                    .toList();
            if (!names.isEmpty()) {
                return FAULT + "files stay in the temporary folder: " + names + "; " + outcome;
            }
        }
        return outcome;
    }

    static void clear(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                if (!file.equals(folder)) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Says that something happened that must not. */
    protected static String fault(Throwable e) {
        StringBuilder text = new StringBuilder(FAULT).append(printable(e.toString()));
        StackTraceElement[] frames = e.getStackTrace();
        for (int i = 0; i < Math.min(frames.length, 6); i++) {
            text.append(" | ").append(frames[i]);
        }
        return text.toString();
    }

    /** Says what a refusal says, or that it is a fault: a message is one line for people. */
    protected static String judged(RuntimeException e, String kind) {
        String message = String.valueOf(e.getMessage());
        if (message.isBlank() || message.chars().anyMatch(Character::isISOControl)) {
            return FAULT + "message with control characters: " + printable(message);
        }
        if (message.length() > LONGEST_MESSAGE) {
            return FAULT + "message of " + message.length() + " characters: " + printable(message);
        }
        if (message.matches(
                ".*(Exception raised from|frame #|\\.java:|\\.(cpp|cc|h):\\d|java\\.lang|Traceback|<--- HERE).*")) {
            return FAULT + "message with a stack: " + message;
        }
        return kind + message;
    }
}
