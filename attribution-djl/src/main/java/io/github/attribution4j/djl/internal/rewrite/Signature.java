/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl.internal.rewrite;

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
     * @param hasDefault whether it may be left out
     * @param preset the default as source text; empty if there is none
     */
    public record Parameter(String name, Type type, Structure structure, boolean hasDefault, String preset) {}

    /** {@return the declaration as a reader expects it, for messages} */
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
