// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.testkit.internal.golden.AttackReplay;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks on real archives against what Captum found. */
class AttackGoldenTest {
    private static final double CLOSE = 2e-5;

    @ParameterizedTest
    @ValueSource(strings = {"mlp_softmax", "cnn", "multi_input", "mlp_double", "timeseries_gru", "residual"})
    void attacks_are_those_of_captum(String name) {
        for (String kind : new String[] {"traced", "scripted"}) {
            try (GoldenModel<TorchScriptModel> golden = TorchGolden.load(GoldenData.entry(name + "/" + kind))) {
                AttackReplay.check(name, golden.model(), golden.inputs(), CLOSE);
            }
        }
    }
}
