// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import ai.djl.ndarray.NDArray;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
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
 * saliency}, {@code forward}, {@code cam}, {@code tails}, {@code rules}, {@code curves}, {@code load}, {@code free},
 * {@code threads}; {@code onnx} against a bare loop of ONNX Runtime; {@code engines} ONNX against TorchScript; {@code
 * captum} against Captum, if Python has it; {@code rows} many rows at once against one); none means all.
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
    private final Pairs pairs;

    private Ratios(PrintStream out) {
        this.out = out;
        this.pairs = new Pairs(out);
    }

    /** Measures. */
    public static void main(String[] arguments) throws InterruptedException {
        Ratios ratios = new Ratios(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        java.util.List<String> wanted = arguments.length == 0
                ? java.util.List.of(
                        "ig",
                        "saliency",
                        "forward",
                        "cam",
                        "tails",
                        "rules",
                        "curves",
                        "load",
                        "free",
                        "threads",
                        "onnx",
                        "engines",
                        "captum",
                        "rows")
                : Arrays.asList(arguments);
        ratios.pairs.head("ours", "bare loop");
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
        if (wanted.contains("tails")) {
            ratios.tails(5, 25);
        }
        if (wanted.contains("rules")) {
            ratios.rules(BenchmarkModels.RESNET18, 5, 25);
        }
        if (wanted.contains("curves")) {
            ratios.curves(BenchmarkModels.RESNET18, 100, 10, 3);
        }
        if (wanted.contains("load")) {
            ratios.load(BenchmarkModels.MLP, 2000, 400);
            ratios.load(BenchmarkModels.SMALL_CNN, 1000, 300);
            ratios.load(BenchmarkModels.RESNET18, 20, 40);
        }
        if (wanted.contains("free")) {
            ratios.free();
        }
        OnnxRatios onnx = new OnnxRatios(ratios.pairs);
        if (wanted.contains("onnx")) {
            onnx.bareLoop();
        }
        if (wanted.contains("engines")) {
            onnx.engines();
        }
        CaptumRatios captum = new CaptumRatios(ratios.out, ratios.pairs);
        if (wanted.contains("captum")) {
            captum.all();
        }
        if (wanted.contains("rows")) {
            captum.rows();
        }
        // Last, because its number of threads is a setting of the process.
        if (wanted.contains("threads")) {
            ratios.threads(BenchmarkModels.SMALL_CNN, 400, 100);
            ratios.threads(BenchmarkModels.RESNET18, 2, 2);
        }
    }

    private void integratedGradients(BenchmarkModels which, int warmups, int count) {
        Path archive = which.write();
        try (Ours ours = new Ours(which, archive);
                BareLoop bare = new BareLoop(archive);
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            Pairs.requireEqual(
                    ours.integratedGradients(TARGET, STEPS, BATCH),
                    bare.integratedGradients(input, TARGET, STEPS, BATCH));
            pairs.compare(
                    "integrated gradients, 20 steps, batches of 10, " + which.label(),
                    warmups,
                    count,
                    () -> ours.integratedGradients(TARGET, STEPS, BATCH),
                    () -> bare.integratedGradients(input, TARGET, STEPS, BATCH));
        }
    }

    private void saliency(BenchmarkModels which, int warmups, int count) {
        Path archive = which.write();
        try (Ours ours = new Ours(which, archive);
                BareLoop bare = new BareLoop(archive);
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            Pairs.requireEqual(ours.saliency(TARGET), bare.saliency(input, TARGET));
            pairs.compare(
                    "saliency, " + which.label(),
                    warmups,
                    count,
                    () -> ours.saliency(TARGET),
                    () -> bare.saliency(input, TARGET));
        }
    }

    /**
     * Layers cost nothing before one is used: compares a forward call of the archive with one of the library's copy.
     */
    private void forward(BenchmarkModels which, int warmups, int count) {
        Path archive = which.write();
        try (Ours ours = new Ours(which, archive);
                BareLoop bare = new BareLoop(archive);
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            Pairs.requireEqual(ours.forward(), bare.forward(input));
            pairs.compare("forward, " + which.label(), warmups, count, ours::forward, () -> bare.forward(input));
        }
    }

    /**
     * Integrated gradients at a layer, whose tail computes only what is behind it, against as many rows of the whole
     * network: what a library with hooks runs.
     */
    private void tails(int warmups, int count) {
        BenchmarkModels which = BenchmarkModels.RESNET18;
        Path archive = which.write();
        try (Ours ours = new Ours(which, archive);
                BareLoop bare = new BareLoop(archive);
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            for (String layer : new String[] {"layer2", "layer4"}) {
                pairs.compare(
                        "integrated gradients at " + layer + " against those of the input in the bare loop, 20 steps, "
                                + which.label(),
                        warmups,
                        count,
                        () -> ours.layerIntegratedGradients(layer, TARGET, STEPS, BATCH),
                        () -> bare.integratedGradients(input, TARGET, STEPS, BATCH));
            }
        }
    }

    /**
     * Grad-CAM at the last block against an archive written by hand that computes the same map: one forward run, one
     * backward run that ends at the block, one weighted sum.
     */
    private void gradCam(int warmups, int count) {
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
            Pairs.requireEqual(ours.gradCam("layer4", TARGET), bare.forwardWithGradients(input));
            pairs.compare(
                    "Grad-CAM at layer4 against an archive written for it, " + which.label(),
                    warmups,
                    count,
                    () -> ours.gradCam("layer4", TARGET),
                    () -> bare.forwardWithGradients(input));
        }
    }

    /**
     * DeepLIFT against a forward and a backward run of input and baseline in one batch, without rules; guided
     * backpropagation against the saliency of the bare loop and of the library.
     */
    private void rules(BenchmarkModels which, int warmups, int count) {
        Path archive = which.write();
        try (Ours ours = new Ours(which, archive);
                BareLoop bare = new BareLoop(archive);
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            pairs.compare(
                    "DeepLIFT against forward and backward of the doubled batch, " + which.label(),
                    warmups,
                    count,
                    () -> ours.deepLift(TARGET),
                    () -> bare.doubled(input, TARGET));
            pairs.compare(
                    "guided backpropagation against saliency in the bare loop, " + which.label(),
                    warmups,
                    count,
                    () -> ours.guidedBackprop(TARGET),
                    () -> bare.saliency(input, TARGET));
            pairs.compare(
                    "guided backpropagation against saliency of the library, " + which.label(),
                    warmups,
                    count,
                    () -> ours.guidedBackprop(TARGET),
                    () -> ours.saliency(TARGET));
        }
    }

    /**
     * Deletion and insertion of many images in one run against the same curves written by hand, and against as many
     * forward calls of the same rows and nothing else: what ranks, changed rows and curves cost.
     */
    private void curves(BenchmarkModels which, int images, int points, int count) {
        Path archive = which.write();
        String what = "deletion and insertion of " + images + " images, " + points + " points each, batches of "
                + points + ", " + which.label() + ", against ";
        try (Ours ours = new Ours(which, archive);
                Ours.Curves curves = ours.curves(images, TARGET);
                BareLoop bare = new BareLoop(archive);
                NDArray all = bare.input(curves.pixels(), which.shape(images));
                NDArray attributions = bare.input(curves.attributions(), which.shape(images));
                NDArray rows = bare.input(
                        Arrays.copyOf(curves.pixels(), points * which.input().length), which.shape(points))) {
            Pairs.requireEqual(curves.areas(points, points), bare.curves(all, attributions, TARGET, points));
            pairs.compare(
                    what + "the same by hand",
                    0,
                    count,
                    () -> curves.areas(points, points),
                    () -> bare.curves(all, attributions, TARGET, points));
            long calls = (curves.rows(points, points) + points - 1) / points;
            pairs.compare(what + "forward calls of one batch", 0, count, () -> curves.areas(points, points), () -> {
                for (long call = 0; call < calls; call++) {
                    bare.forward(rows);
                }
            });
        }
    }

    /** Loading with all that layers need, compared with loading the archive alone. */
    private void load(BenchmarkModels which, int warmups, int count) {
        Path archive = which.write();
        pairs.compare(
                "load, " + which.label(),
                warmups,
                count,
                () -> new Ours(which, archive).close(),
                () -> new BareLoop(archive).close());
        pairs.compare(
                "load and activation of the first layer against load and forward, " + which.label(),
                warmups,
                count,
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

    private void free() {
        try (FreeModels models = new FreeModels()) {
            alone("ShapleySampling, 3×224×224, 16 groups, free model, rows " + models.shapley(), models::shapley, 15);
            alone("Occlusion, 3×224×224, 32×32 windows, free model, rows " + models.occlusion(), models::occlusion, 15);
            alone("KernelShap, 30 features, free model, rows " + models.coalitions(), models::coalitions, 3);
        }
    }

    private void alone(String what, Runnable task, int runs) {
        for (int i = 0; i < (runs + 2) / 3; i++) {
            task.run();
        }
        double[] times = new double[runs];
        for (int i = 0; i < times.length; i++) {
            times[i] = Pairs.milliseconds(task);
        }
        out.printf(
                Locale.ROOT,
                "| %s | %.0f (%.0f to %.0f) | | |%n",
                what,
                Pairs.quantile(times, 0.5),
                Pairs.quantile(times, 0.25),
                Pairs.quantile(times, 0.75));
    }

    /** Integrated gradients per second on one model with one thread inside, from one thread and from two, in turns. */
    private void threads(BenchmarkModels which, int warmups, int each) throws InterruptedException {
        LoadOptions one = LoadOptions.defaults().threads(1);
        try (Ours ours = new Ours(which, TorchScriptModel.load(which.write(), one))) {
            rate(ours, 2, warmups);
            double[] ratios = new double[15];
            for (int i = 0; i < ratios.length; i++) {
                double alone = rate(ours, 1, each);
                ratios[i] = rate(ours, 2, each) / alone;
            }
            out.printf(
                    Locale.ROOT,
                    "| integrated gradients a second, %s, threads(1): 2 threads to 1 | | | %.2f (%.2f to %.2f), %d |%n",
                    which.label(),
                    Pairs.quantile(ratios, 0.5),
                    Pairs.quantile(ratios, 0.25),
                    Pairs.quantile(ratios, 0.75),
                    ratios.length);
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
