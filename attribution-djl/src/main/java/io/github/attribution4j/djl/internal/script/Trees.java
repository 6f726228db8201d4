// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Walks over syntax trees. Every other class that reads or changes a program goes through these methods, and names only
 * the statements and expressions that it treats itself. What does not change is not copied.
 */
public final class Trees {
    private Trees() {}

    /**
     * Changes an expression from the leaves up: {@code change} gets every node after its parts. What does not change is
     * not copied.
     */
    public static Expr map(Expr expression, UnaryOperator<Expr> change) {
        return change.apply(children(expression, part -> map(part, change)));
    }

    /** Changes the parts of an expression, but not the expression itself. */
    public static Expr children(Expr expression, UnaryOperator<Expr> change) {
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

    /** Changes every element; returns the list itself if none changes. */
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

    /** Returns the type that an expression spells. */
    public static Type type(Expr expression) {
        return expression instanceof Expr.Index generic
                ? new Type(
                        dotted(generic.value()),
                        generic.indices().stream().map(Trees::type).toList(),
                        true)
                : Type.of(dotted(expression));
    }

    public static List<Expr> map(List<Expr> expressions, UnaryOperator<Expr> change) {
        return each(expressions, expression -> map(expression, change));
    }

    /**
     * Changes every expression in statements by {@link #map(Expr, UnaryOperator)}. What does not change is not copied.
     */
    public static List<Stmt> mapAll(List<Stmt> statements, UnaryOperator<Expr> change) {
        return each(statements, statement -> map(statement, change));
    }

    /** Passes every expression in statements to {@code reader}, each after its parts. */
    public static void forEach(List<Stmt> statements, Consumer<Expr> reader) {
        mapAll(statements, expression -> {
            reader.accept(expression);
            return expression;
        });
    }

    /** Collects all assignments at any depth. */
    public static void assignments(List<Stmt> statements, List<Stmt.Assign> found) {
        for (Stmt statement : statements) {
            if (statement instanceof Stmt.Assign assign) {
                found.add(assign);
            } else {
                blocks(statement).forEach(block -> assignments(block, found));
            }
        }
    }

    /** Returns the statements inside a statement, block by block. */
    public static List<List<Stmt>> blocks(Stmt statement) {
        List<List<Stmt>> blocks = new ArrayList<>(2);
        parts(statement, UnaryOperator.identity(), block -> {
            blocks.add(block);
            return block;
        });
        return blocks;
    }

    private static Stmt map(Stmt statement, UnaryOperator<Expr> change) {
        return parts(statement, expression -> map(expression, change), block -> mapAll(block, change));
    }

    /**
     * Changes the parts of a statement in the order of the text: its expressions, and its blocks of statements. What
     * does not change is not copied. Every walk over statements ends here; a walk handles only the statements that it
     * treats in another way.
     */
    public static Stmt parts(Stmt statement, UnaryOperator<Expr> change, UnaryOperator<List<Stmt>> block) {
        if (statement instanceof Stmt.Assign s) {
            List<Expr> targets = each(s.targets(), change);
            List<Expr> values = each(s.values(), change);
            return targets == s.targets() && values == s.values()
                    ? s
                    : new Stmt.Assign(targets, s.unpack(), s.type(), values);
        }
        if (statement instanceof Stmt.Return s) {
            List<Expr> values = each(s.values(), change);
            return values == s.values() ? s : new Stmt.Return(values);
        }
        if (statement instanceof Stmt.Evaluate s) {
            Expr value = change.apply(s.value());
            return value == s.value() ? s : new Stmt.Evaluate(value);
        }
        if (statement instanceof Stmt.If s) {
            Expr condition = change.apply(s.condition());
            List<Stmt> then = block.apply(s.then());
            List<Stmt> otherwise = block.apply(s.otherwise());
            return condition == s.condition() && then == s.then() && otherwise == s.otherwise()
                    ? s
                    : new Stmt.If(condition, then, otherwise);
        }
        if (statement instanceof Stmt.For s) {
            Expr iterable = change.apply(s.iterable());
            List<Stmt> body = block.apply(s.body());
            return iterable == s.iterable() && body == s.body() ? s : new Stmt.For(s.targets(), iterable, body);
        }
        if (statement instanceof Stmt.While s) {
            Expr condition = change.apply(s.condition());
            List<Stmt> body = block.apply(s.body());
            return condition == s.condition() && body == s.body() ? s : new Stmt.While(condition, body);
        }
        if (statement instanceof Stmt.With s) {
            List<Stmt.WithItem> items = each(s.items(), item -> {
                Expr context = change.apply(item.context());
                return context == item.context() ? item : new Stmt.WithItem(context, item.target());
            });
            List<Stmt> body = block.apply(s.body());
            return items == s.items() && body == s.body() ? s : new Stmt.With(items, body);
        }
        if (statement instanceof Stmt.Def s) {
            List<Stmt.Parameter> parameters = each(s.parameters(), parameter -> {
                Expr preset = parameter.preset();
                Expr changed = preset == null ? null : change.apply(preset);
                return changed == preset ? parameter : new Stmt.Parameter(parameter.name(), parameter.type(), changed);
            });
            List<Stmt> body = block.apply(s.body());
            return parameters == s.parameters() && body == s.body()
                    ? s
                    : new Stmt.Def(s.name(), parameters, s.result(), body);
        }
        if (statement instanceof Stmt.ClassDef s) {
            List<Stmt> members = block.apply(s.members());
            return members == s.members() ? s : new Stmt.ClassDef(s.name(), s.base(), members);
        }
        return statement;
    }

    /** Returns the dotted name that an expression spells, or an empty string. */
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

    /** Returns a dotted name as an expression. */
    public static Expr dotted(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0
                ? new Expr.Name(name)
                : new Expr.Attribute(dotted(name.substring(0, dot)), name.substring(dot + 1));
    }
}
