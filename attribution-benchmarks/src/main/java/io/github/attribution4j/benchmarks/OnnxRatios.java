// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.onnx.OnnxModel;
import java.nio.file.Path;

/** ONNX models: the library against a bare loop of ONNX Runtime, and against itself on TorchScript. */
final class OnnxRatios {
    private static final int STEPS = 20;
    private static final int BATCH = 10;
    private static final int COMPILED_CALLS = 40_000;
    private static final String LAYER = "layer4";

    private final Pairs pairs;

    OnnxRatios(Pairs pairs) {
        this.pairs = pairs;
    }

    /** The same rows, in turns. */
    void bareLoop() {
        pairs.head("ours", "bare loop of ONNX Runtime");
        saliency(BenchmarkModels.TABLE, COMPILED_CALLS, 4000);
        saliency(BenchmarkModels.MLP, COMPILED_CALLS, 4000);
        saliency(BenchmarkModels.SMALL_CNN, 5000, 1000);
        integratedGradients(BenchmarkModels.TABLE, 10_000, 2000);
        integratedGradients(BenchmarkModels.SMALL_CNN, 2000, 300);
        forward(BenchmarkModels.TABLE, COMPILED_CALLS, 4000);
        saliency(BenchmarkModels.RESNET18, 10, 60);
        integratedGradients(BenchmarkModels.RESNET18, 2, 15);
        forward(BenchmarkModels.RESNET18, 50, 100);
        gradCam(50, 100);
        load(3, 11);
    }

    private void saliency(BenchmarkModels which, int warmups, int count) {
        Path file = which.writeOnnx();
        try (Ours ours = new Ours(which, OnnxModel.load(file));
                BareOrt bare = new BareOrt(which, file, 1, null)) {
            long target = which.target();
            Pairs.requireEqual(ours.saliency(target), bare.saliency(target));
            pairs.compare(
                    "ONNX: saliency, " + which.label(),
                    warmups,
                    count,
                    () -> ours.saliency(target),
                    () -> bare.saliency(target));
        }
    }

    private void integratedGradients(BenchmarkModels which, int warmups, int count) {
        Path file = which.writeOnnx();
        try (Ours ours = new Ours(which, OnnxModel.load(file));
                BareOrt bare = new BareOrt(which, file, BATCH, null)) {
            long target = which.target();
            Pairs.requireEqual(
                    ours.integratedGradients(target, STEPS, BATCH), bare.integratedGradients(target, STEPS, BATCH));
            pairs.compare(
                    "ONNX: integrated gradients, 20 steps, batches of 10, " + which.label(),
                    warmups,
                    count,
                    () -> ours.integratedGradients(target, STEPS, BATCH),
                    () -> bare.integratedGradients(target, STEPS, BATCH));
        }
    }

    private void forward(BenchmarkModels which, int warmups, int count) {
        Path file = which.writeOnnx();
        try (Ours ours = new Ours(which, OnnxModel.load(file));
                BareOrt bare = new BareOrt(which, file, 1, null)) {
            Pairs.requireEqual(ours.forward(), bare.forward());
            pairs.compare("ONNX: forward, " + which.label(), warmups, count, ours::forward, bare::forward);
        }
    }

    private void gradCam(int warmups, int count) {
        BenchmarkModels which = BenchmarkModels.RESNET18;
        Path file = which.writeOnnx();
        try (OnnxModel model = OnnxModel.load(file)) {
            String value = valueOf(model);
            try (Ours ours = new Ours(which, OnnxModel.load(file));
                    BareOrt bare = new BareOrt(which, file, 1, value)) {
                long target = which.target();
                Pairs.requireEqual(ours.gradCam(LAYER, target), bare.gradCam(value, target));
                pairs.compare(
                        "ONNX: Grad-CAM at layer4, " + which.label(),
                        warmups,
                        count,
                        () -> ours.gradCam(LAYER, target),
                        () -> bare.gradCam(value, target));
            }
        }
    }

    /** The value that leaves the last block, by its name in the file. */
    private static String valueOf(OnnxModel model) {
        String last = "";
        for (Cut.Point point : model.cutPoints()) {
            if (point.path().startsWith("/" + LAYER + "/")) {
                last = point.path();
            }
        }
        return last;
    }

    /** From the file to the first gradient, each time anew, against loading and running the file. */
    private void load(int warmups, int count) {
        BenchmarkModels which = BenchmarkModels.RESNET18;
        Path file = which.writeOnnx();
        Path archive = which.write();
        long target = which.target();
        pairs.compare(
                "load to first saliency, ONNX against TorchScript, " + which.label(),
                warmups,
                count,
                () -> {
                    try (Ours ours = new Ours(which, OnnxModel.load(file))) {
                        ours.saliency(target);
                    }
                },
                () -> {
                    try (Ours ours = new Ours(which, archive)) {
                        ours.saliency(target);
                    }
                });
    }

    /** The same network, method and rows on both engines, in turns. */
    void engines() {
        pairs.head("ONNX", "TorchScript");
        engines(BenchmarkModels.TABLE, COMPILED_CALLS, 4000, "relu2");
        engines(BenchmarkModels.SMALL_CNN, 2000, 300, "relu2");
        engines(BenchmarkModels.RESNET18, 4, 15, LAYER);
    }

    /**
     * Each engine rounds in its own way, and a ReLU that is zero but for rounding may then pass a gradient in one and
     * not in the other. So both are compared with the archive in float64, and not with each other: an ONNX file that
     * computes something else differs from that by more than a rounding, wherever the other engine stands.
     */
    private void engines(BenchmarkModels which, int warmups, int count, String layer) {
        long target = which.target();
        Path archive = which.write();
        try (Ours onnx = new Ours(which, OnnxModel.load(which.writeOnnx()));
                Ours torch = new Ours(which, TorchScriptModel.load(archive))) {
            try (Ours exact = Ours.exact(which, archive)) {
                Pairs.requireEqual(onnx.saliency(target), exact.saliency(target));
                Pairs.requireEqual(
                        onnx.integratedGradients(target, STEPS, BATCH),
                        exact.integratedGradients(target, STEPS, BATCH));
                Pairs.requireEqual(
                        onnx.layerIntegratedGradients(layer, target, STEPS, BATCH),
                        exact.layerIntegratedGradients(layer, target, STEPS, BATCH));
                if (which != BenchmarkModels.TABLE) {
                    Pairs.requireEqual(onnx.gradCam(layer, target), exact.gradCam(layer, target));
                }
            }
            pairs.compare(
                    "ONNX against TorchScript: saliency, " + which.label(),
                    warmups,
                    count,
                    () -> onnx.saliency(target),
                    () -> torch.saliency(target));
            pairs.compare(
                    "ONNX against TorchScript: integrated gradients, 20 steps, " + which.label(),
                    warmups / 4,
                    count,
                    () -> onnx.integratedGradients(target, STEPS, BATCH),
                    () -> torch.integratedGradients(target, STEPS, BATCH));
            pairs.compare(
                    "ONNX against TorchScript: integrated gradients at " + layer + ", " + which.label(),
                    warmups / 4,
                    count,
                    () -> onnx.layerIntegratedGradients(layer, target, STEPS, BATCH),
                    () -> torch.layerIntegratedGradients(layer, target, STEPS, BATCH));
            if (which != BenchmarkModels.TABLE) {
                pairs.compare(
                        "ONNX against TorchScript: Grad-CAM at " + layer + ", " + which.label(),
                        warmups,
                        count,
                        () -> onnx.gradCam(layer, target),
                        () -> torch.gradCam(layer, target));
            }
        }
    }
}
