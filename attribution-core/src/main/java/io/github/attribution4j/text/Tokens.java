// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.text;

import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * Texts as a tokenizer split them: the ids for the model, and the labels that people read. Texts of a batch are padded
 * at their end to the longest. Immutable; each call makes new tensors, of type int64 and shape {@code (texts, tokens)}.
 */
public final class Tokens {
    /**
     * One token.
     *
     * @param id in the vocabulary
     * @param type of the segment, 0 for the first text of a pair
     * @param special whether the tokenizer added it, as it does class and separator tokens
     * @param label the shown text, mostly the piece of text that it came from
     * @param start where the piece begins in the text, in {@code char}s; 0 for special tokens
     * @param end where the piece ends
     */
    public record Token(long id, long type, boolean special, String label, int start, int end) {}

    private final List<List<Token>> texts;
    private final long padding;
    private final Set<Integer> truncated;
    private final int width;

    private Tokens(List<List<Token>> texts, long padding, Set<Integer> truncated) {
        this.texts = texts.stream().map(List::copyOf).toList();
        this.padding = padding;
        this.truncated = Set.copyOf(truncated);
        this.width = texts.stream().mapToInt(List::size).max().orElse(0);
    }

    /**
     * Returns tokenized texts.
     *
     * @param texts at least one, each of at least one token
     * @param padding id of the padding token; where all texts are equally long, it is not used
     */
    public static Tokens of(List<List<Token>> texts, long padding) {
        return of(texts, padding, Set.of());
    }

    /**
     * Returns tokenized texts, of which some are longer than the tokenizer lets through.
     *
     * @param texts at least one, each of at least one token
     * @param padding id of the padding token
     * @param truncated numbers of the texts whose end is missing
     */
    public static Tokens of(List<List<Token>> texts, long padding, Set<Integer> truncated) {
        if (texts.isEmpty()) {
            throw new IllegalArgumentException("texts: none given; give at least one");
        }
        for (int i = 0; i < texts.size(); i++) {
            if (texts.get(i).isEmpty()) {
                throw new IllegalArgumentException("text " + i + " has no tokens; leave it out");
            }
        }
        return new Tokens(texts, padding, truncated);
    }

    /** Returns the number of texts. */
    public int texts() {
        return texts.size();
    }

    /** Returns the number of tokens of the longest text, to which the others are padded. */
    public int width() {
        return width;
    }

    /** Returns the tokens of a text, without padding. */
    public List<Token> of(int text) {
        return texts.get(text);
    }

    /** Returns whether the end of a text is missing, because the tokenizer cuts longer ones. */
    public boolean isTruncated(int text) {
        return truncated.contains(text);
    }

    /** Returns the id that texts are padded with. */
    public long padding() {
        return padding;
    }

    /** Returns the label of each token of a text, without padding. */
    public String[] labels(int text) {
        return texts.get(text).stream().map(Token::label).toArray(String[]::new);
    }

    /**
     * Returns the names of each text's tokens: their labels, with {@code ·} for a blank one; and their spans, {@code
     * words} and {@code sentences}, by the rules of {@link java.text.BreakIterator}.
     */
    public FeatureNames names() {
        List<List<String>> labels = new ArrayList<>();
        for (List<Token> text : texts) {
            labels.add(text.stream()
                    .map(token -> token.label().isBlank() ? "·" : token.label())
                    .toList());
        }
        return FeatureNames.none()
                .alongEach(1, labels)
                .spans("words", 1, texts.stream().map(TextSpans::words).toList())
                .spans("sentences", 1, texts.stream().map(TextSpans::sentences).toList());
    }

    /** Returns the ids of the special tokens in these texts, each once: those that a baseline should keep. */
    public long[] specialIds() {
        return texts.stream()
                .flatMap(List::stream)
                .filter(Token::special)
                .mapToLong(Token::id)
                .distinct()
                .toArray();
    }

    /** Returns token ids. */
    public Tensor ids(Tensors tensors) {
        return tensor(tensors, Token::id, padding);
    }

    /** Returns 1 for tokens, 0 for padding. */
    public Tensor attentionMask(Tensors tensors) {
        return tensor(tensors, token -> 1, 0);
    }

    /** Returns the type of each token's segment; 0 for padding. */
    public Tensor typeIds(Tensors tensors) {
        return tensor(tensors, Token::type, 0);
    }

    /** Returns 0, 1, 2, ... along each text. */
    public Tensor positions(Tensors tensors) {
        long[] values = new long[texts.size() * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % width;
        }
        return tensors.of(values, Shape.of(texts.size(), width));
    }

    private Tensor tensor(Tensors tensors, ToLongFunction<Token> of, long forPadding) {
        long[] values = new long[texts.size() * width];
        for (int text = 0; text < texts.size(); text++) {
            List<Token> tokens = texts.get(text);
            for (int i = 0; i < width; i++) {
                values[text * width + i] = i < tokens.size() ? of.applyAsLong(tokens.get(i)) : forPadding;
            }
        }
        return tensors.of(values, Shape.of(texts.size(), width));
    }

    /**
     * Returns a model's inputs: ids attributed, all others fixed. The name of a parameter decides what it gets: {@code
     * ...mask} the attention mask, {@code ...type...} or {@code ...segment...} the types, {@code ...position...} the
     * positions, anything with {@code ids}, {@code token}, {@code input} or {@code text} in it the ids.
     *
     * @param tensors the model's tensors
     * @param parameters names of the model's parameters, in order
     * @throws IllegalArgumentException if a name matches none of these, or there are no ids
     */
    public Inputs inputs(Tensors tensors, List<String> parameters) {
        Inputs inputs = Inputs.none();
        List<String> ids = new ArrayList<>();
        for (String parameter : parameters) {
            String name = parameter.toLowerCase(Locale.ROOT);
            if (name.contains("mask")) {
                inputs = inputs.fixed(parameter, attentionMask(tensors));
            } else if (name.contains("type") || name.contains("segment")) {
                inputs = inputs.fixed(parameter, typeIds(tensors));
            } else if (name.contains("position")) {
                inputs = inputs.fixed(parameter, positions(tensors));
            } else if (name.matches(".*(ids|token|input|text).*")) {
                inputs = inputs.attribute(parameter, ids(tensors)).named(parameter, names());
                ids.add(parameter);
            } else {
                throw new IllegalArgumentException(
                        "parameter '" + parameter + "': its name does not say whether it takes "
                                + "ids, mask, types or positions of tokens; make the inputs with Inputs.none()");
            }
        }
        if (ids.size() != 1) {
            throw new IllegalArgumentException("parameters " + parameters + ": "
                    + (ids.isEmpty() ? "none" : ids.size() + " of them (" + String.join(", ", ids) + ")")
                    + " would take the ids of the text, and one should; make the inputs with Inputs.none()");
        }
        return inputs;
    }

    @Override
    public String toString() {
        return "Tokens[" + texts.size() + " texts of " + width + " tokens]";
    }
}
