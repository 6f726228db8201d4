// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.influence.Checkpoint;
import io.github.attribution4j.influence.Examples;
import io.github.attribution4j.influence.Ranking;
import io.github.attribution4j.influence.TracInFast;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Measures TracIn over many training rows at the last layer of the demo's digits model, which has 512 inputs and 10
 * outputs: when the model runs, and when vectors are read that were kept.
 *
 * <p>Arguments: the model ({@code digits.pt} or {@code digits.onnx}), the training rows, such as 50000, and the
 * explained ones. Prints the seconds of each question; the first one warms up with a tenth of the rows.
 */
public final class InfluenceRates {
    private static final int PIXELS = 64;
    private static final int SIDE = 8;
    private static final int CLASSES = 10;
    private static final int COUNT = 10;

    private InfluenceRates() {}

    /** Runs it. */
    public static void main(String[] arguments) throws IOException {
        int rows = Integer.parseInt(arguments[1]);
        int explained = Integer.parseInt(arguments[2]);
        Path directory = Files.createTempDirectory("influence");
        try (TensorScope scope = TensorScope.open();
                LayeredModel model = load(Path.of(arguments[0]))) {
            Examples questions = examples(explained, 1);
            rank("warm-up", model, examples(rows / 10, 2), questions);
            Examples training = examples(rows, 3);
            rank("in memory", model, training, questions);
            rank("written", model, training.keptIn(directory), questions);
            rank("read", model, training.keptIn(directory), questions);
        } finally {
            delete(directory);
        }
    }

    private static LayeredModel load(Path file) {
        return file.toString().endsWith(".onnx") ? OnnxModel.load(file) : TorchScriptModel.load(file);
    }

    /** Random images with random labels. */
    private static Examples examples(int count, long seed) {
        Random random = new Random(seed);
        float[] pixels = new float[Math.multiplyExact(count, PIXELS)];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = random.nextFloat();
        }
        double[] labels = new double[count];
        Arrays.setAll(labels, row -> random.nextInt(CLASSES));
        Tensor images = Tensors.ofJava().of(pixels, count, 1, SIDE, SIDE);
        return Examples.of(Inputs.of(images), Target.loss(Loss.crossEntropy(), labels));
    }

    private static void rank(String what, LayeredModel model, Examples training, Examples explained) {
        long start = System.nanoTime();
        Ranking ranking =
                new TracInFast("fc").rank(List.of(Checkpoint.of(model)), training, explained, COUNT, Run.defaults());
        System.out.printf(
                Locale.ROOT,
                "%s: %d rows, %d explained, %.2f s, first proponent %s%n",
                what,
                training.count(),
                explained.count(),
                (System.nanoTime() - start) / 1e9,
                ranking.proponents(0).get(0));
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
