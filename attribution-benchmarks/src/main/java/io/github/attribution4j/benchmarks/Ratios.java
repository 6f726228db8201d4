// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import ai.djl.ndarray.NDArray;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;

/**
 * Measures the library against the bare loop, in turns, and prints the median of the ratios with its quartiles.
 *
 * <p>Run it on an idle machine; it takes some minutes. Arguments name what to measure ({@code ig}, {@code
 * saliency}, {@code forward}, {@code cam}, {@code rules}, {@code load}, {@code free}, {@code threads}); none means all.
 */
public final class Ratios {
    private static final int STEPS = 20;
    private static final int BATCH = 10;
    private static final long TARGET = 3;
    private static final int COMPILING_CALLS = 12_000;
    /**
     * The number of calls of less than a millisecond after which the JVM has compiled their code with full
     * optimization.
     */
    private static final int COMPILED_CALLS = 40_000;

    private final PrintStream out;

    private Ratios(PrintStream out) {
        this.out = out;
    }

    /** Measures. */
    public static void main(String[] arguments) throws InterruptedException {
        Ratios ratios = new Ratios(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        java.util.List<String> wanted = arguments.length == 0
                ? java.util.List.of("ig", "saliency", "forward", "cam", "rules", "load", "free", "threads")
                : Arrays.asList(arguments);
        ratios.out.println("| what | ours, ms | bare loop, ms | ratio: median (quartiles), pairs |");
        ratios.out.println("|---|---|---|---|");
        if (wanted.contains("ig")) {
            ratios.integratedGradients(BenchmarkModels.SMALL_CNN, 10_000, 300);
            ratios.integratedGradients(BenchmarkModels.RESNET18, 3, 25);
        }
        if (wanted.contains("saliency")) {
            ratios.saliency(BenchmarkModels.MLP, COMPILED_CALLS, 4000);
            ratios.saliency(BenchmarkModels.RESNET18, 5, 30);
        }
        if (wanted.contains("forward")) {
            ratios.forward(BenchmarkModels.MLP, COMPILED_CALLS, 4000);
            ratios.forward(BenchmarkModels.SMALL_CNN, 10_000, 1000);
            ratios.forward(BenchmarkModels.RESNET18, 300, 200);
        }
        if (wanted.contains("cam")) {
            ratios.gradCam(300, 200);
        }
        if (wanted.contains("rules")) {
            ratios.rules(BenchmarkModels.RESNET18, 5, 25);
        }
        if (wanted.contains("load")) {
            ratios.load(BenchmarkModels.MLP, 2000, 400);
            ratios.load(BenchmarkModels.SMALL_CNN, 1000, 300);
            ratios.load(BenchmarkModels.RESNET18, 20, 40);
        }
        if (wanted.contains("free")) {
            ratios.free();
        }
        if (wanted.contains("threads")) {
            ratios.threads(BenchmarkModels.SMALL_CNN, 100, 400);
        }
    }

    private void integratedGradients(BenchmarkModels which, int warmups, int pairs) {
        Path archive = which.write();
        try (Ours ours = new Ours(which, archive);
                BareLoop bare = new BareLoop(archive);
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            requireEqual(
                    ours.integratedGradients(TARGET, STEPS, BATCH),
                    bare.integratedGradients(input, TARGET, STEPS, BATCH));
            compare(
                    "integrated gradients, 20 steps, batches of 10, " + which.label(),
                    warmups,
                    pairs,
                    () -> ours.integratedGradients(TARGET, STEPS, BATCH),
                    () -> bare.integratedGradients(input, TARGET, STEPS, BATCH));
        }
    }

    private void saliency(BenchmarkModels which, int warmups, int pairs) {
        Path archive = which.write();
        try (Ours ours = new Ours(which, archive);
                BareLoop bare = new BareLoop(archive);
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            requireEqual(ours.saliency(TARGET), bare.saliency(input, TARGET));
            compare(
                    "saliency, " + which.label(),
                    warmups,
                    pairs,
                    () -> ours.saliency(TARGET),
                    () -> bare.saliency(input, TARGET));
        }
    }

    /** Layers cost nothing until one is used: the same forward call of the archive and of the library's copy. */
    private void forward(BenchmarkModels which, int warmups, int pairs) {
        Path archive = which.write();
        try (Ours ours = new Ours(which, archive);
                BareLoop bare = new BareLoop(archive);
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            requireEqual(ours.forward(), bare.forward(input));
            compare("forward, " + which.label(), warmups, pairs, ours::forward, () -> bare.forward(input));
        }
    }

    /**
     * Grad-CAM at the last block against an archive written by hand that computes the same map: one forward run, one
     * backward run that ends at the block, one weighted sum.
     */
    private void gradCam(int warmups, int pairs) {
        BenchmarkModels which = BenchmarkModels.RESNET18;
        // The JVM compiles Java code after some thousand calls. These would take minutes here.
        try (Ours small = new Ours(BenchmarkModels.SMALL_CNN, BenchmarkModels.SMALL_CNN.write())) {
            for (int i = 0; i < COMPILING_CALLS; i++) {
                small.gradCam("conv2", TARGET);
            }
        }
        try (Ours ours = new Ours(which, which.write());
                BareLoop bare = new BareLoop(BenchmarkModels.writeGradCam(TARGET));
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            requireEqual(ours.gradCam("layer4", TARGET), bare.forwardWithGradients(input));
            compare(
                    "Grad-CAM at layer4 against an archive written for it, " + which.label(),
                    warmups,
                    pairs,
                    () -> ours.gradCam("layer4", TARGET),
                    () -> bare.forwardWithGradients(input));
        }
    }

    /**
     * DeepLIFT against a forward and a backward run of input and baseline in one batch, without rules; guided
     * backpropagation against the saliency of the bare loop and of the library.
     */
    private void rules(BenchmarkModels which, int warmups, int pairs) {
        Path archive = which.write();
        try (Ours ours = new Ours(which, archive);
                BareLoop bare = new BareLoop(archive);
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            compare(
                    "DeepLIFT against forward and backward of the doubled batch, " + which.label(),
                    warmups,
                    pairs,
                    () -> ours.deepLift(TARGET),
                    () -> bare.doubled(input, TARGET));
            compare(
                    "guided backpropagation against saliency in the bare loop, " + which.label(),
                    warmups,
                    pairs,
                    () -> ours.guidedBackprop(TARGET),
                    () -> bare.saliency(input, TARGET));
            compare(
                    "guided backpropagation against saliency of the library, " + which.label(),
                    warmups,
                    pairs,
                    () -> ours.guidedBackprop(TARGET),
                    () -> ours.saliency(TARGET));
        }
    }

    /** Loading with everything that makes layers explainable, against loading the archive alone. */
    private void load(BenchmarkModels which, int warmups, int pairs) {
        Path archive = which.write();
        compare(
                "load, " + which.label(),
                warmups,
                pairs,
                () -> new Ours(which, archive).close(),
                () -> new BareLoop(archive).close());
        compare(
                "load and activation of the first layer against load and forward, " + which.label(),
                warmups,
                pairs,
                () -> {
                    try (Ours ours = new Ours(which, archive)) {
                        ours.firstLayer();
                    }
                },
                () -> {
                    try (BareLoop bare = new BareLoop(archive);
                            NDArray input = bare.input(which.input(), which.shape(1))) {
                        BareLoop.prepareThread();
                        bare.forward(input);
                    }
                });
    }

    private static void requireEqual(float[] ours, float[] bare) {
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < bare.length; i++) {
            largest = Math.max(largest, Math.abs(bare[i]));
            difference = Math.max(difference, Math.abs(ours[i] - bare[i]));
        }
        if (!(difference <= 1e-4 * largest)) {
            throw new IllegalStateException("the bare loop computes something else: they differ by " + difference
                    + " of " + largest + ", so that a ratio of times would mean nothing");
        }
    }

