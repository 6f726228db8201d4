// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplanationTest {
    private static final Tensors JAVA = Tensors.ofJava();
    private long liveBefore;

    @BeforeEach
    void count() {
        liveBefore = Lifetime.count();
    }

    @AfterEach
    void leaks() {
        assertThat(Lifetime.count()).isEqualTo(liveBefore);
    }

    private static Explanation explanation(boolean complete) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("steps", "50");
        settings.put("a \"quoted\" <name>", "line\nbreak");
        Provenance provenance = new Provenance(
                "integrated-gradients",
                settings,
                "index 3",
                Long.MIN_VALUE,
                "steady, largest batch 4 rows",
                new Model.Identity("net.pt", "abc", "engine", "cpu"),
                List.of(new Provenance.InputRecord("image", "attributed", "float32", "(2, 3)", "def")),
                "1.0",
                "17",
                Instant.parse("2026-01-02T03:04:05.678901234Z"));
        Labels labels = Labels.none(2, List.of(), List.of("index 3"));
        return new Explanation(new ExplanationParts(provenance, labels).with(parts -> {
            parts.names = List.of("image", "età");
            parts.attributions = List.of(
                    JAVA.of(new float[] {0.1f, -1e-38f, 16777216f, Float.MIN_VALUE, -0f, 3f}, 2, 3),
                    JAVA.of(new double[] {Math.PI, Double.MIN_VALUE}, 2, 1));
            parts.scores = new double[] {0.1 + 0.2, -5};
            parts.counts = new Counts(10, 5, 3, 4);
            parts.elapsed = Duration.ofNanos(123_456_789_123L);
            parts.notices = List.of("a notice");
            if (complete) {
                parts.standardErrors = List.of(
                        JAVA.of(new float[] {Float.NaN, Float.POSITIVE_INFINITY, 1, 2, 3, 4}, 2, 3),
                        JAVA.of(new double[] {1 / 3.0, 2}, 2, 1));
                parts.baselineScores = new double[] {1e300, 2};
                parts.completenessGap = new double[] {1e-17, -0.0};
                parts.measures = Map.of("r-squared", new double[] {0.1, Double.NaN});
            }
        }));
    }

    @Test
    void json_keeps_every_bit() {
        try (Explanation full = explanation(true);
                Explanation read = Explanation.fromJson(full.toJson());
                Explanation bare = explanation(false);
                Explanation readBare = Explanation.fromJson(bare.toJson())) {
            assertThat(read.toJson()).isEqualTo(full.toJson());
            assertThat(read.names()).isEqualTo(full.names());
            for (int i = 0; i < 2; i++) {
                assertThat(read.attributions().get(i).toByteBuffer())
                        .isEqualTo(full.attributions().get(i).toByteBuffer());
                assertThat(read.attributions().get(i).dataType())
                        .isEqualTo(full.attributions().get(i).dataType());
                assertThat(read.standardErrors().get(i).toDoubleArray())
                        .isEqualTo(full.standardErrors().get(i).toDoubleArray());
            }
            assertThat(read.scores()).isEqualTo(full.scores());
            assertThat(read.baselineScores()).isPresent();
            assertThat(read.completenessGap()).isEqualTo(full.completenessGap());
            assertThat(read.counts()).isEqualTo(full.counts());
            assertThat(read.elapsed()).isEqualTo(full.elapsed());
            assertThat(read.notices()).isEqualTo(full.notices());
            assertThat(read.provenance()).isEqualTo(full.provenance());
            assertThat(readBare.hasCompletenessGap()).isFalse();
            assertThat(readBare.baselineScores()).isEmpty();
            assertThat(readBare.standardErrors()).isEmpty();
        }
    }

    @Test
    void inputs_are_in_the_json_only_when_asked_for() {
        try (Tensor secret = JAVA.of(new float[] {424242}, 1, 1);
                Tensor tokens = JAVA.of(new long[] {777777}, 1, 1);
                Explanation plain = explanation(true)) {
            assertThat(plain.toJson()).doesNotContain("424242");
            Inputs inputs = Inputs.none().attribute("x", secret).fixed("ids", tokens);
            try (Explanation with = plain.withInputData(inputs);
                    Explanation read = Explanation.fromJson(with.toJson())) {
                assertThat(read.inputData().keySet()).containsExactly("x", "ids");
                assertThat(read.inputData().get("x").toFloatArray()).containsExactly(424242);
                assertThat(read.inputData().get("ids").toLongArray()).containsExactly(777777);
            }
        }
    }

    @Test
    void json_that_is_no_explanation_is_refused_and_leaks_nothing() {
        for (String text : List.of("", "[]", "{", "null", "{\"format\":\"attribution4j/explanation\",\"version\":1}")) {
            assertThatThrownBy(() -> Explanation.fromJson(text))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("explanation JSON: ");
        }
        try (Explanation full = explanation(true)) {
            assertThatThrownBy(() -> Explanation.fromJson(full.toJson().replace("\"version\": 2", "\"version\": 3")))
                    .hasMessage(
                            "explanation JSON: format 'attribution4j/explanation' version 3 is not known; this library "
                                    + "reads 'attribution4j/explanation' versions 1 to 2");
            assertThatThrownBy(() -> Explanation.fromJson(full.toJson().replace("\"forwardRows\"", "\"rows\"")))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void npz_holds_attributions_and_gap(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("why.npz");
        try (Explanation full = explanation(true);
                TensorScope scope = TensorScope.open()) {
            full.writeNpz(file);
            Map<String, Tensor> arrays = NumpyFiles.readNpz(file, JAVA);

            assertThat(arrays.keySet())
                    .containsExactly(
                            "attribution_0",
                            "attribution_1",
                            "standard_error_0",
                            "standard_error_1",
                            "scores",
                            "baseline_scores",
                            "completeness_gap",
                            "measure_r_squared");
            assertThat(arrays.get("attribution_0").toByteBuffer())
                    .isEqualTo(full.attributions().get(0).toByteBuffer());
            assertThat(arrays.get("completeness_gap").toDoubleArray()).containsExactly(1e-17, -0.0);
        }
    }

    @Test
    void what_a_method_does_not_give_is_refused_with_its_name() {
        try (Explanation bare = explanation(false)) {
            assertThatThrownBy(bare::completenessGap)
                    .hasMessage("integrated-gradients does not claim completeness, so it has no gap");
            assertThatThrownBy(bare::standardError).hasMessage("integrated-gradients computes no standard errors");
            assertThatThrownBy(bare::attribution)
                    .hasMessage("there are attributions for 2 inputs, [image, età]; ask for the list and choose one");
        }
    }

    @Test
    void arrays_are_copies_and_closing_twice_is_harmless() {
        Explanation full = explanation(true);
        full.scores()[0] = 99;
        full.completenessGap()[0] = 99;

        assertThat(full.scores()[0]).isEqualTo(0.1 + 0.2);
        assertThat(full.completenessGap()[0]).isEqualTo(1e-17);
        full.close();
        full.close();
    }
}
