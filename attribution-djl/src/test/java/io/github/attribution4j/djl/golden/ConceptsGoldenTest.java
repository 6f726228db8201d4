// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.ConceptReplay;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Concept scores on archives against Captum's on the eager model. */
class ConceptsGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"cnn/scripted", "cnn/traced"})
    void scores_are_those_of_captum(String name) {
        try (TensorScope scope = TensorScope.open();
                GoldenModel<TorchScriptModel> golden = TorchGolden.load(GoldenData.entry(name))) {
            ConceptReplay.check(golden.model());
        }
    }
}
