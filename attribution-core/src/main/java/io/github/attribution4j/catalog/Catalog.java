// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.catalog;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.setting.Description;
import java.util.List;

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
