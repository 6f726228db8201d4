// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.script.Type;
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
