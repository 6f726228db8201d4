// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An expression. Types occur as expressions too, in {@code annotate(List[int], [])}. */
public sealed interface Expr {

    /**
     * A plain name: a variable, a type, {@code torch}, {@code __torch__}.
     *
     * @param id the name
     */
    record Name(String id) implements Expr {}

    /**
     * {@code True}, {@code None}, a number, {@code inf} or a complex number. It keeps its spelling.
     *
     * @param text as written, with its sign
     */
    record Literal(String text) implements Expr {}

    /**
     * A string.
     *
     * @param raw as written, with quotes and escapes
     */
    record Text(String raw) implements Expr {
        /** {@return the string that it stands for} */
        public String value() {
            return Strings.unquote(raw);
        }

        /**
         * Returns the literal that stands for it.
         *
         * @param value any string
         * @return the literal that stands for it
         */
        public static Text of(String value) {
            return new Text(Strings.quote(value));
        }
    }

    /**
     * {@code value.name}.
     *
     * @param value the object
     * @param name the attribute
     */
    record Attribute(Expr value, String name) implements Expr {}

    /**
     * {@code (value)}, which the serializer writes around receivers.
     *
     * @param value what is inside
     */
    record Parens(Expr value) implements Expr {}

    /**
     * A call. The serializer writes a comma after the last argument of a method or function, and none after that of an
     * operator.
     *
     * @param callee what is called
     * @param arguments positional arguments
     * @param keywords keyword arguments, after the positional ones
     * @param trailingComma whether a comma follows the last argument
     */
    record Call(Expr callee, List<Expr> arguments, List<Keyword> keywords, boolean trailingComma) implements Expr {
        public Call {
            arguments = List.copyOf(arguments);
            keywords = List.copyOf(keywords);
        }
    }

    /**
     * {@code name=value} in a call.
     *
     * @param name the parameter
     * @param value its value
     */
    record Keyword(String name, Expr value) {}

    /**
     * {@code value[index, ...]}.
     *
     * @param value what is indexed
     * @param indices one or, in types, several
     */
    record Index(Expr value, List<Expr> indices) implements Expr {
        public Index {
            indices = List.copyOf(indices);
        }
    }

    /**
     * {@code from:to} within brackets: a part of a tuple, in programs of PyTorch 1.3 to 1.5.
     *
     * @param from where the part begins, or null
     * @param to where it ends, or null
     */
    record Slice(@Nullable Expr from, @Nullable Expr to) implements Expr {}

    /**
     * {@code [a, b]}.
     *
     * @param items the items
     * @param trailingComma whether a comma follows the last
     */
    record ListOf(List<Expr> items, boolean trailingComma) implements Expr {
        public ListOf {
            items = List.copyOf(items);
        }
    }

    /**
     * {@code (a, b)}.
     *
     * @param items the items
     * @param trailingComma whether a comma follows the last; always with one item
     */
    record TupleOf(List<Expr> items, boolean trailingComma) implements Expr {
        public TupleOf {
            items = List.copyOf(items);
        }
    }

    /**
     * {@code {k: v}}.
     *
     * @param entries the entries
     * @param trailingComma whether a comma follows the last
     */
    record DictOf(List<Entry> entries, boolean trailingComma) implements Expr {
        public DictOf {
            entries = List.copyOf(entries);
        }
    }

    /**
     * {@code key: value} in a dictionary.
     *
     * @param key the key
     * @param value the value
     */
    record Entry(Expr key, Expr value) {}
}
