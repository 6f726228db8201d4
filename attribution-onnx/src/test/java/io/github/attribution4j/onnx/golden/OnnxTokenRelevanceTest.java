// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.text.TokenAttribution;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Relevance of tokens against {@code golden/text_relevance.py}, which spells BERT and the rules out in float64. */
class OnnxTokenRelevanceTest {
    private static final double TOLERANCE = 1e-3;

    @DisplayName("AttnLRP by token equals the oracle")
    @ParameterizedTest
    @ValueSource(strings = {"script", "dynamo"})
    void attnLrp(String exporter) throws IOException {
        try (OnnxModel model = OnnxModel.load(GoldenData.onnx("bert", exporter));
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(GoldenData.text().resolve("arrays.npz"), model.tensors());
            Map<String, Tensor> oracle =
                    NumpyFiles.readNpz(GoldenData.folder().resolve("text_relevance/cases.npz"), model.tensors());
            Inputs inputs = Inputs.none();
            for (String input : model.parameterNames()) {
                inputs = inputs.with(new Inputs.Input(
                        input,
                        arrays.get("bert." + input),
                        input.equals("input_ids") ? Inputs.Role.ATTRIBUTED : Inputs.Role.FIXED));
            }
            double[] expected = oracle.get("attn-lrp.word_embeddings").toDoubleArray();
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            TokenAttribution<RuledModel> method = TokenAttribution.of(new Lrp(Composites.attnLrp()));
            try (Explanation words = method.attribute(model, inputs, Target.indexes(1, 2, 1))) {
                assertThat(words.attribution().toDoubleArray()).containsExactly(expected, within(TOLERANCE * largest));
            }
        }
    }
}
