// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Names of rows and columns: short where they differ. */
final class Labels {
    private Labels() {}

    /**
     * Returns things by label, in order: by name, or in words where several share a name.
     *
     * @param kind what they are, for messages
     */
    static <T> Map<String, T> of(
            String kind,
            List<? extends T> things,
            Function<? super T, String> name,
            Function<? super T, String> words) {
        if (things.isEmpty()) {
            throw new IllegalArgumentException("benchmark: no " + kind + " given; give at least one");
        }
        Set<String> once = new HashSet<>();
        Set<String> shared = new HashSet<>();
        for (T thing : things) {
            if (!once.add(name.apply(thing))) {
                shared.add(name.apply(thing));
            }
        }
        Map<String, T> labelled = new LinkedHashMap<>();
        for (T thing : things) {
            String label = shared.contains(name.apply(thing)) ? words.apply(thing) : name.apply(thing);
            if (labelled.put(label, thing) != null) {
                throw new IllegalArgumentException(
                        "benchmark: " + kind + " " + label + " is given twice; give it once");
            }
        }
        return Collections.unmodifiableMap(labelled);
    }
}
