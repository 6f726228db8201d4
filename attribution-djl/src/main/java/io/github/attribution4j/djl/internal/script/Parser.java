// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Parses the serialized language by recursive descent. Nesting is bounded, so that no input can overflow the stack; what is not in the language is a
 * {@link ScriptException}.
 */
public final class Parser {
    /** Far above any real program: libtorch parses and compiles by recursion too and takes some 3 KiB of stack for each level. */
    private static final int MAX_DEPTH = 120;

    /** Types of a fixed number of arguments. */
    private static final Map<String, Integer> ARGUMENTS = Map.of("List", 1, "Optional", 1, "Future", 1, "Dict", 2);

    private static final Set<String> CONSTANTS = Set.of("True", "False", "None", "inf", "nan");

    /** Words of libtorch's own lexer, which name nothing; it takes what else Python reserves, such as {@code from}, for a name. */
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

    private Parser(String file, String text) {
        this.file = file;
        this.tokens = new Lexer(file, text).tokens();
    }

    /**
     * Parses a file of an archive.
     *
     * @param path its path below {@code code/}, ending in {@code .py}
     * @param text its content
     * @return the tree
     * @throws ScriptException if the text is not in the serialized language
     */
    public static Stmt.File file(String path, String text) {
        Parser parser = new Parser(path, text);
        List<Stmt> statements = new ArrayList<>();
        parser.imports();
        while (parser.peek().kind() != Token.Kind.END) {
            statements.add(parser.peek().is("class") ? parser.classDef() : parser.statement());
        }
        return new Stmt.File(path, statements);
    }

    /** Before PyTorch 1.4 a file named the files it needs, behind its version; libtorch finds them without and skips these lines, and so does this. */
    private void imports() {
        int from = peek().is("op_version_set") ? 4 : 0;
        while (from < tokens.size() && tokens.get(from).is("import")) {
            int to = from;
            while (tokens.get(to).kind() != Token.Kind.NEWLINE) {
                to++;
            }
            tokens.subList(from, to + 1).clear();
        }
    }

    /**
     * Parses a function or method on its own.
     *
     * @param text the text of one {@code def}
     * @return the tree
     * @throws ScriptException if the text is not one function
     */
    public static Stmt.Def function(String text) {
        Parser parser = new Parser("(generated)", text);
        Stmt.Def def = parser.def();
        if (parser.peek().kind() != Token.Kind.END) {
            throw parser.unexpected("end of the function");
        }
        return def;
    }

    private Stmt.ClassDef classDef() {
        expect("class");
        String name = name();
        String base = null;
        if (accept("(")) {
            base = peek().is(")") ? null : dotted();
            expect(")");
        }
        return new Stmt.ClassDef(name, base, block());
    }

    private List<Stmt> block() {
        expect(":");
        expect(Token.Kind.NEWLINE);
        expect(Token.Kind.INDENT);
        enter();
        List<Stmt> body = new ArrayList<>();
        while (peek().kind() != Token.Kind.DEDENT) {
            body.add(statement());
        }
        leave();
        next();
        return body;
    }

    private Stmt statement() {
        Token first = peek();
        if (first.kind() == Token.Kind.NAME
                && !first.is("else")
                && tokens.get(at + 1).is(":")) {
            return endLine(declaration());
        }
        return switch (first.kind() == Token.Kind.NAME ? first.text() : "") {
            case "def" -> def();
            case "if" -> ifStatement();
            case "for" -> forStatement();
            case "while" -> whileStatement();
            case "with" -> withStatement();
            case "return" -> returnStatement();
            case "pass" -> {
                next();
                yield endLine(new Stmt.Pass());
            }
            default -> {
                if (RESERVED.contains(first.text()) && !CONSTANTS.contains(first.text())) {
                    throw new ScriptException(
                            file, first.line(), "statement '" + first.text() + "' is not in the serialized language");
                }
                yield endLine(simple());
            }
        };
    }

    private Stmt whileStatement() {
        expect("while");
        return new Stmt.While(expression(), block());
    }

    private Stmt returnStatement() {
        expect("return");
        boolean empty = peek().kind() == Token.Kind.NEWLINE;
        return endLine(new Stmt.Return(empty ? List.of() : expressions().items()));
    }

    /** An attribute may have a name that is a word of Python, or a constant. */
    private Stmt declaration() {
        String name = name();
        expect(":");
        Type type = type();
        return accept("=")
                ? new Stmt.Assign(
                        List.of(new Expr.Name(name)), false, type, expressions().items())
                : new Stmt.Declaration(name, type);
    }

