// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.util.List;

/**
 * A type: {@code Tensor}, {@code Optional[int]}, {@code __torch__.a.Net}.
 *
 * @param name the qualified name, without arguments
 * @param arguments type arguments
 * @param generic whether brackets are written, also around no arguments, as in {@code Tuple[()]}
 */
public record Type(String name, List<Type> arguments, boolean generic) {
    /** {@code Tensor}. */
    public static final Type TENSOR = of("Tensor");

    public Type {
        arguments = List.copyOf(arguments);
    }

    /**
     * Returns the type of that name without arguments.
     *
     * @param name a qualified name
     * @return the type of that name without arguments
     */
    public static Type of(String name) {
        return new Type(name, List.of(), false);
    }

    /**
     * Returns the generic type.
     *
     * @param name the name of a generic type
     * @param arguments its arguments
     * @return the generic type
     */
    public static Type generic(String name, Type... arguments) {
        return new Type(name, List.of(arguments), true);
    }

    /** {@return as written in the source} */
    @Override
    public String toString() {
        if (!generic) {
            return name;
        }
        if (arguments.isEmpty()) {
            return name + "[()]";
        }
        StringBuilder text = new StringBuilder(name).append('[');
        for (int i = 0; i < arguments.size(); i++) {
            text.append(i == 0 ? "" : ", ").append(arguments.get(i));
        }
        return text.append(']').toString();
    }
}
