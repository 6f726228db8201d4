// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Splits source text into tokens; changes of indentation are tokens too. Comments and blank lines are skipped, although
 * the serializer never writes any.
 */
final class Lexer {
    private static final int MAX_INDENTS = 500;

    private final String file;
    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private final Deque<Integer> indents = new ArrayDeque<>();
    private int at;
    private int line = 1;
    private int brackets;

    Lexer(String file, String text) {
        this.file = file;
        this.text = text;
        indents.push(0);
    }

    List<Token> tokens() {
        boolean lineStart = true;
        while (at < text.length()) {
            if (lineStart && brackets == 0) {
                indentation();
                lineStart = false;
                continue;
            }
            char c = text.charAt(at);
            if (c == '\n') {
                at++;
                if (brackets == 0) {
                    endLine();
                    lineStart = true;
                }
                line++;
            } else if (c == ' ' || c == '\t' || c == '\r') {
                at++;
            } else if (c == '#') {
                skipComment();
            } else {
                token(c);
            }
        }
        endLine();
        while (indents.size() > 1) {
            indents.pop();
            add(Token.Kind.DEDENT, "");
        }
        add(Token.Kind.END, "");
        return tokens;
    }

    private void endLine() {
        if (!tokens.isEmpty()
                && switch (tokens.get(tokens.size() - 1).kind()) {
                    case NEWLINE, INDENT, DEDENT -> false;
                    default -> true;
                }) {
            add(Token.Kind.NEWLINE, "");
        }
    }

    private void indentation() {
        int start = at;
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
        if (at == text.length() || text.charAt(at) == '\n' || text.charAt(at) == '\r' || text.charAt(at) == '#') {
            return;
        }
        if (text.charAt(at) == '\t') {
            throw new ScriptException(file, line, "a line is indented with a tab");
        }
        int width = at - start;
        if (width > top()) {
            if (indents.size() > MAX_INDENTS) {
                throw new ScriptException(file, line, "blocks are nested more than " + MAX_INDENTS + " deep");
            }
            indents.push(width);
            add(Token.Kind.INDENT, "");
        }
        while (width < top()) {
            indents.pop();
            add(Token.Kind.DEDENT, "");
        }
        if (width != top()) {
            throw new ScriptException(file, line, "indentation by " + width + " matches no enclosing block");
        }
    }

    private int top() {
        Integer top = indents.peek();
        return top == null ? 0 : top;
    }

    private void skipComment() {
        while (at < text.length() && text.charAt(at) != '\n') {
            at++;
        }
    }

    private void token(char c) {
        int start = at;
        if (c == '_' || letter(c)) {
            while (at < text.length()
                    && (text.charAt(at) == '_' || letter(text.charAt(at)) || digit(text.charAt(at)))) {
                at++;
            }
            add(Token.Kind.NAME, text.substring(start, at));
        } else if (digit(c) || (c == '.' && digit(peek(1)))) {
            number();
            // A complex number is the only infix form: 1.+2.j
            if (peek(0) == '+' || peek(0) == '-') {
                int stop = at++;
                if (digit(peek(0)) || peek(0) == '.') {
                    number();
                }
                if (text.charAt(at - 1) != 'j') {
                    at = stop;
                }
            }
            add(Token.Kind.NUMBER, text.substring(start, at));
        } else if (c == '"' || c == '\'') {
            string(c);
            add(Token.Kind.STRING, text.substring(start, at));
        } else if (c == '-' && peek(1) == '>') {
            at += 2;
            add(Token.Kind.SYMBOL, "->");
        } else if ("()[]{}:,=.-".indexOf(c) >= 0) {
            brackets += "([{".indexOf(c) >= 0 ? 1 : 0;
            brackets -= ")]}".indexOf(c) >= 0 && brackets > 0 ? 1 : 0;
            at++;
            add(Token.Kind.SYMBOL, String.valueOf(c));
        } else {
            throw new ScriptException(
                    file,
                    line,
                    "unknown character " + (c > ' ' && c <= '~' ? "'" + c + "'" : String.format("U+%04X", (int) c)));
        }
    }

    private void number() {
        while (digit(peek(0)) || peek(0) == '.') {
            at++;
        }
        if ((peek(0) == 'e' || peek(0) == 'E')
                && (digit(peek(1)) || ((peek(1) == '-' || peek(1) == '+') && digit(peek(2))))) {
            at += 2;
            while (digit(peek(0))) {
                at++;
            }
        }
        if (peek(0) == 'j') {
            at++;
        }
    }

    private void string(char quote) {
        at++;
        while (peek(0) != quote) {
            if (at >= text.length() || peek(0) == '\n') {
                throw new ScriptException(file, line, "a string is not closed");
            }
            at += peek(0) == '\\' ? 2 : 1;
        }
        at++;
    }

    private char peek(int ahead) {
        return at + ahead < text.length() ? text.charAt(at + ahead) : '\0';
    }

    private static boolean letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean digit(char c) {
        return c >= '0' && c <= '9';
    }

    private void add(Token.Kind kind, String value) {
        tokens.add(new Token(kind, value, line));
    }
}
