// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.text;

import io.github.attribution4j.model.FeatureNames.Span;
import io.github.attribution4j.text.Tokens.Token;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Finds the words and sentences of tokenized texts, by the rules of {@link BreakIterator}. The text is put together
 * from the tokens' labels and places. A special token is a span of its own; so is one without a place in the text.
 */
final class TextSpans {
    private static final int LONGEST_NAME = 40;

    private TextSpans() {}

    static List<Span> words(List<Token> text) {
        return of(text, BreakIterator.getWordInstance(Locale.ROOT));
    }

    static List<Span> sentences(List<Token> text) {
        return of(text, BreakIterator.getSentenceInstance(Locale.ROOT));
    }

    private static List<Span> of(List<Token> text, BreakIterator boundaries) {
        List<Span> spans = new ArrayList<>();
        int from = 0;
        while (from < text.size()) {
            int to = from + 1;
            if (isPlaced(text.get(from))) {
                while (to < text.size() && continues(text.get(to - 1), text.get(to))) {
                    to++;
                }
                add(text.subList(from, to), boundaries, spans);
            } else {
                spans.add(new Span(shown(text.get(from).label()), 1));
            }
            from = to;
        }
        return spans;
    }

    private static boolean isPlaced(Token token) {
        return !token.special() && token.end() > token.start();
    }

    /** Returns whether a token comes from the same text as the one before: places count anew in the text of a pair. */
    private static boolean continues(Token before, Token token) {
        return isPlaced(token) && token.type() == before.type() && token.start() >= before.start();
    }

    private static void add(List<Token> run, BreakIterator boundaries, List<Span> spans) {
        String whole = whole(run);
        boundaries.setText(whole);
        int from = 0;
        int current = start(run.get(0), whole, boundaries);
        for (int i = 1; i <= run.size(); i++) {
            int next = i == run.size() ? -1 : start(run.get(i), whole, boundaries);
            if (next != current) {
                String name =
                        whole.substring(run.get(from).start(), run.get(i - 1).end());
                spans.add(new Span(shown(name), i - from));
                from = i;
                current = next;
            }
        }
    }

    private static String whole(List<Token> run) {
        int length = run.stream().mapToInt(Token::end).max().orElse(0);
        char[] whole = new char[length];
        Arrays.fill(whole, ' ');
        for (Token token : run) {
            int size = token.end() - token.start();
            int more = token.label().length() - size;
            for (int i = 0; i < size; i++) {
                // A label may have a mark in front, such as ##; one that is shorter is not the piece of text.
                whole[token.start() + i] = more < 0 ? '?' : token.label().charAt(more + i);
            }
        }
        return new String(whole);
    }

    /** Returns where the word or sentence of a token begins; spaces in front of the token do not belong to it. */
    private static int start(Token token, String whole, BreakIterator boundaries) {
        int at = token.start();
        while (at < token.end() - 1 && Character.isWhitespace(whole.charAt(at))) {
            at++;
        }
        return boundaries.isBoundary(at) ? at : boundaries.preceding(at);
    }

    private static String shown(String text) {
        String one = text.strip().replaceAll("\\s+", " ");
        return one.isEmpty() ? "·" : one.length() <= LONGEST_NAME ? one : one.substring(0, LONGEST_NAME - 1) + "…";
    }
}
