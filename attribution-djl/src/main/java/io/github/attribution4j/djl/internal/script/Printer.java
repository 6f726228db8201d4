// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.List;

/**
 * Prints trees in the layout of PyTorch's serializer: two spaces for each level, one parameter on each line. A file
 * that was parsed and printed has its old text, except for some spaces.
 */
public final class Printer {
    private final StringBuilder out = new StringBuilder();

    private Printer() {}

    /**
     * Returns its text.
     *
     * @param file a file
     * @return its text
     */
    public static String print(Stmt.File file) {
        Printer printer = new Printer();
        printer.statements(file.statements(), 0);
        return printer.out.toString();
    }

    /**
     * Returns its text, on one line.
     *
     * @param expression an expression
     * @return its text, on one line
     */
    public static String print(Expr expression) {
        Printer printer = new Printer();
        printer.expression(expression);
        return printer.out.toString();
    }

    private void statements(List<Stmt> statements, int level) {
        for (Stmt statement : statements) {
            out.append("  ".repeat(level));
            statement(statement, level);
        }
    }

    private void block(List<Stmt> body, int level) {
        out.append(":\n");
        if (body.isEmpty()) {
            out.append("  ".repeat(level + 1)).append("pass\n");
        }
        statements(body, level + 1);
    }

    private void statement(Stmt statement, int level) {
        if (statement instanceof Stmt.Assign assign) {
            assign(assign);
        } else if (statement instanceof Stmt.Declaration declaration) {
            out.append(declaration.name())
                    .append(" : ")
                    .append(declaration.type())
                    .append('\n');
        } else if (statement instanceof Stmt.Return result) {
            out.append(result.values().isEmpty() ? "return" : "return ");
            list(result.values(), false);
            out.append('\n');
        } else if (statement instanceof Stmt.Evaluate evaluate) {
            expression(evaluate.value());
            out.append('\n');
        } else if (statement instanceof Stmt.Pass) {
            out.append("pass\n");
        } else if (statement instanceof Stmt.If branch) {
            out.append("if ");
            expression(branch.condition());
            block(branch.then(), level);
            if (!branch.otherwise().isEmpty()) {
                out.append("  ".repeat(level)).append("else");
                block(branch.otherwise(), level);
            }
        } else if (statement instanceof Stmt.For loop) {
            out.append("for ");
            list(loop.targets(), false);
            out.append(" in ");
            expression(loop.iterable());
            block(loop.body(), level);
        } else if (statement instanceof Stmt.While loop) {
            out.append("while ");
            expression(loop.condition());
            block(loop.body(), level);
        } else if (statement instanceof Stmt.With with) {
            with(with, level);
        } else if (statement instanceof Stmt.Def def) {
            def(def, level);
        } else if (statement instanceof Stmt.ClassDef type) {
            out.append("class ").append(type.name());
            if (type.base() != null) {
                out.append('(').append(type.base()).append(')');
            }
            block(type.members(), level);
        }
    }

    private void assign(Stmt.Assign assign) {
        list(assign.targets(), assign.unpack());
        if (assign.type() != null) {
            out.append(" : ").append(assign.type());
        }
        out.append(" = ");
        list(assign.values(), false);
        out.append('\n');
    }

    private void with(Stmt.With with, int level) {
        out.append("with ");
        for (int i = 0; i < with.items().size(); i++) {
            Stmt.WithItem item = with.items().get(i);
            out.append(i == 0 ? "" : ", ");
            expression(item.context());
            if (item.target() != null) {
                out.append(" as ");
                expression(item.target());
            }
        }
        block(with.body(), level);
    }

    private void def(Stmt.Def def, int level) {
        out.append("def ").append(def.name()).append('(');
        for (int i = 0; i < def.parameters().size(); i++) {
            Stmt.Parameter parameter = def.parameters().get(i);
            if (i > 0) {
                // A method of an interface, whose object has no declared type, is written on one line.
                out.append(def.parameters().get(0).type() == null ? ", " : ",\n    ");
            }
            out.append(parameter.name());
            if (parameter.type() != null) {
                out.append(": ").append(parameter.type());
            }
            if (parameter.preset() != null) {
                out.append('=');
                expression(parameter.preset());
            }
        }
        out.append(')');
        if (def.result() != null) {
            out.append(" -> ").append(def.result());
        }
        block(def.body(), level);
    }

    private void list(List<Expr> items, boolean trailingComma) {
        for (int i = 0; i < items.size(); i++) {
            out.append(i == 0 ? "" : ", ");
            expression(items.get(i));
        }
        if (trailingComma) {
            out.append(',');
        }
    }

    private void expression(Expr expression) {
        if (expression instanceof Expr.Name name) {
            out.append(name.id());
        } else if (expression instanceof Expr.Literal literal) {
            out.append(literal.text());
        } else if (expression instanceof Expr.Text text) {
            out.append(text.raw());
        } else if (expression instanceof Expr.Attribute attribute) {
            expression(attribute.value());
            out.append('.').append(attribute.name());
        } else if (expression instanceof Expr.Parens parens) {
            out.append('(');
            expression(parens.value());
            out.append(')');
        } else if (expression instanceof Expr.Call call) {
            call(call);
        } else if (expression instanceof Expr.Index index) {
            expression(index.value());
            bracketed("[", index.indices(), false, "]");
        } else if (expression instanceof Expr.Slice slice) {
            slice(slice);
        } else if (expression instanceof Expr.ListOf list) {
            bracketed("[", list.items(), list.trailingComma(), "]");
        } else if (expression instanceof Expr.TupleOf tuple) {
            bracketed("(", tuple.items(), tuple.trailingComma() || tuple.items().size() == 1, ")");
        } else if (expression instanceof Expr.DictOf dict) {
            dictionary(dict);
        }
    }

    private void call(Expr.Call call) {
        expression(call.callee());
        out.append('(');
        list(call.arguments(), false);
        for (int i = 0; i < call.keywords().size(); i++) {
            out.append(i == 0 && call.arguments().isEmpty() ? "" : ", ");
            out.append(call.keywords().get(i).name()).append('=');
            expression(call.keywords().get(i).value());
        }
        boolean any = !call.arguments().isEmpty() || !call.keywords().isEmpty();
        out.append(call.trailingComma() && any ? ", )" : ")");
    }

    private void slice(Expr.Slice slice) {
        if (slice.from() != null) {
            expression(slice.from());
        }
        out.append(':');
        if (slice.to() != null) {
            expression(slice.to());
        }
    }

    private void bracketed(String open, List<Expr> items, boolean trailingComma, String close) {
        out.append(open);
        list(items, trailingComma);
        out.append(trailingComma ? " " + close : close);
    }

    private void dictionary(Expr.DictOf dict) {
        out.append('{');
        for (int i = 0; i < dict.entries().size(); i++) {
            out.append(i == 0 ? "" : ", ");
            expression(dict.entries().get(i).key());
            out.append(": ");
            expression(dict.entries().get(i).value());
        }
        out.append(dict.trailingComma() ? ", }" : "}");
    }
}
