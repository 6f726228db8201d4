// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import ai.djl.ndarray.NDArray;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.onnx.OnnxOptions;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The library beside Captum: the same weights, one thread each, in turns, one explanation of one row. The Python
 * interpreter is {@code python3}, or what {@code -Dattribution.python} says; the script is looked for below the current
 * directory.
 */
final class CaptumRatios {
    private static final Path SCRIPT = Path.of("golden", "captum_rates.py");
    private static final int STEPS = 20;
    private static final int BATCH = 10;
    private static final int MANY = 1000;

    /** The samplers draw other coalitions than Captum's; this share of the largest number is their error. */
    private static final double SAMPLED = 0.5;

    private static final double EXACT = 1e-3;

    private final PrintStream out;
    private final Pairs pairs;

    CaptumRatios(PrintStream out, Pairs pairs) {
        this.out = out;
        this.pairs = pairs;
    }

    /** Methods on the smallest network, on both engines, and on ResNet-18. */
    void all() {
        String python = System.getProperty("attribution.python", "python3");
        try (Captum captum = new Captum(python, SCRIPT)) {
            if (!captum.isReady()) {
                out.println("captum: left out, " + python + " has no Captum: " + captum.greeting());
                return;
            }
            pairs.head("ours", captum.greeting());
            table(captum);
            resNet(captum);
        } catch (IOException e) {
            out.println("captum: left out, since " + python + " did not start: " + e.getMessage());
        }
    }

    private void table(Captum captum) {
        BenchmarkModels which = BenchmarkModels.TABLE;
        Map<String, Attribution<? super RuledModel>> cases = new LinkedHashMap<>();
        cases.put("saliency", Saliency.signed());
        cases.put("input-x-gradient", new InputXGradient());
        cases.put("deep-lift", new DeepLift());
        cases.put("integrated-gradients", new IntegratedGradients());
        cases.put("shapley-sampling", new ShapleySampling().samples(24));
        cases.put("kernel-shap", new KernelShap().samples(500));
        cases.put("feature-ablation", new FeatureAblation());
        Path archive = which.write();
        captum.open(which, archive);
        try (Ours torch = torch(which, archive);
                Ours onnx = onnx(which)) {
            cases.forEach((name, method) -> {
                boolean sampled = name.equals("shapley-sampling") || name.equals("kernel-shap");
                int warmups = sampled ? 1500 : name.equals("integrated-gradients") ? 8000 : 40_000;
                int each = sampled ? 1 : 20;
                compare(captum, torch, which, "TorchScript", name, method, Run.defaults(), warmups, each, 61);
                compare(captum, onnx, which, "ONNX", name, method, Run.defaults(), warmups, each, 61);
            });
        }
        bare(which, archive);
    }

    /** What DJL's calls alone take for the same rows. */
    private void bare(BenchmarkModels which, Path archive) {
        pairs.head("ours", "bare loop");
        try (Ours ours = torch(which, archive);
                BareLoop bare = new BareLoop(archive);
                NDArray input = bare.input(which.input(), which.shape(1))) {
            BareLoop.prepareThread();
            long target = which.target();
            pairs.compare(
                    "TorchScript: saliency, one thread, " + which.label(),
                    40_000,
                    4000,
                    () -> ours.saliency(target),
                    () -> bare.saliency(input, target));
            pairs.compare(
                    "TorchScript: DeepLIFT against forward and backward of the doubled batch, " + which.label(),
                    40_000,
                    4000,
                    () -> ours.deepLift(target),
                    () -> bare.doubled(input, target));
            pairs.compare(
                    "TorchScript: integrated gradients, 50 steps in one batch, " + which.label(),
                    10_000,
                    2000,
                    () -> ours.integratedGradients(target, 50, 50),
                    () -> bare.integratedGradients(input, target, 50, 50));
        }
    }

    private void resNet(Captum captum) {
        BenchmarkModels which = BenchmarkModels.RESNET18;
        IntegratedGradients ig = new IntegratedGradients().steps(STEPS);
        Map<String, Attribution<? super RuledModel>> cases = new LinkedHashMap<>();
        cases.put("saliency", Saliency.signed());
        cases.put("grad-cam layer4", new GradCam("layer4"));
        cases.put("deep-lift", new DeepLift());
        cases.put("integrated-gradients", ig);
        cases.put("integrated-gradients layer4", ig.at("layer4"));
        cases.put("integrated-gradients layer2", ig.at("layer2"));
        cases.put(
                "conductance layer4",
                new Conductance("layer4").captum(Quadrature.GAUSS_LEGENDRE).steps(STEPS));
        Path archive = which.write();
        captum.open(which, archive);
        pairs.head("ours", captum.greeting());
        try (Ours torch = torch(which, archive)) {
            Run run = Run.defaults().batchRows(BATCH);
            cases.forEach((name, method) -> compare(captum, torch, which, "TorchScript", name, method, run, 2, 1, 11));
        }
    }

    private void compare(
            Captum captum,
            Ours ours,
            BenchmarkModels which,
            String engine,
            String name,
            Attribution<? super RuledModel> method,
            Run run,
            int warmups,
            int each,
            int rounds) {
        long target = which.target();
        boolean sampled = name.equals("shapley-sampling") || name.equals("kernel-shap");
        Pairs.requireEqual(
                ours.explainByRules(method, target, run), captum.attributions(name), sampled ? SAMPLED : EXACT);
        for (int i = 0; i < warmups; i++) {
            ours.explainByRules(method, target, run);
        }
        captum.milliseconds(name, Math.min(warmups, sampled ? 5 : 200));
        pairs.compareTimes(
                engine + ": " + name + ", " + which.label(),
                rounds,
                () -> Pairs.milliseconds(() -> {
                            for (int i = 0; i < each; i++) {
                                ours.explainByRules(method, target, run);
                            }
                        })
                        / each,
                () -> captum.milliseconds(name, each));
    }

    /** How many times as fast a row is among a thousand as alone. */
    void rows() {
        BenchmarkModels which = BenchmarkModels.TABLE;
        pairs.head("each of a thousand rows at once", "one row alone");
        Path archive = which.write();
        try (Ours torch = torch(which, archive);
                Ours onnx = onnx(which)) {
            rows(torch, "TorchScript");
            rows(onnx, "ONNX");
        }
    }

    private void rows(Ours ours, String engine) {
        long target = BenchmarkModels.TABLE.target();
        try (Tensor rows = ours.rows(MANY)) {
            for (Attribution<? super RuledModel> method :
                    List.<Attribution<? super RuledModel>>of(Saliency.signed(), new DeepLift())) {
                for (int i = 0; i < 40_000; i++) {
                    ours.explainByRules(method, target, Run.defaults());
                }
                for (int i = 0; i < 1000; i++) {
                    ours.explainRows(method, rows, target);
                }
                pairs.compareTimes(
                        engine + ": " + method.name() + ", a row of " + MANY,
                        300,
                        () -> Pairs.milliseconds(() -> ours.explainRows(method, rows, target)) / MANY,
                        () -> Pairs.milliseconds(() -> ours.explainByRules(method, target, Run.defaults())));
            }
        }
    }

    private static Ours torch(BenchmarkModels which, Path archive) {
        return new Ours(
                which, TorchScriptModel.load(archive, LoadOptions.defaults().threads(1)));
    }

    private static Ours onnx(BenchmarkModels which) {
        return new Ours(
                which, OnnxModel.load(which.writeOnnx(), OnnxOptions.defaults().threads(1)));
    }
}
