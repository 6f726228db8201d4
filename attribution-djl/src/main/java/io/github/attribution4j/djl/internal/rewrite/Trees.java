// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Generic walks over syntax trees. */
final class Trees {
    private Trees() {}

    /** Changes an expression from the leaves up: {@code change} sees every node after its parts. What stays as it is, is not copied. */
    static Expr map(Expr expression, UnaryOperator<Expr> change) {
        return change.apply(children(expression, part -> map(part, change)));
    }

    /** Changes the parts of an expression, but not it. */
    static Expr children(Expr expression, UnaryOperator<Expr> change) {
        if (expression instanceof Expr.Attribute e) {
            Expr value = change.apply(e.value());
            return value == e.value() ? e : new Expr.Attribute(value, e.name());
        } else if (expression instanceof Expr.Parens e) {
            Expr value = change.apply(e.value());
            return value == e.value() ? e : new Expr.Parens(value);
        } else if (expression instanceof Expr.Call e) {
            List<Expr.Keyword> keywords = each(e.keywords(), keyword -> {
                Expr value = change.apply(keyword.value());
                return value == keyword.value() ? keyword : new Expr.Keyword(keyword.name(), value);
            });
            Expr callee = change.apply(e.callee());
            List<Expr> arguments = each(e.arguments(), change);
            return callee == e.callee() && arguments == e.arguments() && keywords == e.keywords()
                    ? e
                    : new Expr.Call(callee, arguments, keywords, e.trailingComma());
        } else if (expression instanceof Expr.Index e) {
            Expr value = change.apply(e.value());
            List<Expr> indices = each(e.indices(), change);
            return value == e.value() && indices == e.indices() ? e : new Expr.Index(value, indices);
        } else if (expression instanceof Expr.Slice e) {
            Expr from = e.from() == null ? null : change.apply(e.from());
            Expr to = e.to() == null ? null : change.apply(e.to());
            return from == e.from() && to == e.to() ? e : new Expr.Slice(from, to);
        } else if (expression instanceof Expr.ListOf e) {
            List<Expr> items = each(e.items(), change);
            return items == e.items() ? e : new Expr.ListOf(items, e.trailingComma());
        } else if (expression instanceof Expr.TupleOf e) {
            List<Expr> items = each(e.items(), change);
            return items == e.items() ? e : new Expr.TupleOf(items, e.trailingComma());
        } else if (expression instanceof Expr.DictOf e) {
            List<Expr.Entry> entries = each(e.entries(), entry -> {
                Expr key = change.apply(entry.key());
                Expr value = change.apply(entry.value());
                return key == entry.key() && value == entry.value() ? entry : new Expr.Entry(key, value);
            });
            return entries == e.entries() ? e : new Expr.DictOf(entries, e.trailingComma());
        }
        return expression;
    }

    /** The list itself if no element changes. */
    private static <T> List<T> each(List<T> elements, UnaryOperator<T> change) {
        List<T> changed = elements;
        for (int i = 0; i < elements.size(); i++) {
            T element = change.apply(elements.get(i));
            if (changed == elements && element != elements.get(i)) {
                changed = new ArrayList<>(elements);
            }
            if (changed != elements) {
                changed.set(i, element);
            }
        }
        return changed;
    }

    /** The type that an expression spells. */
    static Type type(Expr expression) {
        return expression instanceof Expr.Index generic
                ? new Type(
                        dotted(generic.value()),
                        generic.indices().stream().map(Trees::type).toList(),
                        true)
                : Type.of(dotted(expression));
    }

    static List<Expr> map(List<Expr> expressions, UnaryOperator<Expr> change) {
        return each(expressions, expression -> map(expression, change));
    }

    /** Changes every expression in statements by {@link #map(Expr, UnaryOperator)}. What stays as it is, is not copied. */
    static List<Stmt> mapAll(List<Stmt> statements, UnaryOperator<Expr> change) {
        return each(statements, statement -> map(statement, change));
    }

    /** Collects all assignments, however deep. */
    static void assignments(List<Stmt> statements, List<Stmt.Assign> found) {
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
            List<Expr> targets = map(s.targets(), change);
            List<Expr> values = map(s.values(), change);
            return targets == s.targets() && values == s.values()
                    ? s
                    : new Stmt.Assign(targets, s.unpack(), s.type(), values);
        }
        if (statement instanceof Stmt.Return s) {
            List<Expr> values = map(s.values(), change);
            return values == s.values() ? s : new Stmt.Return(values);
        }
        if (statement instanceof Stmt.Evaluate s) {
            Expr value = map(s.value(), change);
            return value == s.value() ? s : new Stmt.Evaluate(value);
        }
        if (statement instanceof Stmt.If s) {
            Expr condition = map(s.condition(), change);
            List<Stmt> then = mapAll(s.then(), change);
            List<Stmt> otherwise = mapAll(s.otherwise(), change);
            return condition == s.condition() && then == s.then() && otherwise == s.otherwise()
                    ? s
                    : new Stmt.If(condition, then, otherwise);
        }
        if (statement instanceof Stmt.For s) {
            Expr iterable = map(s.iterable(), change);
            List<Stmt> body = mapAll(s.body(), change);
            return iterable == s.iterable() && body == s.body() ? s : new Stmt.For(s.targets(), iterable, body);
        }
        if (statement instanceof Stmt.While s) {
            Expr condition = map(s.condition(), change);
            List<Stmt> body = mapAll(s.body(), change);
            return condition == s.condition() && body == s.body() ? s : new Stmt.While(condition, body);
        }
        if (statement instanceof Stmt.With s) {
            List<Stmt.WithItem> items = each(s.items(), item -> {
                Expr context = map(item.context(), change);
                return context == item.context() ? item : new Stmt.WithItem(context, item.target());
            });
            List<Stmt> body = mapAll(s.body(), change);
            return items == s.items() && body == s.body() ? s : new Stmt.With(items, body);
        }
        if (statement instanceof Stmt.Def s) {
            List<Stmt.Parameter> parameters = each(s.parameters(), parameter -> {
                Expr preset = parameter.preset();
                Expr changed = preset == null ? null : map(preset, change);
                return changed == preset ? parameter : new Stmt.Parameter(parameter.name(), parameter.type(), changed);
            });
            List<Stmt> body = mapAll(s.body(), change);
            return parameters == s.parameters() && body == s.body()
                    ? s
                    : new Stmt.Def(s.name(), parameters, s.result(), body);
        }
        if (statement instanceof Stmt.ClassDef s) {
            List<Stmt> members = mapAll(s.members(), change);
            return members == s.members() ? s : new Stmt.ClassDef(s.name(), s.base(), members);
        }
        return statement;
    }

    /** The dotted name that an expression spells, or an empty string. */
    static String dotted(Expr expression) {
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
    static Expr dotted(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0
                ? new Expr.Name(name)
                : new Expr.Attribute(dotted(name.substring(0, dot)), name.substring(dot + 1));
    }
}
