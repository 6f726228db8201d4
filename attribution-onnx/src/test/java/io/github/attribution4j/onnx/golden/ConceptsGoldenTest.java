// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.ConceptReplay;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Concept scores on the files of both exporters against Captum's on the eager model. */
class ConceptsGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"script", "dynamo"})
    void scores_are_those_of_captum(String exporter) {
        try (TensorScope scope = TensorScope.open();
                OnnxModel model = OnnxModel.load(GoldenData.onnx("cnn", exporter))) {
            ConceptReplay.check(model);
        }
    }
}
