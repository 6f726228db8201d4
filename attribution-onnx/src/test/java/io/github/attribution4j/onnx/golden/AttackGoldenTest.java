// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.testkit.internal.golden.AttackReplay;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks on ONNX exports against what Captum found on the archives of the same networks. */
class AttackGoldenTest {
    private static final double CLOSE = 2e-5;

    @ParameterizedTest
    @ValueSource(strings = {"mlp_softmax", "cnn", "multi_input", "mlp_double", "timeseries_gru", "residual"})
    void attacks_are_those_of_captum(String name) {
        for (GoldenData.Entry entry : GoldenData.onnx()) {
            if (entry.model().equals(name)) {
                try (GoldenModel<OnnxModel> golden = OnnxGolden.load(entry)) {
                    AttackReplay.check(name, golden.model(), golden.inputs(), CLOSE);
                }
            }
        }
    }
}
