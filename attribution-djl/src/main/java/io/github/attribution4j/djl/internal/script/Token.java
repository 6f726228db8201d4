// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

/**
 * A token.
 *
 * @param kind its kind
 * @param text as written; empty for layout
 * @param line the line, from 1
 */
record Token(Kind kind, String text, int line) {
    enum Kind {
        NAME,
        NUMBER,
        STRING,
        SYMBOL,
        NEWLINE,
        INDENT,
        DEDENT,
        END
    }

    boolean is(String symbol) {
        return (kind == Kind.SYMBOL || kind == Kind.NAME) && text.equals(symbol);
    }

    String shown() {
        return switch (kind) {
            case NEWLINE -> "end of line";
            case INDENT -> "indentation";
            case DEDENT -> "end of block";
            case END -> "end of file";
            default -> "'" + (text.length() > 40 ? text.substring(0, 40) + "..." : text) + "'";
        };
    }
}