    private void compare(String what, int warmups, int pairs, Runnable ours, Runnable bare) {
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

    private static double milliseconds(Runnable task) {
        long start = System.nanoTime();
        task.run();
        return (System.nanoTime() - start) / 1e6;
    }

    private static double quantile(double[] values, double level) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) Math.round(level * (sorted.length - 1))];
    }

    private void free() {
        try (FreeModels models = new FreeModels()) {
            alone("ShapleySampling, 3×224×224, 16 groups, free model, rows " + models.shapley(), models::shapley);
            alone("Occlusion, 3×224×224, 32×32 windows, free model, rows " + models.occlusion(), models::occlusion);
        }
    }

    private void alone(String what, Runnable task) {
        for (int i = 0; i < 5; i++) {
            task.run();
        }
        double[] times = new double[15];
        for (int i = 0; i < times.length; i++) {
            times[i] = milliseconds(task);
        }
        out.printf(
                Locale.ROOT,
                "| %s | %.0f (%.0f to %.0f) | | |%n",
                what,
                quantile(times, 0.5),
                quantile(times, 0.25),
                quantile(times, 0.75));
    }

    /** Integrated gradients per second on one model, from one thread and from two, in turns. */
    private void threads(BenchmarkModels which, int warmups, int each) throws InterruptedException {
        try (Ours ours = new Ours(which, which.write())) {
            rate(ours, 1, warmups);
            double[] one = new double[7];
            double[] two = new double[7];
            for (int i = 0; i < one.length; i++) {
                one[i] = rate(ours, 1, each);
                two[i] = rate(ours, 2, each);
            }
            out.printf(
                    Locale.ROOT,
                    "| integrated gradients a second, one model, %s: 1 thread %.0f, 2 threads %.0f | | | %.2f × |%n",
                    which.label(),
                    quantile(one, 0.5),
                    quantile(two, 0.5),
                    quantile(two, 0.5) / quantile(one, 0.5));
        }
    }

    private static double rate(Ours ours, int threads, int each) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(threads);
        long start = System.nanoTime();
        for (int t = 0; t < threads; t++) {
            new Thread(() -> {
                        for (int i = 0; i < each; i++) {
                            ours.integratedGradients(TARGET, STEPS, BATCH);
                        }
                        done.countDown();
                    })
                    .start();
        }
        done.await();
        return threads * each / ((System.nanoTime() - start) / 1e9);
    }
}
