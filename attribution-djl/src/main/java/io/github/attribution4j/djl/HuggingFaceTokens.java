// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import io.github.attribution4j.text.Tokens;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tokenizes texts with DJL's binding of the Hugging Face tokenizers. Needs {@code ai.djl.huggingface:tokenizers} on the
 * class path, which is not a dependency of this module. The tokenizer is a local {@code tokenizer.json}; nothing is
 * downloaded.
 *
 * <pre>{@code
 * try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(Path.of("tokenizer.json"))) {
 *     Tokens tokens = HuggingFaceTokens.encode(tokenizer, "Nothing is silently wrong.");
 *     long mask = HuggingFaceTokens.id(tokenizer, "[MASK]").orElseThrow();
 * }
 * }</pre>
 *
 * <p>A token's label is its piece of the text, with the tokenizer's {@code ##} before a piece that continues a word;
 * the label of a special token is its name. The tokenizer's padding is not used: {@link Tokens} pads at the end.
 */
public final class HuggingFaceTokens {
    private static final String CONTINUED = "##";
    private static final List<String> PADDING = List.of("[PAD]", "<pad>", "<|pad|>", "<|endoftext|>", "</s>");

    private HuggingFaceTokens() {}

    /**
     * Tokenizes texts, with the special tokens and the truncation of the tokenizer.
     *
     * @param tokenizer not closed
     * @param texts at least one
     */
    public static Tokens encode(HuggingFaceTokenizer tokenizer, String... texts) {
        List<List<Tokens.Token>> encoded = new ArrayList<>();
        Set<Integer> truncated = new HashSet<>();
        for (String text : texts) {
            Encoding encoding = tokenizer.encode(text);
            if (encoding.exceedMaxLength()) {
                truncated.add(encoded.size());
            }
            encoded.add(tokens(encoding, text, ""));
        }
        return Tokens.of(encoded, padding(tokenizer), truncated);
    }

    /**
     * Tokenizes a pair of texts, such as a question and a passage, as one text of the model.
     *
     * @param tokenizer not closed
     */
    public static Tokens encodePair(HuggingFaceTokenizer tokenizer, String first, String second) {
        Encoding encoding = tokenizer.encode(first, second);
        Set<Integer> truncated = encoding.exceedMaxLength() ? Set.of(0) : Set.of();
        return Tokens.of(List.of(tokens(encoding, first, second)), padding(tokenizer), truncated);
    }

    /**
     * Returns the id of a token.
     *
     * @param tokenizer not closed
     * @param token its name, such as {@code [MASK]}
     * @return empty if it is not one token of the tokenizer
     */
    public static OptionalLong id(HuggingFaceTokenizer tokenizer, String token) {
        Encoding encoding = tokenizer.encode(token, false, false);
        boolean one = encoding.getIds().length == 1 && encoding.getTokens()[0].equals(token);
        return one ? OptionalLong.of(encoding.getIds()[0]) : OptionalLong.empty();
    }

    private static long padding(HuggingFaceTokenizer tokenizer) {
        return PADDING.stream()
                .map(name -> id(tokenizer, name))
                .filter(OptionalLong::isPresent)
                .mapToLong(OptionalLong::getAsLong)
                .findFirst()
                .orElse(0);
    }

    private static List<Tokens.Token> tokens(Encoding encoding, String first, String second) {
        List<Tokens.Token> tokens = new ArrayList<>();
        for (int i = 0; i < encoding.getIds().length; i++) {
            if (encoding.getAttentionMask()[i] == 0) {
                continue;
            }
            boolean special = encoding.getSpecialTokenMask()[i] != 0;
            String text = encoding.getSequenceIds()[i] == 1 ? second : first;
            @Nullable CharSpan span = special ? null : encoding.getCharTokenSpans()[i];
            // The tokenizer counts code points.
            int start = span == null ? 0 : text.offsetByCodePoints(0, span.getStart());
            int end = span == null ? 0 : text.offsetByCodePoints(0, span.getEnd());
            tokens.add(new Tokens.Token(
                    encoding.getIds()[i],
                    encoding.getTypeIds()[i],
                    special,
                    label(encoding.getTokens()[i], text.substring(start, end)),
                    start,
                    end));
        }
        return tokens;
    }

    private static String label(String token, String piece) {
        if (piece.isBlank()) {
            return token;
        }
        return token.startsWith(CONTINUED) && !piece.startsWith(CONTINUED) ? CONTINUED + piece : piece.strip();
    }
}
