// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.fuzz;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Loads damaged files in a child JVM with a small heap and reports: how many load, how many are refused, and every
 * fault. A fault is a JVM that dies or hangs, an exception that is not the documented one, a message of several lines
 * or with a stack in it, a tensor or a temporary file that stays, a file written elsewhere, or 1 GiB of resident
 * memory.
 */
public final class DamagedFiles {
    /** The resident memory that the child may reach. */
    static final long MOST_KILOBYTES = 1 << 20;

    /**
     * What happened.
     *
     * @param loaded files that became a model
     * @param refused files that were refused in one line
     * @param faults what must not happen, each with seed and number
     * @param peakKilobytes the largest resident memory of a child; 0 where it cannot be read
     * @param lines all that the children said
     */
    public record Report(int loaded, int refused, List<String> faults, long peakKilobytes, List<String> lines) {}

    private final Class<? extends DamagedFile<?>> child;
    private final List<String> options;
    private final long seed;
    private final Path home;
    private int loaded;
    private int refused;
    private long peak;
    private final List<String> faults = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();

    private DamagedFiles(Class<? extends DamagedFile<?>> child, List<String> options, long seed, Path home) {
        this.child = child;
        this.options = options;
        this.seed = seed;
        this.home = home;
    }

    /**
     * Tries the files of a seed.
     *
     * @param child the main class of the child, which makes and uses them
     * @param options of its JVM
     * @param seed what they follow from
     * @param from the number of the first
     * @param to the number after the last
     */
    public static Report run(Class<? extends DamagedFile<?>> child, List<String> options, long seed, int from, int to)
            throws IOException, InterruptedException {
        Path root = Files.createTempDirectory("damaged-files");
        try {
            Path home = Files.createDirectories(root.resolve("a/b/c"));
            DamagedFiles fuzz = new DamagedFiles(child, options, seed, home);
            fuzz.all(root, from, to);
            return new Report(fuzz.loaded, fuzz.refused, fuzz.faults, fuzz.peak, fuzz.lines);
        } finally {
            delete(root);
        }
    }

    private void all(Path root, int from, int to) throws IOException, InterruptedException {
        Files.createDirectory(home.resolve("temporary"));
        Files.createDirectory(home.resolve("files"));
        Files.createDirectory(home.resolve("work"));
        Set<String> before = tree(root);
        int next = from;
        while (next < to) {
            next = start(next, to);
        }
        Set<String> after = tree(root);
        after.removeAll(before);
        if (!after.isEmpty()) {
            faults.add("seed " + seed + ": files were written: " + after);
        }
        for (Path place : List.of(Path.of("/tmp"), Path.of("/"), Path.of(System.getProperty("user.home")))) {
            if (Files.exists(place.resolve(DamagedFile.ESCAPED))) {
                faults.add("seed " + seed + ": " + place.resolve(DamagedFile.ESCAPED) + " was written");
            }
        }
        if (peak > MOST_KILOBYTES) {
            faults.add("seed " + seed + ": resident memory reached " + peak / 1024 + " MiB");
        }
    }

    /** Starts a child at one file; returns where the next child has to go on. */
    private int start(int from, int to) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(
                "-Djava.io.tmpdir=" + home.resolve("temporary"),
                "-XX:ErrorFile=" + home.resolve("work").resolve("crash.log")));
        all.addAll(options);
        ProcessBuilder builder = ChildJvm.of(
                all,
                child,
                Long.toString(seed),
                Integer.toString(from),
                Integer.toString(to),
                home.resolve("files").toString());
        builder.directory(home.resolve("work").toFile());
        Process process = builder.start();
        int current = from - 1;
        String what = "the start";
        boolean open = false;
        List<String> stray = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith(DamagedFile.BEGIN)) {
                    what = line.substring(DamagedFile.BEGIN.length());
                    current = Integer.parseInt(what.substring(0, what.indexOf(' ')));
                    open = true;
                    stray.clear();
                } else if (line.startsWith(DamagedFile.END)) {
                    String rest = line.substring(DamagedFile.END.length());
                    ended(what, rest.substring(rest.indexOf(' ') + 1));
                    open = false;
                } else if (line.startsWith(DamagedFile.PEAK)) {
                    peak = Math.max(peak, Long.parseLong(line.substring(DamagedFile.PEAK.length())));
                } else {
                    stray.add(line);
                }
            }
        }
        int code = process.waitFor();
        Files.deleteIfExists(home.resolve("work").resolve("crash.log"));
        clear(home.resolve("temporary"));
        clear(home.resolve("files"));
        if (open || code != 0) {
            String said = stray.stream().limit(12).collect(Collectors.joining(" | "));
            faults.add("seed " + seed + " number " + what + ": the JVM ended with " + code + ": " + said);
            lines.add(faults.get(faults.size() - 1));
            if (!open) {
                return to;
            }
        }
        return current + 1;
    }

    private void ended(String what, String outcome) {
        lines.add(what + " -> " + outcome);
        if (outcome.contains(DamagedFile.FAULT)) {
            faults.add("seed " + seed + " number " + what + ": " + outcome);
        } else if (outcome.startsWith(DamagedFile.LOADED)) {
            loaded++;
        } else {
            refused++;
        }
    }

    private static Set<String> tree(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.map(root::relativize).map(Path::toString).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static void clear(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            files.forEach(DamagedFiles::delete);
        }
    }

    private static void delete(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
