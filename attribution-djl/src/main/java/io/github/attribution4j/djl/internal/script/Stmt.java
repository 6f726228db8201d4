// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement, or a member of a class. */
public sealed interface Stmt {

    /**
     * An assignment: {@code x = e}, {@code x : T = e}, {@code a, b = c, d}, {@code a, b, = e}, {@code self.n = e} or
     * {@code __annotations__["0"] = T}.
     *
     * @param targets the left sides
     * @param unpack whether one value is unpacked into the targets: a comma before the equals sign
     * @param type the declared type, or null
     * @param values one value, or one for each target
     */
    record Assign(
            List<Expr> targets, boolean unpack, @Nullable Type type, List<Expr> values) implements Stmt {
        public Assign {
            targets = List.copyOf(targets);
            values = List.copyOf(values);
        }

        /**
         * Returns {@code name = value}.
         *
         * @param name a variable
         * @param value its value
         * @return {@code name = value}
         */
        public static Assign of(String name, Expr value) {
            return new Assign(List.of(new Expr.Name(name)), false, null, List.of(value));
        }
    }

    /**
     * {@code name : T}, the declaration of an attribute or a field.
     *
     * @param name the name
     * @param type its type
     */
    record Declaration(String name, Type type) implements Stmt {}

    /**
     * {@code return e}.
     *
     * @param values none, one or several
     */
    record Return(List<Expr> values) implements Stmt {
        public Return {
            values = List.copyOf(values);
        }
    }

    /**
     * An expression that is evaluated for its effect.
     *
     * @param value the expression
     */
    record Evaluate(Expr value) implements Stmt {}

    /** {@code pass}. */
    record Pass() implements Stmt {}

    /**
     * {@code if}.
     *
     * @param condition the condition
     * @param then the statements for true
     * @param otherwise the statements for false; empty if there is no else
     */
    record If(Expr condition, List<Stmt> then, List<Stmt> otherwise) implements Stmt {
        public If {
            then = List.copyOf(then);
            otherwise = List.copyOf(otherwise);
        }
    }

    /**
     * {@code for}.
     *
     * @param targets loop variables
     * @param iterable what is iterated
     * @param body the body
     */
    record For(List<Expr> targets, Expr iterable, List<Stmt> body) implements Stmt {
        public For {
            targets = List.copyOf(targets);
            body = List.copyOf(body);
        }
    }

    /**
     * {@code while}.
     *
     * @param condition the condition
     * @param body the body
     */
    record While(Expr condition, List<Stmt> body) implements Stmt {
        public While {
            body = List.copyOf(body);
        }
    }

    /**
     * {@code with a, b as c:}.
     *
     * @param items the contexts
     * @param body the body
     */
    record With(List<WithItem> items, List<Stmt> body) implements Stmt {
        public With {
            items = List.copyOf(items);
            body = List.copyOf(body);
        }
    }

    /**
     * One context of a {@code with}.
     *
     * @param context the object
     * @param target the variable it is bound to, or null
     */
    record WithItem(Expr context, @Nullable Expr target) {}

    /**
     * A function, a method, or a closure within a body.
     *
     * @param name its name
     * @param parameters its parameters; the first of a method is the object
     * @param result the declared type of the result, or null
     * @param body its statements
     */
    record Def(
            String name,
            List<Parameter> parameters,
            @Nullable Type result,
            List<Stmt> body) implements Stmt {
        public Def {
            parameters = List.copyOf(parameters);
            body = List.copyOf(body);
        }
    }

    /**
     * A parameter.
     *
     * @param name its name
     * @param type its type, or null
     * @param preset its default, or null
     */
    record Parameter(
            String name, @Nullable Type type, @Nullable Expr preset) {}

    /**
     * A class.
     *
     * @param name its simple name
     * @param base {@code Module}, {@code NamedTuple}, {@code Enum}, {@code ModuleInterface}, or null
     * @param members declarations, assignments and methods
     */
    record ClassDef(String name, @Nullable String base, List<Stmt> members) implements Stmt {
        public ClassDef {
            members = List.copyOf(members);
        }

        /**
         * Returns the method, or null.
         *
         * @param method a method's name
         * @return the method, or null
         */
        public @Nullable Def method(String method) {
            for (Stmt member : members) {
                if (member instanceof Def def && def.name().equals(method)) {
                    return def;
                }
            }
            return null;
        }
    }

    /**
     * A file: classes, functions and, in old archives, assignments.
     *
     * @param path the path below {@code code/}
     * @param statements the content
     */
    record File(String path, List<Stmt> statements) {
        public File {
            statements = List.copyOf(statements);
        }

        /** {@return the prefix of the qualified names of what is defined here, {@code __torch__.a.b}} */
        public String module() {
            return path.substring(0, path.length() - ".py".length()).replace('/', '.');
        }
    }
}
