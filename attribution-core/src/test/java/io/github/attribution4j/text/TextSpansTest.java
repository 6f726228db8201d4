// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.FeatureNames.Span;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.text.Tokens.Token;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TextSpansTest {
    private static final Token START = new Token(1, 0, true, "[CLS]", 0, 0);
    private static final Token END = new Token(2, 0, true, "[SEP]", 0, 0);

    /** Returns the tokens of a text, whose pieces are separated by | and continue a word where they begin with ##. */
    private static List<Token> tokens(String text, String pieces, long type) {
        List<Token> tokens = new ArrayList<>();
        int from = 0;
        for (String label : pieces.split("\\|", -1)) {
            String piece = label.startsWith("##") ? label.substring(2) : label;
            int start = text.indexOf(piece, from);
            tokens.add(new Token(10 + tokens.size(), type, false, label, start, start + piece.length()));
            from = start + piece.length();
        }
        return tokens;
    }

    private static List<Token> join(List<?>... parts) {
        List<Token> all = new ArrayList<>();
        for (List<?> part : parts) {
            part.forEach(token -> all.add((Token) token));
        }
        return all;
    }

    @Test
    @DisplayName("Pieces make words, and marks are words of their own")
    void words() {
        String text = "Play don't replaying, at 3.5 m.";
        List<Token> tokens =
                join(List.of(START), tokens(text, "Play|don|'|t|re|##play|##ing|,|at|3|.|5|m|.", 0), List.of(END));
        assertThat(TextSpans.words(tokens))
                .containsExactly(
                        new Span("[CLS]", 1),
                        new Span("Play", 1),
                        new Span("don't", 3),
                        new Span("replaying", 3),
                        new Span(",", 1),
                        new Span("at", 1),
                        new Span("3.5", 3),
                        new Span("m", 1),
                        new Span(".", 1),
                        new Span("[SEP]", 1));
    }

    @Test
    @DisplayName("Sentences end where the rules of Unicode say so, and long ones have short names")
    void sentences() {
        String text = "It works. Does it? The value is 3.5 and more of the same follows until the end";
        List<Token> tokens =
                tokens(text, "It|works|.|Does|it|?|The|value|is|3|.|5|and|more|of|the|same|follows|until|the|end", 0);
        assertThat(TextSpans.sentences(tokens))
                .containsExactly(
                        new Span("It works.", 3),
                        new Span("Does it?", 3),
                        new Span("The value is 3.5 and more of the same f…", 15));
    }

    @Test
    @DisplayName("Both texts of a pair, tokens with their space in front, pieces of one character and odd labels")
    void pairsAndOddTokens() {
        List<Token> pair = join(tokens("a b", "a|b", 0), tokens("abc d", "abc|d", 1));
        assertThat(TextSpans.sentences(pair)).containsExactly(new Span("a b", 2), new Span("abc d", 2));
        List<Token> spaced = List.of(
                new Token(1, 0, false, "Hello", 0, 5),
                new Token(2, 0, false, " wor", 5, 9),
                new Token(3, 0, false, "ld", 9, 11),
                new Token(4, 0, false, "Ġ😀", 11, 14),
                new Token(5, 0, false, "�", 11, 14),
                new Token(6, 0, false, "lost", 0, 0));
        assertThat(TextSpans.words(spaced)).extracting(Span::length).containsExactly(1, 2, 2, 1);
        assertThat(TextSpans.words(spaced)).extracting(Span::name).startsWith("Hello", "world");
    }

    @Test
    @DisplayName("Words are groups whose names travel into the explanation of each text and its JSON")
    void groups() {
        try (TensorScope scope = TensorScope.open()) {
            Tokens tokens = Tokens.of(
                    List.of(tokens("we replay it", "we|re|##play|it", 0), tokens("Stop. Go", "Stop|.|Go", 0)), 0);
            Tensors tensors = Tensors.ofJava();
            Inputs inputs =
                    Inputs.none().attribute("input_ids", tokens.ids(tensors)).named("input_ids", tokens.names());
            Model model = Model.ofTensors(
                    tensors, all -> all.get(0).to(DataType.FLOAT64).sum(1));
            try (Explanation why =
                            new FeatureAblation().mask(FeatureMask.words()).attribute(model, inputs);
                    Explanation read = Explanation.fromJson(why.toJson())) {
                for (Explanation one : List.of(why, read)) {
                    assertThat(one.asMap(0).keySet()).containsExactly("we", "replay", "it");
                    assertThat(one.features(0).contributions()).containsExactly(10, 11 + 12, 13);
                    assertThat(one.asMap(1).keySet()).containsExactly("Stop", ".", "Go", "padding");
                    assertThat(one.groupNumbers(0, 1)).containsExactly(0, 1, 2, 3);
                }
            }
            FeatureMask sentences = FeatureMask.sentences();
            assertThat(sentences.groups(inputs)).isEqualTo(3);
            assertThat(sentences.groupNumbers(inputs.select(1, 1, 0), 0, 1)).containsExactly(0, 0, 1, 2);
            assertThat(sentences.groupNumbers(inputs.select(1).select(0, 0), 0, 1))
                    .containsExactly(0, 0, 1, 2);
        }
    }
}