    private Stmt simple() {
        Expr.ListOf left = expressions();
        if (accept(":")) {
            Type type = type();
            if (accept("=")) {
                return new Stmt.Assign(
                        left.items(), left.trailingComma(), type, expressions().items());
            }
            if (left.items().size() == 1 && left.items().get(0) instanceof Expr.Name name) {
                return new Stmt.Declaration(name.id(), type);
            }
            throw unexpected("'='");
        }
        if (accept("=")) {
            for (Expr target : left.items()) {
                if (!(target instanceof Expr.Name
                        || target instanceof Expr.Attribute
                        || target instanceof Expr.Index)) {
                    throw new ScriptException(file, previous().line(), "assignment to " + Printer.print(target));
                }
            }
            return new Stmt.Assign(
                    left.items(), left.trailingComma(), null, expressions().items());
        }
        if (left.items().size() == 1 && !left.trailingComma()) {
            return new Stmt.Evaluate(left.items().get(0));
        }
        throw unexpected("'='");
    }

    private Stmt ifStatement() {
        expect("if");
        Expr condition = expression();
        List<Stmt> then = block();
        List<Stmt> otherwise = accept("else") ? block() : List.of();
        return new Stmt.If(condition, then, otherwise);
    }

    private Stmt forStatement() {
        expect("for");
        List<Expr> targets = expressions().items();
        expect("in");
        return new Stmt.For(targets, expression(), block());
    }

    private Stmt withStatement() {
        expect("with");
        List<Stmt.WithItem> items = new ArrayList<>();
        do {
            Expr context = expression();
            items.add(new Stmt.WithItem(context, accept("as") ? expression() : null));
        } while (accept(","));
        return new Stmt.With(items, block());
    }

    private Stmt.Def def() {
        expect("def");
        String name = name();
        expect("(");
        List<Stmt.Parameter> parameters = new ArrayList<>();
        while (!accept(")")) {
            String parameter = name();
            Type type = accept(":") ? type() : null;
            Expr preset = accept("=") ? expression() : null;
            parameters.add(new Stmt.Parameter(parameter, type, preset));
            if (!peek().is(")")) {
                expect(",");
            }
        }
        Type result = accept("->") ? type() : null;
        return new Stmt.Def(name, parameters, result, block());
    }

    private Type type() {
        enter();
        // Programs of PyTorch 1.3 write NoneType as None.
        String name = accept("None") ? "NoneType" : dotted();
        Type type = Type.of(name);
        if (accept("[")) {
            List<Type> arguments = new ArrayList<>();
            if (accept("(")) {
                expect(")");
            } else {
                do {
                    arguments.add(type());
                } while (accept(","));
            }
            expect("]");
            type = new Type(name, arguments, true);
        }
        if (type.arguments().size()
                != ARGUMENTS.getOrDefault(name, type.arguments().size())) {
            throw new ScriptException(
                    file,
                    previous().line(),
                    "type " + name + " has " + type.arguments().size() + " arguments");
        }
        leave();
        return type;
    }

    private String dotted() {
        StringBuilder name = new StringBuilder(name());
        while (accept(".")) {
            name.append('.').append(name());
        }
        return name.toString();
    }

    /** Expressions separated by commas, up to what cannot start one. */
    private Expr.ListOf expressions() {
        List<Expr> items = new ArrayList<>();
        items.add(expression());
        boolean trailing = false;
        while (accept(",")) {
            if (!startsExpression()) {
                trailing = true;
                break;
            }
            items.add(expression());
        }
        return new Expr.ListOf(items, trailing);
    }

    private boolean startsExpression() {
        Token token = peek();
        return switch (token.kind()) {
            case NAME -> !token.is("in");
            case NUMBER, STRING -> true;
            case SYMBOL -> token.is("(") || token.is("[") || token.is("{") || token.is("-");
            default -> false;
        };
    }

    private Expr expression() {
        int outer = depth;
        enter();
        Expr value = atom();
        while (true) {
            if (accept(".")) {
                value = new Expr.Attribute(value, name());
            } else if (accept("(")) {
                value = call(value);
            } else if (accept("[")) {
                value = new Expr.Index(value, indices());
            } else {
                depth = outer;
                return value;
            }
            // A chain is parsed in a loop and yet a deep tree.
            enter();
        }
    }

