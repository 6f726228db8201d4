// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The shape of a value, known from its type: where its tensors are. */
public sealed interface Structure {

    /** A tensor. */
    record Tensor() implements Structure {}

    /**
     * A number, truth value or string.
     *
     * @param type {@code int}, {@code float}, {@code bool}, {@code str}, {@code NoneType}, or {@code number} for an int
     *     or a float
     */
    record Scalar(String type) implements Structure {}

    /**
     * A value or {@code None}.
     *
     * @param item the value, if it is there
     */
    record Optional(Structure item) implements Structure {}

    /**
     * A list.
     *
     * @param item the structure of each item
     */
    record ListOf(Structure item) implements Structure {}

    /**
     * A dictionary.
     *
     * @param key {@code str} or {@code int}
     * @param item the structure of each value
     */
    record DictOf(String key, Structure item) implements Structure {}

    /**
     * A tuple, named or not.
     *
     * @param className the qualified name of a NamedTuple; empty for a plain tuple
     * @param names the field names of a NamedTuple; empty for a plain tuple
     * @param items the structure of each item
     */
    record TupleOf(String className, List<String> names, List<Structure> items) implements Structure {
        public TupleOf {
            names = List.copyOf(names);
            items = List.copyOf(items);
        }
    }

    /**
     * Anything else, such as {@code Any} or an object. It is passed on unchanged, and tensors inside it are not seen.
     *
     * @param type its declared type
     */
    record Opaque(Type type) implements Structure {}

    /** {@return whether it can hold tensors that are seen} */
    default boolean hasTensors() {
        if (this instanceof Tensor) {
            return true;
        }
        if (this instanceof Optional optional) {
            return optional.item().hasTensors();
        }
        if (this instanceof ListOf list) {
            return list.item().hasTensors();
        }
        if (this instanceof DictOf dict) {
            return dict.item().hasTensors();
        }
        return this instanceof TupleOf tuple && tuple.items().stream().anyMatch(Structure::hasTensors);
    }

    /** {@return the number of tensors, a missing one counted as one; -1 if that is known at run time only} */
    default int tensors() {
        if (this instanceof Tensor) {
            return 1;
        }
        if (this instanceof Optional optional) {
            return optional.item().tensors();
        }
        if (this instanceof TupleOf tuple) {
            int sum = 0;
            for (Structure item : tuple.items()) {
                int tensors = item.tensors();
                if (tensors < 0) {
                    return -1;
                }
                sum += tensors;
            }
            return sum;
        }
        return hasTensors() ? -1 : 0;
    }

    /** {@return whether it holds anything opaque} */
    default boolean hasOpaque() {
        if (this instanceof Opaque) {
            return true;
        }
        if (this instanceof Optional optional) {
            return optional.item().hasOpaque();
        }
        if (this instanceof ListOf list) {
            return list.item().hasOpaque();
        }
        if (this instanceof DictOf dict) {
            return dict.item().hasOpaque();
        }
        return this instanceof TupleOf tuple && tuple.items().stream().anyMatch(Structure::hasOpaque);
    }

    /** Returns what a value of a type holds. */
    static Structure of(ProgramIndex index, Type type) {
        return of(index, type, 0);
    }

    private static Structure of(ProgramIndex index, Type type, int depth) {
        if (depth > ProgramIndex.MAX_DEPTH) {
            throw new RewriteException(index.archive() + ": type " + type.name() + " contains itself");
        }
        List<Structure> arguments = new ArrayList<>();
        for (Type argument : type.arguments()) {
            arguments.add(of(index, argument, depth + 1));
        }
        return switch (type.name()) {
            case "Tensor" -> new Tensor();
            case "int", "float", "bool", "str", "NoneType" -> new Scalar(type.name());
            case "Optional" -> new Optional(arguments.get(0));
            case "List" -> new ListOf(arguments.get(0));
            case "Tuple" -> new TupleOf("", List.of(), arguments);
            case "Dict" -> {
                String key = type.arguments().get(0).name();
                yield key.equals("str") || key.equals("int") ? new DictOf(key, arguments.get(1)) : new Opaque(type);
            }
            default -> named(index, type, depth);
        };
    }

    private static Structure named(ProgramIndex index, Type type, int depth) {
        if (!index.isNamedTuple(type.name())) {
            return new Opaque(type);
        }
        Map<String, Type> fields = index.attributes(type.name());
        List<Structure> items = new ArrayList<>();
        for (Type field : fields.values()) {
            items.add(of(index, field, depth + 1));
        }
        return new TupleOf(type.name(), new ArrayList<>(fields.keySet()), items);
    }
}
