// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.TextReplay;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Text models and what Captum says about their tokens: the cases of {@code golden/text}. */
class TextGoldenTest {
    @TestFactory
    List<DynamicTest> every_case_for_every_archive() {
        List<DynamicTest> tests = new ArrayList<>();
        JsonObject text =
                GoldenData.read(GoldenData.text().resolve("text.json")).getAsJsonObject();
        for (JsonObject model : GoldenCase.objects(text.get("models"))) {
            for (Map.Entry<String, JsonElement> archive :
                    model.getAsJsonObject("archives").entrySet()) {
                for (JsonObject golden : GoldenCase.objects(model.get("cases"))) {
                    String id = golden.get("id").getAsString();
                    if (!archive.getKey().equals("frozen") || !golden.has("layers")) {
                        tests.add(DynamicTest.dynamicTest(
                                archive.getValue().getAsString() + " " + id,
                                () -> check(model, archive.getValue().getAsString(), golden)));
                    }
                }
            }
        }
        assertThat(tests).hasSizeGreaterThanOrEqualTo(29);
        return tests;
    }

    private static void check(JsonObject described, String archive, JsonObject golden) {
        try (TorchScriptModel model =
                TorchScriptModel.load(GoldenData.text().resolve(archive), TorchGolden.options())) {
            // Without an embedding module there is the place in the text where the table is read.
            TextReplay.check(model, described, golden, "/embedding#0");
        }
    }
}
