// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.large;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.onnx.large.LargeModels.Kind;
import io.github.attribution4j.onnx.large.LargeModels.Storage;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Writes a model with many weights into a folder, explains it, and prints times and memory on the way. Run it with a
 * small heap:
 *
 * <pre>{@code java -Xmx128m ... SmallHeap FOLDER KIND STORAGE MEGABYTES}</pre>
 */
final class SmallHeap {
    static final String DONE = "gap and sum agree";

    private static final int ROWS = 2;

    private static long start;

    private SmallHeap() {}

    /** Runs it. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        Kind kind = Kind.valueOf(arguments[1].toUpperCase(Locale.ROOT));
        Storage storage = Storage.valueOf(arguments[2].toUpperCase(Locale.ROOT));
        int layers = Math.toIntExact((Long.parseLong(arguments[3]) << 20) / LargeModels.bytes(kind));
        Path file = folder.resolve(kind + "-" + storage + "-" + layers + ".onnx");
        if (!Files.exists(file)) {
            LargeModels.write(file, kind, storage, layers);
        }
        report("written: " + Files.size(file) + " bytes in the model's file");
        float[] values = new float[ROWS * kind.width()];
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble();
        }
        try (OnnxModel model = OnnxModel.load(file);
                Tensor rows = Tensors.ofJava().of(values, ROWS, kind.width())) {
            report("loaded");
            Inputs inputs = Inputs.of(rows);
            try (Tensor output = model.forward(inputs)) {
                report("forward: " + output.toFloatArray()[0]);
            }
            try (Explanation why = new Saliency().attribute(model, inputs, Target.index(1))) {
                report("saliency");
                require(sum(why) > 0, "no gradients");
            }
            report("digest " + model.identity().digest().substring(0, 8));
            IntegratedGradients path = new IntegratedGradients().steps(20);
            try (Explanation why = path.attribute(model, inputs, Target.index(1))) {
                report("integrated gradients");
                for (int row = 0; row < ROWS; row++) {
                    require(
                            Math.abs(why.completenessGap()[row]) <= 0.02 * Math.abs(why.scores()[row]),
                            "a gap of " + why.completenessGap()[row] + " of " + why.scores()[row]);
                }
            }
            List<Cut.Point> points = model.cutPoints();
            Cut.Point middle = points.get(points.size() / 2);
            try (Explanation why = path.at(middle.path()).attribute(model, inputs, Target.index(1))) {
                report("integrated gradients at " + middle.path());
                require(sum(why) > 0, "no gradients inside");
            }
        }
        report(DONE);
    }

    private static double sum(Explanation why) {
        double sum = 0;
        for (float value : why.attribution().toFloatArray()) {
            sum += Math.abs(value);
        }
        return sum;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }

    /** Prints what was done, how long it took, and the memory of this process where the system tells it. */
    private static void report(String what) throws IOException {
        long now = System.nanoTime();
        Runtime heap = Runtime.getRuntime();
        StringBuilder line = new StringBuilder();
        line.append(String.format(
                Locale.ROOT,
                "%7.2f s, heap %4d MB, ",
                start == 0 ? 0 : (now - start) / 1e9,
                (heap.totalMemory() - heap.freeMemory()) >> 20));
        Path status = Path.of("/proc/self/status");
        if (Files.exists(status)) {
            for (String each : Files.readAllLines(status)) {
                if (each.startsWith("RssAnon") || each.startsWith("RssFile") || each.startsWith("VmHWM")) {
                    String[] parts = each.split("\\s+", -1);
                    line.append(String.format(
                            Locale.ROOT, "%s %d MB, ", parts[0].replace(":", ""), Long.parseLong(parts[1]) >> 10));
                }
            }
        }
        System.out.println(line + what);
        start = System.nanoTime();
    }
}
