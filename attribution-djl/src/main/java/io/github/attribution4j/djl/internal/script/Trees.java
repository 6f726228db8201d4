// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Generic walks over syntax trees. */
public final class Trees {
    private Trees() {}

    /** Rebuilds an expression from the leaves up: {@code change} sees every node after its parts have been changed. */
    public static Expr map(Expr expression, UnaryOperator<Expr> change) {
        return change.apply(children(expression, part -> map(part, change)));
    }

    /** Rebuilds an expression with its parts, but not it, changed. */
    public static Expr children(Expr expression, UnaryOperator<Expr> change) {
        Expr rebuilt = expression;
        if (expression instanceof Expr.Attribute e) {
            rebuilt = new Expr.Attribute(change.apply(e.value()), e.name());
        } else if (expression instanceof Expr.Parens e) {
            rebuilt = new Expr.Parens(change.apply(e.value()));
        } else if (expression instanceof Expr.Call e) {
            List<Expr.Keyword> keywords = new ArrayList<>();
            for (Expr.Keyword keyword : e.keywords()) {
                keywords.add(new Expr.Keyword(keyword.name(), change.apply(keyword.value())));
            }
            rebuilt = new Expr.Call(change.apply(e.callee()), each(e.arguments(), change), keywords, e.trailingComma());
        } else if (expression instanceof Expr.Index e) {
            rebuilt = new Expr.Index(change.apply(e.value()), each(e.indices(), change));
        } else if (expression instanceof Expr.Slice e) {
            rebuilt = new Expr.Slice(
                    e.from() == null ? null : change.apply(e.from()), e.to() == null ? null : change.apply(e.to()));
        } else if (expression instanceof Expr.ListOf e) {
            rebuilt = new Expr.ListOf(each(e.items(), change), e.trailingComma());
        } else if (expression instanceof Expr.TupleOf e) {
            rebuilt = new Expr.TupleOf(each(e.items(), change), e.trailingComma());
        } else if (expression instanceof Expr.DictOf e) {
            List<Expr.Entry> entries = new ArrayList<>();
            for (Expr.Entry entry : e.entries()) {
                entries.add(new Expr.Entry(change.apply(entry.key()), change.apply(entry.value())));
            }
            rebuilt = new Expr.DictOf(entries, e.trailingComma());
        }
        return rebuilt;
    }

    private static List<Expr> each(List<Expr> expressions, UnaryOperator<Expr> change) {
        return expressions.stream().map(change).toList();
    }

    /** The type that an expression spells. */
    public static Type type(Expr expression) {
        return expression instanceof Expr.Index generic
                ? new Type(
                        dotted(generic.value()),
                        generic.indices().stream().map(Trees::type).toList(),
                        true)
                : Type.of(dotted(expression));
    }

    public static List<Expr> map(List<Expr> expressions, UnaryOperator<Expr> change) {
        List<Expr> mapped = new ArrayList<>(expressions.size());
        for (Expr expression : expressions) {
            mapped.add(map(expression, change));
        }
        return mapped;
    }

    /** Rebuilds statements with every expression in them changed by {@link #map(Expr, UnaryOperator)}. */
    public static List<Stmt> mapAll(List<Stmt> statements, UnaryOperator<Expr> change) {
        List<Stmt> mapped = new ArrayList<>(statements.size());
        for (Stmt statement : statements) {
            mapped.add(map(statement, change));
        }
        return mapped;
    }

    /** Collects all assignments, however deep. */
    public static void assignments(List<Stmt> statements, List<Stmt.Assign> found) {
        for (Stmt statement : statements) {
            if (statement instanceof Stmt.Assign assign) {
                found.add(assign);
            } else if (statement instanceof Stmt.If branch) {
                assignments(branch.then(), found);
                assignments(branch.otherwise(), found);
            } else if (statement instanceof Stmt.For loop) {
                assignments(loop.body(), found);
            } else if (statement instanceof Stmt.While loop) {
                assignments(loop.body(), found);
            } else if (statement instanceof Stmt.With with) {
                assignments(with.body(), found);
            } else if (statement instanceof Stmt.Def closure) {
                assignments(closure.body(), found);
            }
        }
    }

    private static Stmt map(Stmt statement, UnaryOperator<Expr> change) {
        if (statement instanceof Stmt.Assign s) {
            return new Stmt.Assign(map(s.targets(), change), s.unpack(), s.type(), map(s.values(), change));
        }
        if (statement instanceof Stmt.Return s) {
            return new Stmt.Return(map(s.values(), change));
        }
        if (statement instanceof Stmt.Evaluate s) {
            return new Stmt.Evaluate(map(s.value(), change));
        }
        if (statement instanceof Stmt.If s) {
            return new Stmt.If(map(s.condition(), change), mapAll(s.then(), change), mapAll(s.otherwise(), change));
        }
        if (statement instanceof Stmt.For s) {
            return new Stmt.For(s.targets(), map(s.iterable(), change), mapAll(s.body(), change));
        }
        if (statement instanceof Stmt.While s) {
            return new Stmt.While(map(s.condition(), change), mapAll(s.body(), change));
        }
        if (statement instanceof Stmt.With s) {
            List<Stmt.WithItem> items = new ArrayList<>();
            for (Stmt.WithItem item : s.items()) {
                items.add(new Stmt.WithItem(map(item.context(), change), item.target()));
            }
            return new Stmt.With(items, mapAll(s.body(), change));
        }
        if (statement instanceof Stmt.Def s) {
            List<Stmt.Parameter> parameters = new ArrayList<>();
            for (Stmt.Parameter parameter : s.parameters()) {
                Expr preset = parameter.preset();
                parameters.add(new Stmt.Parameter(
                        parameter.name(), parameter.type(), preset == null ? null : map(preset, change)));
            }
            return new Stmt.Def(s.name(), parameters, s.result(), mapAll(s.body(), change));
        }
        if (statement instanceof Stmt.ClassDef s) {
            return new Stmt.ClassDef(s.name(), s.base(), mapAll(s.members(), change));
        }
        return statement;
    }

    /** The dotted name that an expression spells, or an empty string. */
    public static String dotted(Expr expression) {
        if (expression instanceof Expr.Name name) {
            return name.id();
        }
        if (expression instanceof Expr.Attribute attribute) {
            String value = dotted(attribute.value());
            return value.isEmpty() ? "" : value + "." + attribute.name();
        }
        return "";
    }

    /** A dotted name as an expression. */
    public static Expr dotted(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0
                ? new Expr.Name(name)
                : new Expr.Attribute(dotted(name.substring(0, dot)), name.substring(dot + 1));
    }
}
