// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.testkit.internal.golden.EveryMethod;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.nio.file.Path;

/** The golden models as ONNX files. */
final class OnnxGolden {
    private OnnxGolden() {}

    static GoldenModel<OnnxModel> load(GoldenData.Entry entry) {
        return GoldenModel.of(entry, OnnxModel.load(GoldenData.onnx(entry.model(), entry.kind())));
    }

    /** Returns the file of a network of golden/propagation or golden/lrp_rules. */
    static Path ruled(String model, String exporter) {
        return GoldenData.folder().resolve("onnx/rules").resolve(model + "." + exporter + ".onnx");
    }

    private static GoldenModel<OnnxModel> load(String name) {
        return load(GoldenData.onnx().stream()
                .filter(entry -> entry.name().equals(name))
                .findFirst()
                .orElseThrow());
    }

    /** Returns every method on two files, one of each exporter. */
    static EveryMethod everyMethod() {
        return new EveryMethod(load("mlp_softmax/script"), load("cnn/dynamo"), "layer2.0.bn1", "layer1");
    }
}
