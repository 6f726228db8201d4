// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.metric.agreement.Agreement;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds the settings of a method or a metric, and of the method that it holds. */
public final class Places {
    public static final String BASELINE = "baseline";
    public static final String MASK = "mask";
    public static final String REGION = "region";
    public static final String LAYER = "layer";
    public static final String UNIT = "unit";

    private static final String METHOD = NoiseTunnel.METHOD.name();

    /** Settings that hold a method. */
    private static final List<String> HOLDING = List.of(METHOD, Agreement.REFERENCE.name());

    private Places() {}

    /**
     * Returns the name of a setting: its own, or its name as a setting of the wrapped method.
     *
     * @param method name
     * @param given settings as texts, which name the wrapped method
     * @param setting for instance {@code baseline}
     */
    public static Optional<String> path(String method, Map<String, String> given, String setting) {
        return path(Methods.find(method), given, setting);
    }

    /**
     * Returns the name of a setting: its own, or its name as a setting of the method inside.
     *
     * @param description of a method, or of a metric
     * @param given settings as texts, which name the method inside
     * @param setting for instance {@code baseline}
     */
    public static Optional<String> path(Description<?> description, Map<String, String> given, String setting) {
        if (description.has(setting)) {
            return Optional.of(setting);
        }
        for (String holding : HOLDING) {
            String inner = given.get(holding);
            if (description.has(holding) && inner != null && !inner.equals("none")) {
                return path(inner, inner(holding, given), setting).map(path -> holding + "." + path);
            }
        }
        return Optional.empty();
    }

    /** Returns what a method and the method that it wraps need of a model. */
    public static Need need(String method, Map<String, String> given) {
        Description<?> description = Methods.find(method);
        String inner = given.get(METHOD);
        return description.has(METHOD) && inner != null ? need(inner, inner(METHOD, given)) : description.need();
    }

    private static Map<String, String> inner(String holding, Map<String, String> given) {
        Map<String, String> inner = new LinkedHashMap<>();
        given.forEach((name, value) -> {
            if (name.startsWith(holding + ".")) {
                inner.put(name.substring(holding.length() + 1), value);
            }
        });
        return inner;
    }
}
