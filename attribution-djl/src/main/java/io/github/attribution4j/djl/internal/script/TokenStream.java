// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.List;
import java.util.Set;

/**
 * The tokens of one text, read from front to back by {@link Parser} and {@link ExpressionParser}. It also counts how
 * deep the parsers are nested, and makes their exceptions.
 */
final class TokenStream {
    /**
     * Far above any real program. libtorch parses and compiles by recursion as well, and needs some 3 KiB of stack for
     * each level.
     */
    private static final int MAX_DEPTH = 120;

    /**
     * The words that libtorch's lexer reserves; none can be a name. libtorch accepts other reserved words of Python,
     * such as {@code from}, as names.
     */
    private static final Set<String> RESERVED = Set.of(
            "False",
            "None",
            "True",
            "and",
            "as",
            "assert",
            "break",
            "class",
            "continue",
            "def",
            "del",
            "elif",
            "else",
            "for",
            "global",
            "if",
            "import",
            "in",
            "is",
            "not",
            "or",
            "pass",
            "raise",
            "return",
            "while",
            "with");

    private final String file;
    private final List<Token> tokens;
    private int at;
    private int depth;

    TokenStream(String file, String text) {
        this.file = file;
        this.tokens = new Lexer(file, text).tokens();
    }

    static boolean isReserved(String word) {
        return RESERVED.contains(word);
    }

    /**
     * Skips imports. Before PyTorch 1.4, a file listed the files it needs after its version. libtorch finds those
     * without the list.
     */
    void skipImports() {
        int from = peek().is("op_version_set") ? 4 : 0;
        while (from < tokens.size() && tokens.get(from).is("import")) {
            int to = from;
            while (tokens.get(to).kind() != Token.Kind.NEWLINE) {
                to++;
            }
            tokens.subList(from, to + 1).clear();
        }
    }

    void enter() {
        if (++depth > MAX_DEPTH) {
            throw error(peek(), "nested more than " + MAX_DEPTH + " deep");
        }
    }

    void leave() {
        depth--;
    }

    int depth() {
        return depth;
    }

    /** Returns to a depth from before. */
    void leaveTo(int outer) {
        depth = outer;
    }

    Token peek() {
        return tokens.get(at);
    }

    /** Returns the token after the next. */
    Token second() {
        return tokens.get(at + 1);
    }

    Token previous() {
        return tokens.get(Math.max(0, at - 1));
    }

    Token next() {
        Token token = tokens.get(at);
        if (token.kind() != Token.Kind.END) {
            at++;
        }
        return token;
    }

    /** Goes back by one token. */
    void back() {
        at--;
    }

    boolean accept(String symbol) {
        if (peek().is(symbol)) {
            at++;
            return true;
        }
        return false;
    }

    void expect(String symbol) {
        if (!accept(symbol)) {
            throw unexpected("'" + symbol + "'");
        }
    }

    void expect(Token.Kind kind) {
        if (peek().kind() != kind) {
            throw unexpected(new Token(kind, "", 0).shown());
        }
        next();
    }

    String name() {
        Token token = peek();
        if (token.kind() != Token.Kind.NAME) {
            throw unexpected("a name");
        }
        if (RESERVED.contains(token.text())) {
            throw error(
                    token,
                    "'" + token.text() + "' is a reserved word of libtorch's own language and cannot be a name; "
                            + "rename what has this name and export the model again");
        }
        at++;
        return token.text();
    }

    ScriptException unexpected(String wanted) {
        return error(peek(), "expected " + wanted + ", found " + peek().shown());
    }

    ScriptException error(Token token, String problem) {
        return new ScriptException(file, token.line(), problem);
    }
}
