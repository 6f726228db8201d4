// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.TextReplay;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What Captum says about the tokens of text models, on the same networks as both exporters of PyTorch write them. */
class OnnxTextGoldenTest {
    @TestFactory
    List<DynamicTest> every_case_of_every_file() {
        List<DynamicTest> tests = new ArrayList<>();
        JsonObject text =
                GoldenData.read(GoldenData.text().resolve("text.json")).getAsJsonObject();
        for (JsonObject model : GoldenCase.objects(text.get("models"))) {
            String name = model.get("name").getAsString();
            for (String exporter : List.of("script", "dynamo")) {
                for (JsonObject golden : GoldenCase.objects(model.get("cases"))) {
                    tests.add(DynamicTest.dynamicTest(
                            name + "." + exporter + " " + golden.get("id").getAsString(),
                            () -> check(name, exporter, model, golden)));
                }
            }
        }
        assertThat(tests).hasSizeGreaterThanOrEqualTo(24);
        return tests;
    }

    private static void check(String name, String exporter, JsonObject described, JsonObject golden) {
        try (OnnxModel model = OnnxModel.load(GoldenData.onnx(name, exporter))) {
            // Without an embedding module there is the value that the table gives.
            String lookup = exporter.equals("script") ? "/Gather_output_0" : "embedding";
            TextReplay.check(model, described, golden, lookup);
        }
    }
}
