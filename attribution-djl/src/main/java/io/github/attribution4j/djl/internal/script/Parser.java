// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Parses the serialized language by recursive descent: the text of a file becomes a {@link Stmt.File}. The depth of
 * nesting is bounded, so that no input can overflow the stack. Text that is not in the language is refused with a
 * {@link ScriptException}.
 */
public final class Parser {
    /** Types of a fixed number of arguments. */
    private static final Map<String, Integer> ARGUMENTS = Map.of("List", 1, "Optional", 1, "Future", 1, "Dict", 2);

    private final TokenStream in;
    private final ExpressionParser expressions;

    private Parser(String file, String text) {
        this.in = new TokenStream(file, text);
        this.expressions = new ExpressionParser(in);
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
        parser.in.skipImports();
        while (parser.in.peek().kind() != Token.Kind.END) {
            statements.add(parser.in.peek().is("class") ? parser.classDef() : parser.statement());
        }
        return new Stmt.File(path, statements);
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
        if (parser.in.peek().kind() != Token.Kind.END) {
            throw parser.in.unexpected("end of the function");
        }
        return def;
    }

    private Stmt.ClassDef classDef() {
        in.expect("class");
        String name = in.name();
        String base = null;
        if (in.accept("(")) {
            base = in.peek().is(")") ? null : dotted();
            in.expect(")");
        }
        return new Stmt.ClassDef(name, base, block());
    }

    private List<Stmt> block() {
        in.expect(":");
        in.expect(Token.Kind.NEWLINE);
        in.expect(Token.Kind.INDENT);
        in.enter();
        List<Stmt> body = new ArrayList<>();
        while (in.peek().kind() != Token.Kind.DEDENT) {
            body.add(statement());
        }
        in.leave();
        in.next();
        return body;
    }

    private Stmt statement() {
        Token first = in.peek();
        if (first.kind() == Token.Kind.NAME && !first.is("else") && in.second().is(":")) {
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
                in.next();
                yield endLine(new Stmt.Pass());
            }
            default -> {
                if (TokenStream.isReserved(first.text()) && !ExpressionParser.isConstant(first.text())) {
                    throw in.error(first, "statement '" + first.text() + "' is not in the serialized language");
                }
                yield endLine(simple());
            }
        };
    }

    private Stmt whileStatement() {
        in.expect("while");
        return new Stmt.While(expressions.one(), block());
    }

    private Stmt returnStatement() {
        in.expect("return");
        boolean empty = in.peek().kind() == Token.Kind.NEWLINE;
        return endLine(new Stmt.Return(empty ? List.of() : expressions.several().items()));
    }

    /** Parses the declaration of an attribute, whose name may be a reserved word or a constant of Python. */
    private Stmt declaration() {
        String name = in.name();
        in.expect(":");
        Type type = type();
        return in.accept("=")
                ? new Stmt.Assign(
                        List.of(new Expr.Name(name)),
                        false,
                        type,
                        expressions.several().items())
                : new Stmt.Declaration(name, type);
    }

    private Stmt simple() {
        Expr.ListOf left = expressions.several();
        if (in.accept(":")) {
            Type type = type();
            if (in.accept("=")) {
                return new Stmt.Assign(
                        left.items(),
                        left.trailingComma(),
                        type,
                        expressions.several().items());
            }
            if (left.items().size() == 1 && left.items().get(0) instanceof Expr.Name name) {
                return new Stmt.Declaration(name.id(), type);
            }
            throw in.unexpected("'='");
        }
        if (in.accept("=")) {
            for (Expr target : left.items()) {
                if (!(target instanceof Expr.Name
                        || target instanceof Expr.Attribute
                        || target instanceof Expr.Index)) {
                    throw in.error(in.previous(), "assignment to " + Printer.print(target));
                }
            }
            return new Stmt.Assign(
                    left.items(),
                    left.trailingComma(),
                    null,
                    expressions.several().items());
        }
        if (left.items().size() == 1 && !left.trailingComma()) {
            return new Stmt.Evaluate(left.items().get(0));
        }
        throw in.unexpected("'='");
    }

    private Stmt ifStatement() {
        in.expect("if");
        Expr condition = expressions.one();
        List<Stmt> then = block();
        List<Stmt> otherwise = in.accept("else") ? block() : List.of();
        return new Stmt.If(condition, then, otherwise);
    }

    private Stmt forStatement() {
        in.expect("for");
        List<Expr> targets = expressions.several().items();
        in.expect("in");
        return new Stmt.For(targets, expressions.one(), block());
    }

    private Stmt withStatement() {
        in.expect("with");
        List<Stmt.WithItem> items = new ArrayList<>();
        do {
            Expr context = expressions.one();
            items.add(new Stmt.WithItem(context, in.accept("as") ? expressions.one() : null));
        } while (in.accept(","));
        return new Stmt.With(items, block());
    }

    private Stmt.Def def() {
        in.expect("def");
        String name = in.name();
        in.expect("(");
        List<Stmt.Parameter> parameters = new ArrayList<>();
        while (!in.accept(")")) {
            String parameter = in.name();
            Type type = in.accept(":") ? type() : null;
            Expr preset = in.accept("=") ? expressions.one() : null;
            parameters.add(new Stmt.Parameter(parameter, type, preset));
            if (!in.peek().is(")")) {
                in.expect(",");
            }
        }
        Type result = in.accept("->") ? type() : null;
        return new Stmt.Def(name, parameters, result, block());
    }

    private Type type() {
        in.enter();
        // Programs of PyTorch 1.3 write NoneType as None.
        String name = in.accept("None") ? "NoneType" : dotted();
        Type type = Type.of(name);
        if (in.accept("[")) {
            List<Type> arguments = new ArrayList<>();
            if (in.accept("(")) {
                in.expect(")");
            } else {
                do {
                    arguments.add(type());
                } while (in.accept(","));
            }
            in.expect("]");
            type = new Type(name, arguments, true);
        }
        if (type.arguments().size()
                != ARGUMENTS.getOrDefault(name, type.arguments().size())) {
            throw in.error(
                    in.previous(), "type " + name + " has " + type.arguments().size() + " arguments");
        }
        in.leave();
        return type;
    }

    private String dotted() {
        StringBuilder name = new StringBuilder(in.name());
        while (in.accept(".")) {
            name.append('.').append(in.name());
        }
        return name.toString();
    }

    private <T extends Stmt> T endLine(T statement) {
        in.expect(Token.Kind.NEWLINE);
        return statement;
    }
}
