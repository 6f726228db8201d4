// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.text.Tokens;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Texts cut by a tokenizer that is written here: WordPiece, with class and separator tokens around one text or two. */
class HuggingFaceTokensTest {
    private static final String WORDPIECE = """
            {"version": "1.0",
             "truncation": {"direction": "Right", "max_length": 9, "strategy": "LongestFirst", "stride": 0},
             "padding": null,
             "added_tokens": [
              {"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true},
              {"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true},
              {"id": 3, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true},
              {"id": 4, "content": "[MASK]", "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true}],
             "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
              "strip_accents": null, "lowercase": true},
             "pre_tokenizer": {"type": "BertPreTokenizer"},
             "post_processor": {"type": "TemplateProcessing",
              "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
              "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
               {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
               {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
              "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]",
               "ids": [3], "tokens": ["[SEP]"]}}},
             "decoder": null,
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": 100,
              "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "caf": 5, "##e": 6, "graph": 7,
               "##s": 8, "a": 9, ".": 10}}}
            """;
    private static HuggingFaceTokenizer tokenizer;

    @BeforeAll
    static void open() throws IOException {
        tokenizer = HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(WORDPIECE.getBytes(StandardCharsets.UTF_8)), Map.of());
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    @Test
    void labels_are_pieces_of_the_text() {
        Tokens tokens = HuggingFaceTokens.encode(tokenizer, "A \ud83d\ude00 Caf\u00e9 graphs.");
        assertThat(tokens.labels(0))
                .containsExactly("[CLS]", "A", "\ud83d\ude00", "Caf", "##\u00e9", "graph", "##s", ".", "[SEP]");
        // The face is one code point and two chars.
        assertThat(tokens.of(0).get(3)).isEqualTo(new Tokens.Token(5, 0, false, "Caf", 5, 8));
        assertThat(tokens.specialIds()).containsExactly(2, 3);
        assertThat(tokens.of(0).get(2).id()).isEqualTo(1);
    }

    @Test
    void several_texts_are_padded_and_long_ones_cut() {
        Tokens tokens = HuggingFaceTokens.encode(tokenizer, "a a a a a a a a a a a", "graph");
        try (TensorScope scope = TensorScope.open()) {
            assertThat(tokens.width()).isEqualTo(9);
            assertThat(tokens.isTruncated(0)).isTrue();
            assertThat(tokens.isTruncated(1)).isFalse();
            assertThat(tokens.ids(Tensors.ofJava()).toLongArray())
                    .containsExactly(2, 9, 9, 9, 9, 9, 9, 9, 3, 2, 7, 3, 0, 0, 0, 0, 0, 0);
            assertThat(tokens.attentionMask(Tensors.ofJava()).toLongArray()).endsWith(1, 1, 1, 0, 0, 0, 0, 0, 0);
        }
    }

    @Test
    void pairs_have_types_and_pieces_of_their_own_texts() {
        Tokens tokens = HuggingFaceTokens.encodePair(tokenizer, "a", "Graphs");
        assertThat(tokens.labels(0)).containsExactly("[CLS]", "a", "[SEP]", "Graph", "##s", "[SEP]");
        assertThat(tokens.of(0).stream().mapToLong(Tokens.Token::type)).containsExactly(0L, 0L, 0L, 1L, 1L, 1L);
    }

    @Test
    void tokens_by_name() {
        assertThat(HuggingFaceTokens.id(tokenizer, "[MASK]")).hasValue(4);
        assertThat(HuggingFaceTokens.id(tokenizer, "graph")).hasValue(7);
        assertThat(HuggingFaceTokens.id(tokenizer, "graphs")).isEmpty();
        assertThat(HuggingFaceTokens.id(tokenizer, "<mask>")).isEmpty();
    }
}
