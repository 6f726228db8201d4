// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Finds the settings of a method, and of the method that it wraps. */
public final class Places {
    public static final String BASELINE = "baseline";
    public static final String MASK = "mask";
    public static final String LAYER = "layer";
    public static final String UNIT = "unit";

    private static final String METHOD = NoiseTunnel.METHOD.name();

    private Places() {}

    /**
     * Returns the name of a setting: its own, or its name as a setting of the wrapped method.
     *
     * @param method name
     * @param given settings as texts, which name the wrapped method
     * @param setting for instance {@code baseline}
     */
    public static Optional<String> path(String method, Map<String, String> given, String setting) {
        Description<?> description = Methods.find(method);
        if (description.has(setting)) {
            return Optional.of(setting);
        }
        String inner = given.get(METHOD);
        return description.has(METHOD) && inner != null
                ? path(inner, inner(given), setting).map(path -> METHOD + "." + path)
                : Optional.empty();
    }

    /** Returns what a method and the method that it wraps need of a model. */
    public static Need need(String method, Map<String, String> given) {
        Description<?> description = Methods.find(method);
        String inner = given.get(METHOD);
        return description.has(METHOD) && inner != null ? need(inner, inner(given)) : description.need();
    }

    private static Map<String, String> inner(Map<String, String> given) {
        Map<String, String> inner = new LinkedHashMap<>();
        given.forEach((name, value) -> {
            if (name.startsWith(METHOD + ".")) {
                inner.put(name.substring(METHOD.length() + 1), value);
            }
        });
        return inner;
    }
}