    private List<Expr> indices() {
        List<Expr> items = new ArrayList<>();
        while (!accept("]")) {
            Expr from = peek().is(":") ? null : expression();
            if (accept(":")) {
                items.add(new Expr.Slice(from, peek().is("]") || peek().is(",") ? null : expression()));
            } else if (from != null) {
                items.add(from);
            }
            if (!accept(",") && !peek().is("]")) {
                throw unexpected("',' or ']'");
            }
        }
        return items;
    }

    private Expr call(Expr callee) {
        List<Expr> arguments = new ArrayList<>();
        List<Expr.Keyword> keywords = new ArrayList<>();
        boolean trailing = false;
        while (!accept(")")) {
            if (peek().kind() == Token.Kind.NAME && tokens.get(at + 1).is("=")) {
                String name = name();
                expect("=");
                keywords.add(new Expr.Keyword(name, expression()));
            } else if (keywords.isEmpty()) {
                arguments.add(expression());
            } else {
                throw unexpected("a keyword argument");
            }
            trailing = accept(",");
            if (!trailing && !peek().is(")")) {
                throw unexpected("',' or ')'");
            }
        }
        return new Expr.Call(callee, arguments, keywords, trailing);
    }

    private Expr.ListOf list(String close) {
        List<Expr> items = new ArrayList<>();
        boolean trailing = false;
        while (!accept(close)) {
            items.add(expression());
            trailing = accept(",");
            if (!trailing && !peek().is(close)) {
                throw unexpected("',' or '" + close + "'");
            }
        }
        return new Expr.ListOf(items, trailing);
    }

    private Expr atom() {
        Token token = next();
        if (token.kind() == Token.Kind.NUMBER) {
            return new Expr.Literal(token.text());
        }
        if (token.kind() == Token.Kind.STRING) {
            return new Expr.Text(token.text());
        }
        if (token.kind() == Token.Kind.NAME && CONSTANTS.contains(token.text())) {
            return new Expr.Literal(token.text());
        }
        if (token.kind() == Token.Kind.NAME && !RESERVED.contains(token.text())) {
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
        at--;
        throw unexpected("an expression");
    }

    private Expr negative() {
        Token token = next();
        if (token.kind() == Token.Kind.NUMBER || token.is("inf") || token.is("nan")) {
            return new Expr.Literal("-" + token.text());
        }
        at--;
        throw unexpected("a number after '-'");
    }

    private Expr dictionary() {
        List<Expr.Entry> entries = new ArrayList<>();
        boolean trailing = false;
        while (!accept("}")) {
            Expr key = expression();
            expect(":");
            entries.add(new Expr.Entry(key, expression()));
            trailing = accept(",");
            if (!trailing && !peek().is("}")) {
                throw unexpected("',' or '}'");
            }
        }
        return new Expr.DictOf(entries, trailing);
    }

    private void enter() {
        if (++depth > MAX_DEPTH) {
            throw new ScriptException(file, peek().line(), "nested more than " + MAX_DEPTH + " deep");
        }
    }

    private void leave() {
        depth--;
    }

    private <T extends Stmt> T endLine(T statement) {
        expect(Token.Kind.NEWLINE);
        return statement;
    }

    private Token peek() {
        return tokens.get(at);
    }

    private Token previous() {
        return tokens.get(Math.max(0, at - 1));
    }

    private Token next() {
        Token token = tokens.get(at);
        if (token.kind() != Token.Kind.END) {
            at++;
        }
        return token;
    }

    private boolean accept(String symbol) {
        if (peek().is(symbol)) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(String symbol) {
        if (!accept(symbol)) {
            throw unexpected("'" + symbol + "'");
        }
    }

    private void expect(Token.Kind kind) {
        if (peek().kind() != kind) {
            throw unexpected(new Token(kind, "", 0).shown());
        }
        next();
    }

    private String name() {
        Token token = peek();
        if (token.kind() != Token.Kind.NAME) {
            throw unexpected("a name");
        }
        if (RESERVED.contains(token.text())) {
            throw new ScriptException(
                    file,
                    token.line(),
                    "'" + token.text() + "' is a word of libtorch's own language, which takes it for no name; "
                            + "rename what is called so and export the model again");
        }
        at++;
        return token.text();
    }

    private ScriptException unexpected(String wanted) {
        Token token = peek();
        return new ScriptException(file, token.line(), "expected " + wanted + ", found " + token.shown());
    }
}
