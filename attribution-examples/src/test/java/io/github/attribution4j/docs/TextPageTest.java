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
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.text.TokenAttribution;
import io.github.attribution4j.text.Tokens;
import io.github.attribution4j.visual.TokenText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TextPageTest {
    private static final String SENTENCE = "Draw the edges of the graph as lines on the axes.";
    private TorchScriptModel model;
    private HuggingFaceTokenizer tokenizer;
    private TensorScope scope;
    private Tokens tokens;
    private Inputs inputs;
    private Baseline masked;

    @BeforeEach
    void load() throws IOException {
        model = TorchScriptModel.load(Demo.FILES.resolve("topics.pt"));
        tokenizer = HuggingFaceTokenizer.newInstance(Demo.FILES.resolve("tokenizer.json"));
        scope = TensorScope.open();
        tokens = HuggingFaceTokens.encode(tokenizer, SENTENCE);
        inputs = tokens.inputs(model.tensors(), model.parameterNames());
        masked = Baseline.token(4).keeping(tokens.specialIds());
    }

    @AfterEach
    void close() {
        scope.close();
        tokenizer.close();
        model.close();
    }

    @Test
    void one_call() throws IOException {
        Path folder = Demo.FILES;
        // tag::one-call
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(folder.resolve("tokenizer.json"));
                TorchScriptModel model = TorchScriptModel.load(folder.resolve("topics.pt"));
                TensorScope scope = TensorScope.open()) {
            Tokens tokens = HuggingFaceTokens.encode(tokenizer, "Draw the edges of the graph as lines on the axes.");
            Inputs inputs = tokens.inputs(model.tensors(), model.parameterNames());
            long mask = HuggingFaceTokens.id(tokenizer, "[MASK]").orElseThrow();
            Baseline masked = Baseline.token(mask).keeping(tokens.specialIds());
            Attribution<LayeredModel> method =
                    TokenAttribution.of(new IntegratedGradients().baseline(masked.throughHead()));
            try (Explanation why = method.attribute(model, inputs, Target.index(0))) { // 0: charts
                String[] words = tokens.labels(0); // [CLS], Draw, the, edges, ...
                float[] adds = why.attribution().toFloatArray(); // shape (1, tokens)
                show(words, adds, why.completenessGap()[0]);
            }
        }
        // end::one-call
    }

    private static void show(String[] words, float[] adds, double missing) {
        assertThat(words).hasSize(adds.length);
        assertThat(missing).isBetween(-1e-3, 1e-3);
    }

    @Test
    void lookups() {
        StringBuilder list = new StringBuilder();
        // tag::lookups
        for (TokenAttribution.Lookup lookup : TokenAttribution.lookups(model, inputs)) {
            list.append(lookup.point()) // word_embeddings, position_embeddings
                    .append(" looks up ")
                    .append(lookup.input().orElse("ids made inside"))
                    .append("\n");
        }
        // end::lookups
        assertThat(list.toString())
                .isEqualTo("word_embeddings looks up input_ids\nposition_embeddings looks up ids made inside\n");
    }

    @Test
    void by_hand() {
        long[] twoTexts = {2, 92, 3, 2, 19, 3};
        // tag::by-hand
        Tensor ids = model.tensors().of(twoTexts, 2, 3); // int64, one text a row
        Tensor there = model.tensors().of(new long[] {1, 1, 1, 1, 1, 1}, 2, 3);
        Inputs inputs = Inputs.none().attribute("input_ids", ids).fixed("attention_mask", there);
        // end::by-hand
        try (Explanation why =
                TokenAttribution.of(new IntegratedGradients()).attribute(model, inputs, Target.index(0))) {
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(2, 3));
        }
    }

    @Test
    void references() {
        Tensor otherIds = inputs.tensor(0);
        // tag::references
        Baseline padding = Baseline.token(0).keeping(2, 3); // [PAD], but for [CLS] and [SEP]
        Baseline another = Baseline.of(otherIds); // any text of the same length
        Baseline zeroVectors = Baseline.zeros(); // at the embedding: no lift
        List<Baseline> atEmbedding = List.of(padding.throughHead(), another.throughHead(), zeroVectors);
        // end::references
        for (Baseline baseline : atEmbedding) {
            TokenAttribution<LayeredModel> method = TokenAttribution.of(
                    new IntegratedGradients().baseline(baseline).steps(5));
            method.attribute(model, inputs, Target.index(0)).close();
        }
    }

    @Test
    void without_gradients() {
        // tag::without-gradients
        ShapleySampling shapley = new ShapleySampling().baseline(masked).samples(20);
        try (Explanation why = TokenAttribution.of(shapley).attribute(model, inputs, Target.index(0))) {
            Tensor adds = why.attribution(); // shape (1, tokens)
            Tensor uncertain = why.standardError();
            assertThat(adds.shape()).isEqualTo(uncertain.shape());
        }
        // end::without-gradients
    }

    @Test
    void words() {
        // tag::words
        ShapleySampling shapley = new ShapleySampling().baseline(masked).mask(FeatureMask.words());
        Explanation why = shapley.attribute(model, inputs, Target.index(0));
        Map<String, Double> adds = why.asMap(0); // [CLS], Draw, the, edges, ... each word once
        // end::words
        try (why) {
            assertThat(adds).containsKeys("[CLS]", "Draw", "the", "edges", "axes", ".", "[SEP]");
            assertThat(adds.size()).isLessThanOrEqualTo(tokens.width());
        }
        try (Explanation sentence = new FeatureAblation()
                .baseline(masked)
                .mask(FeatureMask.sentences())
                .attribute(model, inputs, Target.index(0))) {
            assertThat(sentence.asMap(0)).hasSize(3);
        }
    }

    @Test
    void every_embedding() {
        IntegratedGradients method = new IntegratedGradients().steps(5);
        // tag::every-embedding
        TokenAttribution<LayeredModel> words = TokenAttribution.of(method); // what the words' vectors add
        TokenAttribution<LayeredModel> apart = words.everyEmbedding().byEmbedding(); // and those of positions and types
        TokenAttribution<LayeredModel> sum = words.everyEmbedding().together(); // one number for each token
        TokenAttribution<LayeredModel> whole =
                TokenAttribution.of(method).at("norm"); // or any module, summed to tokens
        TokenAttribution<LayeredModel> size = words.reduction(TokenAttribution.Reduction.NORM); // magnitude, no sign
        // end::every-embedding
        for (TokenAttribution<LayeredModel> one : List.of(words, apart, sum, whole, size)) {
            try (Explanation why = one.attribute(model, inputs, Target.index(0))) {
                assertThat(why.attributions().get(0).shape()).isEqualTo(Shape.of(1, tokens.width()));
            }
        }
    }

    @Test
    void relevance() {
        // tag::relevance
        TokenAttribution<RuledModel> relevance = TokenAttribution.of(new Lrp(Composites.attnLrp()));
        Explanation words = relevance.attribute(model, inputs, Target.index(0));
        Explanation whole = relevance.everyEmbedding().together().attribute(model, inputs, Target.index(0));
        double[] kept = whole.completenessGap(); // what biases and the softmax kept
        // end::relevance
        assertThat(words.attribution().shape()).isEqualTo(Shape.of(1, tokens.width()));
        assertThat(whole.attribution().sum(1).toDoubleArray()[0] - whole.scores()[0])
                .isCloseTo(kept[0], within(1e-3 * Math.abs(whole.scores()[0])));
        words.close();
        whole.close();
    }

    @Test
    void picture() {
        try (Explanation why =
                TokenAttribution.of(new IntegratedGradients()).attribute(model, inputs, Target.index(0))) {
            // tag::picture
            TokenText text = TokenText.of(why, 0, tokens.labels(0));
            String page = text.picture().toHtml(); // also PNG and SVG
            String terminal = text.toAnsi();
            // end::picture
            assertThat(page).contains("edges");
            assertThat(terminal).contains("edges");
        }
    }
}
