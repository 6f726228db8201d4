// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.internal.golden.LrpOracle;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Relevance rules against explicit matrices in float64, written by {@code golden/lrp_rules.py}. */
class LrpRulesTest {
    private static final double TOLERANCE = 1e-8;

    static Stream<String> archives() {
        return LrpOracle.networks().keySet().stream()
                .flatMap(
                        name -> LrpOracle.networks().getAsJsonObject(name).getAsJsonObject("archives").keySet().stream()
                                .map(kind -> name + "/" + kind));
    }

    @DisplayName("Every rule and mixture of rules gives the relevance of the matrices, at the input and at layers")
    @ParameterizedTest(name = "{0}")
    @MethodSource("archives")
    void agrees(String archive) {
        String name = archive.substring(0, archive.indexOf('/'));
        String kind = archive.substring(archive.indexOf('/') + 1);
        boolean frozen = kind.equals("frozen");
        try (TorchScriptModel model = TorchScriptModel.load(LrpOracle.archive(name, kind), TorchGolden.options())) {
            // A frozen archive has no modules.
            LrpOracle.check(
                    model,
                    name,
                    DataType.FLOAT64,
                    TOLERANCE,
                    (given, layer) -> !frozen || (layer.isEmpty() && !given.contains("\"module ")));
        }
    }
}
