// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Tries damaged archives one after the other: load, run once, list the cut points, cut once with a gradient. A JVM of
 * its own, because the question is whether it survives. Prints a line before and after each archive, so that whoever
 * listens knows which one ended it.
 */
final class FuzzProcess {
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

    private FuzzProcess(Path folder) {
        this.folder = folder;
    }

    /** Arguments: seed, first number, number after the last, folder for the archives. */
    public static void main(String[] arguments) throws IOException {
        long seed = Long.parseLong(arguments[0]);
        int from = Integer.parseInt(arguments[1]);
        int to = Integer.parseInt(arguments[2]);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        AtomicLong started = new AtomicLong(System.nanoTime());
        watch(started);
        FuzzProcess fuzz = new FuzzProcess(Path.of(arguments[3]));
        for (int number = from; number < to; number++) {
            Mutations.Mutation mutation = Mutations.of(seed, number);
            out.println(BEGIN + number + " " + mutation.base().name() + ": " + printable(mutation.what()));
            started.set(System.nanoTime());
            out.println(END + number + " " + fuzz.outcome(mutation));
        }
        out.println(PEAK + peakKilobytes());
        // Threads of the engine do not keep the process.
        System.exit(0);
    }

    /** Ends the process if one archive takes too long. */
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

    private String outcome(Mutations.Mutation mutation) throws IOException {
        long live = Lifetime.count();
        Path file = folder.resolve("model.pt");
        Files.write(file, mutation.bytes());
        String outcome = load(file, mutation);
        Files.delete(file);
        if (Lifetime.count() != live) {
            return FAULT + (Lifetime.count() - live) + " tensors stay open; " + outcome;
        }
        try (Stream<Path> left = Files.list(temporary)) {
            List<String> names = left.map(path -> String.valueOf(path.getFileName()))
                    .filter(name -> !name.startsWith("hsperfdata"))
                    .toList();
            if (!names.isEmpty()) {
                return FAULT + "files stay in the temporary folder: " + names + "; " + outcome;
            }
        }
        return outcome;
    }

    private static String load(Path file, Mutations.Mutation mutation) {
        try (TorchScriptModel model =
                TorchScriptModel.load(file, LoadOptions.defaults().threads(1))) {
            return LOADED + used(model, mutation);
        } catch (UnsupportedModelException e) {
            return judged(e, REFUSED);
        } catch (ModelException e) {
            return judged(e, REFUSED);
        } catch (RuntimeException | Error e) {
            return fault(e);
        }
    }

    private static String fault(Throwable e) {
        StringBuilder text = new StringBuilder(FAULT).append(printable(e.toString()));
        StackTraceElement[] frames = e.getStackTrace();
        for (int i = 0; i < Math.min(frames.length, 6); i++) {
            text.append(" | ").append(frames[i]);
        }
        return text.toString();
    }

    /** A message is one line for people. */
    private static String judged(ModelException e, String kind) {
        String message = String.valueOf(e.getMessage());
        if (message.isBlank() || message.chars().anyMatch(Character::isISOControl)) {
            return FAULT + "message with control characters: " + printable(message);
        }
        if (message.length() > LONGEST_MESSAGE) {
            return FAULT + "message of " + message.length() + " characters: " + printable(message);
        }
        if (message.matches(".*(Exception raised from|frame #|\\.java:|\\.cpp:|java\\.lang|Traceback|<--- HERE).*")) {
            return FAULT + "message with a stack: " + message;
        }
        return kind + message;
    }

    /** Runs, lists, cuts. */
    private static String used(TorchScriptModel model, Mutations.Mutation mutation) {
        List<Cut.Point> points = model.cutPoints();
        if (!mutation.runs()) {
            return "and not run, " + points.size() + " points";
        }
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(model, mutation.base());
            double[] values = model.forward(inputs).toDoubleArray();
            String done = "ran to " + values.length + " values";
            if (points.isEmpty()) {
                return done;
            }
            Cut.Point point = points.get(mutation.bytes().length % points.size());
            Cut cut = model.cut(point);
            Tensor activation = cut.head().forward(inputs);
            return done + ", " + gradient(cut.tail(), cut.tailInputs(inputs, activation)) + " gradients at " + point;
        } catch (ModelException e) {
            String judged = judged(e, "");
            return judged.startsWith(FAULT) ? judged : "and failed: " + judged;
        } catch (RuntimeException | Error e) {
            return fault(e);
        }
    }

    private static int gradient(DifferentiableModel tail, Inputs inputs) {
        try (Pullback pullback = tail.pullback(inputs)) {
            Tensor output = pullback.output();
            return pullback.vjp(output.tensors().full(output.shape(), output.dataType(), 1))
                    .get(0)
                    .toDoubleArray()
                    .length;
        }
    }

    private static Inputs inputs(TorchScriptModel model, Mutations.Base base) {
        Inputs inputs = Inputs.none();
        int position = 0;
        for (long[] dims : base.inputs()) {
            Shape shape = Shape.of(dims);
            int size = Math.toIntExact(shape.size());
            String name = "input" + position++;
            if (base.bound() > 0) {
                long[] values = new long[size];
                for (int i = 0; i < size; i++) {
                    values[i] = i % base.bound();
                }
                inputs = inputs.fixed(name, model.tensors().of(values, shape));
            } else {
                float[] values = new float[size];
                for (int i = 0; i < size; i++) {
                    values[i] = (float) Math.cos(i);
                }
                inputs =
                        inputs.attribute(name, model.tensors().of(values, shape).to(DataType.FLOAT32));
            }
        }
        return inputs;
    }
}
