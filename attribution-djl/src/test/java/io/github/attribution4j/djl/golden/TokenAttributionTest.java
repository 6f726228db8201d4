// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.text.TokenAttribution;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One number for each token, from archives. */
@ExtendWith(LeakExtension.class)
class TokenAttributionTest {
    private static final Baseline.Token PADDING = Baseline.token(0).keeping(1, 2);
    private static final IntegratedGradients METHOD =
            new IntegratedGradients().steps(40).baseline(PADDING.throughHead());
    private static final Target TARGET = Target.indexes(1, 2, 0);

    private static void with(String archive, BiConsumer<TorchScriptModel, Inputs> test, String... attributed) {
        String name = archive.substring(0, archive.indexOf('.'));
        try (TorchScriptModel model = TorchScriptModel.load(GoldenData.text().resolve(archive), TorchGolden.options());
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(GoldenData.text().resolve("arrays.npz"), model.tensors());
            Inputs inputs = Inputs.none();
            for (String input : model.parameterNames()) {
                boolean explained = Arrays.asList(attributed).contains(input);
                inputs = inputs.with(new Inputs.Input(
                        input, arrays.get(name + "." + input), explained ? Inputs.Role.ATTRIBUTED : Inputs.Role.FIXED));
            }
            test.accept(model, inputs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> found(TorchScriptModel model, Inputs inputs) {
        return TokenAttribution.lookups(model, inputs).stream()
                .map(lookup -> lookup.point() + " " + lookup.shape() + " "
                        + lookup.input().orElse("-"))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bert.scripted.pt", "bert.traced.pt"})
    void lookups_of_words_types_and_positions(String archive) {
        with(
                archive,
                (model, inputs) -> assertThat(found(model, inputs))
                        .containsExactly(
                                "bert.embeddings.word_embeddings (1, 11, 12) input_ids",
                                "bert.embeddings.position_embeddings (1, 11, 12) -",
                                "bert.embeddings.token_type_embeddings (1, 11, 12) token_type_ids"),
                "input_ids");
    }

    @Test
    void lookups_of_an_export_by_transformers() {
        with(
                "bert-transformers.traced.pt",
                (model, inputs) -> assertThat(found(model, inputs))
                        .containsExactly(
                                "model.bert.embeddings.word_embeddings (1, 11, 12) input_ids",
                                "model.bert.embeddings.position_embeddings (1, 11, 12) position_ids",
                                "model.bert.embeddings.token_type_embeddings (1, 11, 12) token_type_ids"),
                "input_ids");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pair.scripted.pt", "pair.traced.pt"})
    void each_call_of_one_embedding_is_a_lookup(String archive) {
        with(
                archive,
                (model, inputs) -> assertThat(found(model, inputs))
                        .contains(
                                "embedding (1, 7, 6) question",
                                "embedding#1 (1, 5, 6) answer",
                                "position (1, 7, 6) -",
                                "position#1 (1, 5, 6) -")
                        .hasSize(4),
                "question",
                "answer");
    }

    @ParameterizedTest
    @ValueSource(strings = {"relative.scripted.pt", "relative.traced.pt"})
    void distances_and_rotary_positions_are_no_lookups(String archive) {
        with(
                archive,
                (model, inputs) -> {
                    assertThat(model.cutPoints()).extracting("kind").contains("RotaryEmbedding");
                    assertThat(found(model, inputs)).containsExactly("embedding (1, 6, 6) ids");
                },
                "ids");
    }

    @Test
    void two_texts_have_numbers_of_their_own() {
        with(
                "pair.scripted.pt",
                (model, inputs) -> {
                    try (Explanation why = TokenAttribution.of(METHOD).attribute(model, inputs, Target.index(0))) {
                        assertThat(why.names()).containsExactly("question", "answer");
                        assertThat(why.attributions().get(0).shape()).isEqualTo(Shape.of(3, 7));
                        assertThat(why.attributions().get(1).shape()).isEqualTo(Shape.of(3, 5));
                    }
                    assertThatThrownBy(() ->
                                    TokenAttribution.of(METHOD).together().attribute(model, inputs, Target.index(0)))
                            .isInstanceOf(UnsupportedModelException.class)
                            .hasMessageContaining("(3, 7) and (3, 5); take them apart with byEmbedding()");
                },
                "question",
                "answer");
    }

    @Test
    void tokens_add_up_to_the_score_and_padding_gets_nothing() {
        with(
                "bert.scripted.pt",
                (model, inputs) -> {
                    try (Explanation why = TokenAttribution.of(METHOD).attribute(model, inputs, TARGET)) {
                        assertThat(why.names()).containsExactly("input_ids");
                        Tensor tokens = why.attribution();
                        assertThat(tokens.shape()).isEqualTo(Shape.of(3, 11));
                        double[] sums = tokens.sum(1).toDoubleArray();
                        double[] baseline = why.baselineScores().orElseThrow();
                        long[] ids = inputs.tensor(0).toLongArray();
                        double[] values = tokens.toDoubleArray();
                        for (int i = 0; i < sums.length; i++) {
                            assertThat(sums[i]).isCloseTo(why.scores()[i] - baseline[i], within(1e-3));
                            assertThat(why.completenessGap()[i])
                                    .isCloseTo(sums[i] - why.scores()[i] + baseline[i], within(1e-6));
                        }
                        for (int i = 0; i < ids.length; i++) {
                            if (ids[i] <= 2) {
                                assertThat(values[i]).as("token " + i).isZero();
                            } else {
                                assertThat(Math.abs(values[i])).as("token " + i).isGreaterThan(1e-6);
                            }
                        }
                        assertThat(why.provenance().method()).isEqualTo("integrated-gradients by token");
                        assertThat(why.provenance().settings())
                                .containsEntry("embeddings", "of inputs")
                                .containsEntry("reduction", "sum")
                                .containsEntry("baseline", "token 0 keeping [1, 2] through head");
                        assertThat(why.provenance().inputs().get(0).name()).isEqualTo("input_ids");
                        assertThat(why.counts().backwardRows()).isEqualTo(3 * 40);
                    }
                },
                "input_ids");
    }

    @Test
    void masked_positions_have_no_influence_even_where_the_reference_differs() {
        with(
                "bert.scripted.pt",
                (model, inputs) -> {
                    Attribution<LayeredModel> method = TokenAttribution.of(new IntegratedGradients()
                            .steps(5)
                            .baseline(Baseline.token(3).throughHead()));
                    try (Explanation why = method.attribute(model, inputs, TARGET)) {
                        long[] mask = inputs.tensor(1).toLongArray();
                        double[] values = why.attribution().toDoubleArray();
                        for (int i = 0; i < mask.length; i++) {
                            assertThat(values[i] == 0).as("token " + i).isEqualTo(mask[i] == 0);
                        }
                    }
                },
                "input_ids");
    }

    @Test
    void every_embedding_by_itself_and_together() {
        with(
                "bert.traced.pt",
                (model, inputs) -> {
                    TokenAttribution<LayeredModel> zeros = TokenAttribution.of(new IntegratedGradients().steps(10))
                            .everyEmbedding();
                    try (Explanation apart = zeros.byEmbedding().attribute(model, inputs, TARGET);
                            Explanation mixed = zeros.attribute(model, inputs, TARGET);
                            Explanation sum = zeros.together().attribute(model, inputs, TARGET)) {
                        assertThat(apart.names())
                                .containsExactly(
                                        "bert.embeddings.word_embeddings",
                                        "bert.embeddings.position_embeddings",
                                        "bert.embeddings.token_type_embeddings");
                        assertThat(mixed.names())
                                .containsExactly("input_ids", "bert.embeddings.position_embeddings", "token_type_ids");
                        assertThat(sum.names()).containsExactly("tokens");
                        Tensor added = apart.attributions().get(0);
                        added = added.add(apart.attributions().get(1))
                                .add(apart.attributions().get(2));
                        assertThat(sum.attribution().toDoubleArray())
                                .containsExactly(added.toDoubleArray(), within(1e-5));
                        assertThat(apart.attributions().get(1).shape()).isEqualTo(Shape.of(3, 11));
                    }
                },
                "input_ids");
    }

    @Test
    void norm_has_no_gap_and_no_sign() {
        with(
                "lstm.scripted.pt",
                (model, inputs) -> {
                    TokenAttribution<LayeredModel> method = TokenAttribution.of(METHOD);
                    try (Explanation elements = method.reduction(TokenAttribution.Reduction.NONE)
                                    .attribute(model, inputs, TARGET);
                            Explanation norm = method.reduction(TokenAttribution.Reduction.NORM)
                                    .attribute(model, inputs, TARGET)) {
                        assertThat(elements.attribution().shape()).isEqualTo(Shape.of(3, 9, 8));
                        Tensor squares = elements.attribution().mul(elements.attribution());
                        assertThat(norm.attribution().toDoubleArray())
                                .containsExactly(squares.sum(2).sqrt().toDoubleArray(), within(1e-6));
                        assertThat(elements.hasCompletenessGap()).isTrue();
                        assertThat(norm.hasCompletenessGap()).isFalse();
                    }
                },
                "ids");
    }

    @Test
    void any_method_that_takes_gradients() {
        with(
                "lstm.traced.pt",
                (model, inputs) -> {
                    Attribution<DifferentiableModel> shap =
                            new GradientShap().baseline(PADDING.throughHead()).samples(4);
                    for (Attribution<? super DifferentiableModel> method : List.of(
                            new Saliency(),
                            shap,
                            NoiseTunnel.smoothGrad(new Saliency()).stdev(0.1))) {
                        try (Explanation why = TokenAttribution.of(method).attribute(model, inputs, TARGET)) {
                            assertThat(why.attribution().shape())
                                    .as(method.name())
                                    .isEqualTo(Shape.of(3, 9));
                            assertThat(why.names()).containsExactly("ids");
                        }
                    }
                },
                "ids");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bert.frozen.pt", "bag.scripted.pt", "functional.traced.pt"})
    void methods_that_replace_ids_need_no_embedding(String archive) {
        with(
                archive,
                (model, inputs) -> {
                    Baseline.Token masked = Baseline.token(3).keeping(0, 1, 2);
                    ShapleySampling sampling =
                            new ShapleySampling().baseline(masked).samples(6);
                    FeatureAblation ablation = new FeatureAblation().baseline(masked);
                    try (Explanation shapley = TokenAttribution.of(sampling).attribute(model, inputs, Target.index(1));
                            Explanation ablated =
                                    TokenAttribution.of(ablation).attribute(model, inputs, Target.index(1))) {
                        assertThat(shapley.attribution().shape())
                                .isEqualTo(inputs.attributed().get(0).shape());
                        assertThat(shapley.standardErrors()).hasSize(1);
                        assertThat(shapley.provenance().method()).isEqualTo("shapley-sampling by token");
                        assertThat(shapley.provenance().settings()).doesNotContainKey("embeddings");
                        assertThat(shapley.completenessGap()[0]).isCloseTo(0, within(1e-5));
                        long[] ids = inputs.attributed().get(0).toLongArray();
                        double[] values = ablated.attribution().toDoubleArray();
                        for (int i = 0; i < ids.length; i++) {
                            // Rows of one batch are computed with other roundings than those of another.
                            assertThat(Math.abs(values[i]) < 1e-6).isEqualTo(ids[i] <= 3);
                        }
                    }
                },
                "input_ids",
                "ids");
    }

    @Test
    void refuses_an_embedding_bag_with_the_remedy() {
        with(
                "bag.scripted.pt",
                (model, inputs) -> assertThatThrownBy(
                                () -> TokenAttribution.of(METHOD).attribute(model, inputs, Target.index(0)))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessageContainingAll("input 'ids'", "EmbeddingBag (bag)", "FeatureAblation"),
                "ids");
    }

    @Test
    void refuses_inputs_that_no_embedding_looks_up() {
        with(
                "bert.scripted.pt",
                (model, inputs) -> assertThatThrownBy(
                                () -> TokenAttribution.of(METHOD).attribute(model, inputs, TARGET))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessageContainingAll(
                                "input 'attention_mask': no embedding looks up its ids",
                                "bert.embeddings.word_embeddings (ids of 'input_ids')",
                                "bert.embeddings.position_embeddings (ids made inside)"),
                "input_ids",
                "attention_mask");
    }

    @Test
    void a_gradient_method_on_ids_names_the_embeddings() {
        with(
                "bert.scripted.pt",
                (model, inputs) -> assertThatThrownBy(() -> METHOD.attribute(model, inputs, TARGET))
                        .hasMessageContainingAll(
                                "input 'input_ids' is of type int64, which has no gradient",
                                "TokenAttribution.of(method)",
                                "the model looks up vectors at \"bert.embeddings\"",
                                "\"bert.embeddings.word_embeddings\""),
                "input_ids");
    }

    @Test
    void refuses_inputs_that_are_no_ids() {
        with(
                "lstm.scripted.pt",
                (model, inputs) -> {
                    Inputs floats = Inputs.of(inputs.tensor(0).to(DataType.FLOAT32));
                    assertThatThrownBy(() -> TokenAttribution.of(METHOD).attribute(model, floats, TARGET))
                            .hasMessageContaining("input 'input0' is float32, and tokens are ids");
                },
                "ids");
    }
}
