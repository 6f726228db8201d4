// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses expressions: takes tokens from a stream and returns trees. {@link Parser} calls it for every expression. */
final class ExpressionParser {
    private static final Set<String> CONSTANTS = Set.of("True", "False", "None", "inf", "nan");

    private final TokenStream in;

    ExpressionParser(TokenStream in) {
        this.in = in;
    }

    static boolean isConstant(String word) {
        return CONSTANTS.contains(word);
    }

    /** Parses expressions separated by commas, up to a token that starts none. */
    Expr.ListOf several() {
        List<Expr> items = new ArrayList<>();
        items.add(one());
        boolean trailing = false;
        while (in.accept(",")) {
            if (!startsExpression()) {
                trailing = true;
                break;
            }
            items.add(one());
        }
        return new Expr.ListOf(items, trailing);
    }

    private boolean startsExpression() {
        Token token = in.peek();
        return switch (token.kind()) {
            case NAME -> !token.is("in");
            case NUMBER, STRING -> true;
            case SYMBOL -> token.is("(") || token.is("[") || token.is("{") || token.is("-");
            default -> false;
        };
    }

    Expr one() {
        int outer = in.depth();
        in.enter();
        Expr value = atom();
        while (true) {
            if (in.accept(".")) {
                value = new Expr.Attribute(value, in.name());
            } else if (in.accept("(")) {
                value = call(value);
            } else if (in.accept("[")) {
                value = new Expr.Index(value, indices());
            } else {
                in.leaveTo(outer);
                return value;
            }
            // This loop parses a chain, which still becomes a deep tree.
            in.enter();
        }
    }

    private List<Expr> indices() {
        List<Expr> items = new ArrayList<>();
        while (!in.accept("]")) {
            Expr from = in.peek().is(":") ? null : one();
            if (in.accept(":")) {
                items.add(new Expr.Slice(from, in.peek().is("]") || in.peek().is(",") ? null : one()));
            } else if (from != null) {
                items.add(from);
            }
            if (!in.accept(",") && !in.peek().is("]")) {
                throw in.unexpected("',' or ']'");
            }
        }
        return items;
    }

    private Expr call(Expr callee) {
        List<Expr> arguments = new ArrayList<>();
        List<Expr.Keyword> keywords = new ArrayList<>();
        boolean trailing = false;
        while (!in.accept(")")) {
            if (in.peek().kind() == Token.Kind.NAME && in.second().is("=")) {
                String name = in.name();
                in.expect("=");
                keywords.add(new Expr.Keyword(name, one()));
            } else if (keywords.isEmpty()) {
                arguments.add(one());
            } else {
                throw in.unexpected("a keyword argument");
            }
            trailing = in.accept(",");
            if (!trailing && !in.peek().is(")")) {
                throw in.unexpected("',' or ')'");
            }
        }
        return new Expr.Call(callee, arguments, keywords, trailing);
    }

    private Expr.ListOf list(String close) {
        List<Expr> items = new ArrayList<>();
        boolean trailing = false;
        while (!in.accept(close)) {
            items.add(one());
            trailing = in.accept(",");
            if (!trailing && !in.peek().is(close)) {
                throw in.unexpected("',' or '" + close + "'");
            }
        }
        return new Expr.ListOf(items, trailing);
    }

    private Expr atom() {
        Token token = in.next();
        if (token.kind() == Token.Kind.NUMBER) {
            return new Expr.Literal(token.text());
        }
        if (token.kind() == Token.Kind.STRING) {
            return new Expr.Text(token.text());
        }
        if (token.kind() == Token.Kind.NAME && isConstant(token.text())) {
            return new Expr.Literal(token.text());
        }
        if (token.kind() == Token.Kind.NAME && !TokenStream.isReserved(token.text())) {
            return new Expr.Name(token.text());
        }
        if (token.is("-")) {
            return negative();
        }
        if (token.is("(")) {
            Expr.ListOf items = list(")");
            boolean plain = items.items().size() == 1 && !items.trailingComma();
            return plain
                    ? new Expr.Parens(items.items().get(0))
                    : new Expr.TupleOf(items.items(), items.trailingComma());
        }
        if (token.is("[")) {
            return list("]");
        }
        if (token.is("{")) {
            return dictionary();
        }
        in.back();
        throw in.unexpected("an expression");
    }

    private Expr negative() {
        Token token = in.next();
        if (token.kind() == Token.Kind.NUMBER || token.is("inf") || token.is("nan")) {
            return new Expr.Literal("-" + token.text());
        }
        in.back();
        throw in.unexpected("a number after '-'");
    }

    private Expr dictionary() {
        List<Expr.Entry> entries = new ArrayList<>();
        boolean trailing = false;
        while (!in.accept("}")) {
            Expr key = one();
            in.expect(":");
            entries.add(new Expr.Entry(key, one()));
            trailing = in.accept(",");
            if (!trailing && !in.peek().is("}")) {
                throw in.unexpected("',' or '}'");
            }
        }
        return new Expr.DictOf(entries, trailing);
    }
}
