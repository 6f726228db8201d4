// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.catalog;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Descriptions by name.
 *
 * @param kind what is described, in one word
 * @param source what lists all of them, for messages
 * @param all in the order of the documentation
 * @param <T> what the descriptions make
 */
record Catalog<T>(String kind, String source, List<Description<? extends T>> all) {
    /**
     * Settings as texts: those of a method or metric, and those of a method that it holds.
     *
     * @param outer without the name of the method inside
     * @param inner without the prefix
     */
    record Parts(Map<String, String> outer, Map<String, String> inner) {
        /** Parts texts by the setting that holds the method. */
        static Parts of(Map<String, String> given, Setting<?> holding) {
            Parts parts = new Parts(new LinkedHashMap<>(), new LinkedHashMap<>());
            String prefix = holding.name() + ".";
            given.forEach((name, text) -> {
                if (name.startsWith(prefix)) {
                    parts.inner.put(name.substring(prefix.length()), text);
                } else if (!name.equals(holding.name())) {
                    parts.outer.put(name, text);
                }
            });
            return parts;
        }
    }

    /**
     * Returns the description of a name.
     *
     * @throws IllegalArgumentException naming near ones if there is none of that name
     */
    Description<? extends T> find(String name) {
        return all.stream()
                .filter(description -> description.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(kind + " '" + name + "' does not exist; "
                        + NearNames.hint(
                                name, all.stream().map(Description::name).toList())
                        + " " + source + " lists all"));
    }
}
