// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.text.TokenAttribution;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Relevance of tokens against {@code golden/text_relevance.py}, which spells BERT and the rules out in float64. */
@ExtendWith(LeakExtension.class)
class TokenRelevanceTest {
    private static final List<String> EMBEDDINGS =
            List.of("word_embeddings", "token_type_embeddings", "position_embeddings");
    private static final Target TARGET = Target.indexes(1, 2, 1);

    /** Weights share without their biases, the softmax passes relevance on, and nothing is stabilized. */
    private static RuleSet conserving() {
        BackwardRule.Term proportional = new BackwardRule.Term(
                1, BackwardRule.InputPart.VALUE, BackwardRule.WeightPart.VALUE, BackwardRule.BiasPart.ZERO);
        BackwardRule unbiased = new BackwardRule.Weighted(
                "proportional", List.of(new BackwardRule.Group(1, proportional)), 0, 0, List.of(), List.of());
        return Composites.epsilon(0)
                .override(Operation.Selector.kind(Operation.Kind.WEIGHTED), unbiased)
                .override(Operation.Selector.kind(Operation.Kind.NORMALIZATION, Operation.Kind.SOFTMAX), Rules.pass());
    }

    @DisplayName("AttnLRP by token equals the oracle and conserves relevance, with what biases and the softmax keep")
    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({
        "bert.scripted.pt, FLOAT64, 1e-10",
        "bert.traced.pt, FLOAT64, 1e-10",
        // Fused attention: its factor and its mask are stabilized otherwise than sums and products in the text.
        "bert-transformers.traced.pt, FLOAT64, 1e-5",
        "bert.scripted.pt, FLOAT32, 1e-4",
        "bert.traced.pt, FLOAT32, 1e-4"
    })
    void attnLrp(String archive, DataType type, double tolerance) throws IOException {
        compare(archive, type, tolerance, "attn-lrp", Composites.attnLrp());
    }

    @DisplayName("Where nothing keeps relevance, tokens, types and positions share all of the score")
    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({"bert.scripted.pt, FLOAT64, 1e-9", "bert.traced.pt, FLOAT64, 1e-9", "bert.scripted.pt, FLOAT32, 1e-3"})
    void conserves(String archive, DataType type, double tolerance) throws IOException {
        compare(archive, type, tolerance, "conserving", conserving());
    }

    private static void compare(String archive, DataType type, double tolerance, String key, RuleSet rules)
            throws IOException {
        LoadOptions options = TorchGolden.options().dataType(type);
        try (TorchScriptModel model = TorchScriptModel.load(GoldenData.text().resolve(archive), options);
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(GoldenData.text().resolve("arrays.npz"), model.tensors());
            Map<String, Tensor> oracle =
                    NumpyFiles.readNpz(GoldenData.folder().resolve("text_relevance/cases.npz"), model.tensors());
            Inputs inputs = Inputs.none();
            for (String input : model.parameterNames()) {
                Tensor value = arrays.get(archive.substring(0, archive.indexOf('.')) + "." + input);
                inputs = inputs.with(new Inputs.Input(
                        input, value, input.equals("input_ids") ? Inputs.Role.ATTRIBUTED : Inputs.Role.FIXED));
            }
            TokenAttribution<RuledModel> method = TokenAttribution.of(new Lrp(rules));
            Map<String, double[]> expected = new HashMap<>();
            for (String name : EMBEDDINGS) {
                expected.put(name, oracle.get(key + "." + name).toDoubleArray());
            }
            double largest = expected.values().stream()
                    .flatMapToDouble(Arrays::stream)
                    .map(Math::abs)
                    .max()
                    .orElseThrow();
            double rounding = tolerance * largest;
            try (Explanation words = method.attribute(model, inputs, TARGET)) {
                assertThat(words.attribution().toDoubleArray())
                        .containsExactly(expected.get("word_embeddings"), within(rounding));
                assertThat(words.provenance().settings()).containsEntry("rules", rules.describe());
            }
            try (Explanation each = method.everyEmbedding().byEmbedding().attribute(model, inputs, TARGET)) {
                assertThat(each.names()).hasSize(EMBEDDINGS.size());
                for (int i = 0; i < each.names().size(); i++) {
                    String name = each.names().get(i);
                    double[] values = expected.get(name.substring(name.lastIndexOf('.') + 1));
                    assertThat(each.attributions().get(i).toDoubleArray())
                            .as(name)
                            .containsExactly(values, within(rounding));
                }
            }
            try (Explanation together = method.everyEmbedding().together().attribute(model, inputs, TARGET)) {
                double[] sums = new double[3];
                addRows(together.attribution().toDoubleArray(), sums);
                double[] kept = oracle.get(key + ".kept").toDoubleArray();
                double[] scores = oracle.get(key + ".scores").toDoubleArray();
                double[] gap = together.completenessGap();
                for (int row = 0; row < 3; row++) {
                    // Relevance is up to ninety times the score, which leaves single precision fewer digits.
                    double scale = type == DataType.FLOAT64 ? Math.abs(scores[row]) : largest;
                    double keptOfRow = kept[2 * row] + kept[2 * row + 1];
                    assertThat(sums[row] + keptOfRow).as("row %s", row).isCloseTo(scores[row], within(1e-3 * scale));
                    assertThat(gap[row]).isCloseTo(sums[row] - scores[row], within(1e-3 * scale));
                }
            }
        }
    }

    private static void addRows(double[] values, double[] sums) {
        for (int i = 0; i < values.length; i++) {
            sums[i / (values.length / sums.length)] += values[i];
        }
    }
}
