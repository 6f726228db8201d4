// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.internal.golden.LrpOracle;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Relevance rules on files of both exporters, in float32, against explicit matrices in float64. */
class OnnxLrpRulesTest {
    /** Of the largest number of a result: single precision, through up to twelve operations. */
    private static final double TOLERANCE = 1e-3;

    static Stream<String> files() {
        return LrpOracle.networks().keySet().stream()
                .flatMap(name -> Stream.of("script", "dynamo").map(exporter -> name + "/" + exporter));
    }

    @DisplayName("Every rule and mixture of rules gives the relevance of the matrices, at the input and at layers")
    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void agrees(String file, TestReporter reporter) {
        String name = file.substring(0, file.indexOf('/'));
        String exporter = file.substring(file.indexOf('/') + 1);
        try (OnnxModel model = OnnxModel.load(OnnxGolden.ruled(name, exporter))) {
            double worst = LrpOracle.check(model, name, DataType.FLOAT32, TOLERANCE, (given, layer) -> true);
            reporter.publishEntry(file, "differs by " + worst);
        }
    }
}
