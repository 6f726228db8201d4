// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.List;

/**
 * How a model is called.
 *
 * @param parameters the parameters of the root's {@code forward}, without the object
 * @param resultType the declared type of the result
 * @param result its structure
 */
public record Signature(List<Parameter> parameters, Type resultType, Structure result) {
    public Signature {
        parameters = List.copyOf(parameters);
    }

    /**
     * One parameter.
     *
     * @param name its name in the archive; traces invent names
     * @param type its declared type
     * @param structure where its tensors are
     * @param hasDefault whether it may be omitted
     * @param preset the default as source text; empty if there is none
     */
    public record Parameter(String name, Type type, Structure structure, boolean hasDefault, String preset) {}

    /**
     * Returns how a model is called.
     *
     * @return the signature of the root's {@code forward}
     * @throws RewriteException if there is no such method
     */
    public static Signature of(ProgramIndex index) {
        Stmt.ClassDef root = index.root().definition();
        Stmt.Def forward = root.method("forward");
        if (forward == null) {
            throw new RewriteException(index.archive() + ": its root module has no method 'forward' (methods: "
                    + EntryMethod.names(root)
                    + "); choose one when loading: LoadOptions.defaults().method(...), --model-method");
        }
        List<Parameter> parameters = parameters(index, forward).stream()
                .map(p -> new Parameter(p.name(), p.type(), passed(index, p.type()), p.hasDefault(), p.preset()))
                .toList();
        return new Signature(
                parameters, ProgramIndex.resultType(forward), Structure.of(index, ProgramIndex.resultType(forward)));
    }

    /**
     * Returns what is passed for a parameter of the root. A type that allows several kinds stands for a tensor if one
     * of them is that, else for the first.
     */
    private static Structure passed(ProgramIndex index, Type type) {
        if (type.name().equals("Any")) {
            return new Structure.Tensor();
        }
        if (type.name().equals("number")) {
            return new Structure.Scalar("number");
        }
        if (type.name().equals("Optional")) {
            return new Structure.Optional(passed(index, type.arguments().get(0)));
        }
        if (!type.name().equals("Union")) {
            return Structure.of(index, type);
        }
        List<Type> choices = type.arguments().stream()
                .filter(choice -> !choice.name().equals("NoneType"))
                .toList();
        Structure first = choices.contains(Type.TENSOR)
                ? new Structure.Tensor()
                : choices.stream()
                        .map(choice -> passed(index, choice))
                        .filter(structure -> !structure.hasOpaque())
                        .findFirst()
                        .orElse(new Structure.Opaque(type));
        return choices.size() == type.arguments().size() || first.hasOpaque() ? first : new Structure.Optional(first);
    }

    /** Returns the parameters of a method, without the object. */
    public static List<Parameter> parameters(ProgramIndex index, Stmt.Def method) {
        List<Parameter> parameters = new ArrayList<>();
        for (Stmt.Parameter parameter :
                method.parameters().subList(1, method.parameters().size())) {
            Type type = parameter.type() == null ? Type.TENSOR : parameter.type();
            Expr preset = parameter.preset();
            parameters.add(new Parameter(
                    parameter.name(),
                    type,
                    Structure.of(index, type),
                    preset != null,
                    preset == null ? "" : Printer.print(preset)));
        }
        return parameters;
    }

    /** {@return the declaration as Python writes it, for messages} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("forward(");
        for (Parameter parameter : parameters) {
            text.append(text.length() > 8 ? ", " : "")
                    .append(parameter.name())
                    .append(": ")
                    .append(parameter.type());
            text.append(parameter.hasDefault() ? "=" + parameter.preset() : "");
        }
        return text.append(") -> ").append(resultType).toString();
    }
}
