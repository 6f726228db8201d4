// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.HuggingFaceTokens;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.text.TokenAttribution;
import io.github.attribution4j.text.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts on ONNX models, by the calls of the page on text. */
class OnnxTextTest {
    private static final Path ONNX = Demo.REPOSITORY.resolve("golden/onnx");

    /** A way to explain a text. */
    private interface Way extends UnaryOperator<TokenAttribution<LayeredModel>> {}

    static List<Way> ways() {
        return List.of(
                by -> by,
                TokenAttribution::everyEmbedding,
                by -> by.everyEmbedding().byEmbedding(),
                by -> by.everyEmbedding().together(),
                by -> by.at("norm"),
                by -> by.reduction(TokenAttribution.Reduction.NORM));
    }

    private static List<double[]> explained(LayeredModel model, Way way, boolean forward) throws IOException {
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(Demo.FILES.resolve("tokenizer.json"));
                TensorScope scope = TensorScope.open()) {
            Tokens tokens = HuggingFaceTokens.encode(
                    tokenizer, "Draw the edges of the graph as lines on the axes.", "Save the figure.");
            Inputs inputs = tokens.inputs(model.tensors(), List.of("input_ids", "attention_mask"));
            long mask = HuggingFaceTokens.id(tokenizer, "[MASK]").orElseThrow();
            Baseline masked = Baseline.token(mask).keeping(tokens.specialIds());
            Attribution<LayeredModel> method = forward
                    ? TokenAttribution.of(new ShapleySampling().baseline(masked).samples(4))
                    : way.apply(TokenAttribution.of(
                            new IntegratedGradients().steps(8).baseline(masked.throughHead())));
            try (Explanation why = method.attribute(model, inputs, Target.index(1))) {
                return why.attributions().stream().map(Tensor::toDoubleArray).toList();
            }
        }
    }

    private static void assertSame(List<double[]> actual, List<double[]> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            assertThat(actual.get(i)).containsExactly(expected.get(i), within(1e-4));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    @DisplayName("Tokens have the numbers of the TorchScript archive, in every form that they can be asked for")
    void sameAsTheArchive(Way way) throws IOException {
        try (OnnxModel model = OnnxModel.load(ONNX.resolve("topics.onnx"));
                TorchScriptModel archive = TorchScriptModel.load(Demo.FILES.resolve("topics.pt"))) {
            assertSame(explained(model, way, false), explained(archive, way, false));
        }
    }

    @Test
    @DisplayName("Without gradients ids replace ids")
    void withoutGradients() throws IOException {
        try (OnnxModel model = OnnxModel.load(ONNX.resolve("topics.onnx"));
                TorchScriptModel archive = TorchScriptModel.load(Demo.FILES.resolve("topics.pt"))) {
            assertSame(explained(model, by -> by, true), explained(archive, by -> by, true));
        }
    }

    /** Which input each lookup belongs to. */
    private static Map<String, Optional<String>> lookups(LayeredModel model, Inputs inputs) {
        return TokenAttribution.lookups(model, inputs).stream()
                .collect(Collectors.toMap(lookup -> lookup.point().toString(), TokenAttribution.Lookup::input));
    }

    @ParameterizedTest
    @CsvSource({
        "bert.script, model.bert.embeddings.",
        "bert.dynamo, model.bert.embeddings.",
    })
    @DisplayName("Words are looked up by the ids of the text, positions by ids of the model's own")
    void lookupsOfBert(String file, String module) {
        try (OnnxModel model = OnnxModel.load(ONNX.resolve("zoo/" + file + ".onnx"));
                TensorScope scope = TensorScope.open()) {
            // All words differ, as all positions do.
            Inputs inputs = Inputs.none()
                    .attribute("x0", model.tensors().of(new long[] {5, 6, 7, 8, 9}, 1, 5))
                    .fixed("x1", model.tensors().of(new long[] {1, 1, 1, 1, 1}, 1, 5));
            assertThat(lookups(model, inputs))
                    .containsEntry(module + "word_embeddings", Optional.of("x0"))
                    .containsEntry(module + "position_embeddings", Optional.empty())
                    .containsKey(module + "token_type_embeddings");
            TokenAttribution<LayeredModel> method = TokenAttribution.of(new IntegratedGradients().steps(100));
            try (Explanation why = method.attribute(model, inputs, Target.index(0))) {
                assertThat(why.attribution().shape().dims()).containsExactly(1, 5);
                assertThat(why.completenessGap()[0]).isCloseTo(0, within(1e-3));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bert", "distilbert", "gpt2", "text_cnn"})
    @DisplayName("Both exporters of PyTorch give tokens the same numbers")
    void bothExporters(String name) {
        double[] script = tokens(name + ".script");
        assertThat(script).hasSize(8);
        assertThat(Arrays.stream(script).map(Math::abs).max().orElseThrow()).isGreaterThan(1e-3);
        assertThat(tokens(name + ".dynamo")).containsExactly(script, within(1e-4));
    }

    private static double[] tokens(String file) {
        try (OnnxModel model = OnnxModel.load(ONNX.resolve("zoo/" + file + ".onnx"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs =
                    Inputs.none().attribute("x0", model.tensors().of(new long[] {5, 6, 7, 6, 9, 5, 4, 8}, 1, 8));
            if (!file.startsWith("text_cnn")) {
                inputs = inputs.fixed("x1", model.tensors().of(new long[] {1, 1, 1, 1, 1, 1, 1, 0}, 1, 8));
            }
            TokenAttribution<LayeredModel> method = TokenAttribution.of(new InputXGradient());
            try (Explanation why = method.attribute(model, inputs, Target.slice())) {
                return why.attribution().toDoubleArray();
            }
        }
    }
}
