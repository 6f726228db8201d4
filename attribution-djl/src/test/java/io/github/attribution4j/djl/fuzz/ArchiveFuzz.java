// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import io.github.attribution4j.djl.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
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
 * Loads damaged archives in a child JVM with a heap of 256 MiB and reports: how many load, how many are refused, and
 * every fault. A fault is a JVM that dies or hangs, an exception that is not the documented one, a message of several
 * lines or with a stack in it, a tensor or a temporary file that stays, a file written elsewhere, or 1 GiB of resident
 * memory.
 *
 * <p>A program that may never end, or that asks for any amount of memory, by its own doing is loaded and listed, not
 * run: TorchScript is a programming language, and what a program does with its time is its author's business.
 *
 * <pre>{@code java -cp ... io.github.attribution4j.djl.fuzz.ArchiveFuzz [number, 1000] [seed, 1] [first, 0]}</pre>
 */
public final class ArchiveFuzz {
    /** The resident memory that the child may reach. */
    static final long MOST_KILOBYTES = 1 << 20;

    /**
     * What happened.
     *
     * @param loaded archives that became a model
     * @param refused archives that were refused in one line
     * @param faults what must not happen, each with seed and number
     * @param peakKilobytes the largest resident memory of a child; 0 where it cannot be read
     * @param lines all that the children said
     */
    record Report(int loaded, int refused, List<String> faults, long peakKilobytes, List<String> lines) {}

    private final long seed;
    private final Path home;
    private int loaded;
    private int refused;
    private long peak;
    private final List<String> faults = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();

    private ArchiveFuzz(long seed, Path home) {
        this.seed = seed;
        this.home = home;
    }

    /** Runs it. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int number = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1000;
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1;
        int first = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 0;
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Report report = run(seed, first, first + number);
        if (arguments.length > 3) {
            Files.write(Path.of(arguments[3]), report.lines());
        }
        report.faults().forEach(out::println);
        out.println("seed " + seed + ", " + number + " archives: " + report.loaded() + " loaded, " + report.refused()
                + " refused, " + report.faults().size() + " faults; peak of resident memory "
                + report.peakKilobytes() / 1024 + " MiB");
        System.exit(report.faults().isEmpty() ? 0 : 1);
    }

    /**
     * Tries the archives of a seed.
     *
     * @param from the number of the first
     * @param to the number after the last
     */
    static Report run(long seed, int from, int to) throws IOException, InterruptedException {
        Path root = Files.createTempDirectory("archive-fuzz");
        try {
            Path home = Files.createDirectories(root.resolve("a/b/c"));
            ArchiveFuzz fuzz = new ArchiveFuzz(seed, home);
            fuzz.all(root, from, to);
            return new Report(fuzz.loaded, fuzz.refused, fuzz.faults, fuzz.peak, fuzz.lines);
        } finally {
            delete(root);
        }
    }

    private void all(Path root, int from, int to) throws IOException, InterruptedException {
        Files.createDirectory(home.resolve("temporary"));
        Files.createDirectory(home.resolve("archives"));
        Files.createDirectory(home.resolve("work"));
        Set<String> before = tree(root);
        int next = from;
        while (next < to) {
            next = child(next, to);
        }
        Set<String> after = tree(root);
        after.removeAll(before);
        if (!after.isEmpty()) {
            faults.add("seed " + seed + ": files were written: " + after);
        }
        for (Path place : List.of(Path.of("/tmp"), Path.of("/"), Path.of(System.getProperty("user.home")))) {
            if (Files.exists(place.resolve(ZipMutations.ESCAPED))) {
                faults.add("seed " + seed + ": " + place.resolve(ZipMutations.ESCAPED) + " was written");
            }
        }
        if (peak > MOST_KILOBYTES) {
            faults.add("seed " + seed + ": resident memory reached " + peak / 1024 + " MiB");
        }
    }

    /** Starts a child at one archive; returns where the next child has to go on. */
    private int child(int from, int to) throws IOException, InterruptedException {
        ProcessBuilder builder = ChildJvm.of(
                List.of(
                        "-Xmx256m",
                        "-Djava.io.tmpdir=" + home.resolve("temporary"),
                        "-D" + Mutations.DATA + "=" + Mutations.data(),
                        "-Dai.djl.pytorch.num_threads=1",
                        "-XX:ErrorFile=" + home.resolve("work").resolve("crash.log")),
                FuzzProcess.class,
                Long.toString(seed),
                Integer.toString(from),
                Integer.toString(to),
                home.resolve("archives").toString());
        builder.directory(home.resolve("work").toFile());
        Process process = builder.start();
        int current = from - 1;
        String what = "the start";
        boolean open = false;
        List<String> stray = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith(FuzzProcess.BEGIN)) {
                    what = line.substring(FuzzProcess.BEGIN.length());
                    current = Integer.parseInt(what.substring(0, what.indexOf(' ')));
                    open = true;
                    stray.clear();
                } else if (line.startsWith(FuzzProcess.END)) {
                    String rest = line.substring(FuzzProcess.END.length());
                    ended(what, rest.substring(rest.indexOf(' ') + 1));
                    open = false;
                } else if (line.startsWith(FuzzProcess.PEAK)) {
                    peak = Math.max(peak, Long.parseLong(line.substring(FuzzProcess.PEAK.length())));
                } else {
                    stray.add(line);
                }
            }
        }
        int code = process.waitFor();
        Files.deleteIfExists(home.resolve("work").resolve("crash.log"));
        clear(home.resolve("temporary"));
        clear(home.resolve("archives"));
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
        if (outcome.contains(FuzzProcess.FAULT)) {
            faults.add("seed " + seed + " number " + what + ": " + outcome);
        } else if (outcome.startsWith(FuzzProcess.LOADED)) {
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
            files.forEach(ArchiveFuzz::delete);
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
