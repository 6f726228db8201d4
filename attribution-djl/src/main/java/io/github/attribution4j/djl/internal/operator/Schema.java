// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.operator;

import io.github.attribution4j.djl.internal.script.Expr;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of an operator, read from the table: {@code input, weight, bias=None} has two parameters that must be
 * given, and one with a default.
 *
 * @param parameters in order
 */
record Schema(List<Parameter> parameters) {
    private static final Map<String, Schema> ALL = new ConcurrentHashMap<>();

    /** {@code preset} is null where the argument must be given. */
    record Parameter(String name, @Nullable Expr preset) {}

    /** Returns the schema that a text of the table spells. */
    static Schema of(String text) {
        return ALL.computeIfAbsent(text, Schema::read);
    }

    private static Schema read(String text) {
        List<Parameter> parameters = new ArrayList<>();
        for (String part : text.split(", ", -1)) {
            int equals = part.indexOf('=');
            String value = equals < 0 ? "" : part.substring(equals + 1);
            Expr preset = equals < 0
                    ? null
                    : value.equals("[]") ? new Expr.ListOf(List.of(), false) : new Expr.Literal(value);
            parameters.add(new Parameter(equals < 0 ? part : part.substring(0, equals), preset));
        }
        return new Schema(parameters);
    }

    /** Returns every parameter's argument or default by name; null if the call does not fit. */
    @Nullable
    Map<String, Expr> bind(Expr.Call call) {
        Map<String, Expr> bound = new HashMap<>();
        for (int i = 0; i < call.arguments().size(); i++) {
            if (i >= parameters.size()) {
                return null;
            }
            bound.put(parameters.get(i).name(), call.arguments().get(i));
        }
        for (Expr.Keyword keyword : call.keywords()) {
            if (parameters.stream().noneMatch(p -> p.name().equals(keyword.name()))) {
                return null;
            }
            bound.put(keyword.name(), keyword.value());
        }
        for (Parameter parameter : parameters) {
            Expr preset = parameter.preset();
            if (!bound.containsKey(parameter.name())) {
                if (preset == null) {
                    return null;
                }
                bound.put(parameter.name(), preset);
            }
        }
        return bound;
    }
}
