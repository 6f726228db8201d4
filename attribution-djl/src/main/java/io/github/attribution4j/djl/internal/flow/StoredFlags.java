// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds attributes that have the value True, False or None in the archive, the same in all modules of a class. */
final class StoredFlags {
    private static final String SEVERAL = "";

    private StoredFlags() {}

    /**
     * Returns the constants that attributes stand for.
     *
     * @param root the archive's root object
     * @param assigned attributes that the program may assign, which are left out
     */
    static Map<Writes.Place, String> of(ProgramIndex index, PickleValue root, Set<Writes.Place> assigned) {
        Map<Writes.Place, String> flags = new HashMap<>();
        Set<PickleValue> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<PickleValue.Instance> open = new ArrayDeque<>();
        if (root instanceof PickleValue.Instance instance) {
            open.add(instance);
        }
        while (!open.isEmpty()) {
            PickleValue.Instance module = open.remove();
            if (!seen.add(module) || !index.isModule(module.type())) {
                continue;
            }
            var definition = index.definition(module.type());
            boolean own = definition != null && definition.method("__setstate__") != null;
            Map<String, PickleValue> stored = own ? Map.of() : module.attributes();
            index.attributes(module.type()).keySet().forEach(name -> {
                PickleValue value = stored.get(name);
                if (value instanceof PickleValue.Instance below) {
                    open.add(below);
                }
                Writes.Place place = new Writes.Place(module.type(), name);
                if (!assigned.contains(place)) {
                    flags.merge(place, constant(value), (a, b) -> a.equals(b) ? a : SEVERAL);
                }
            });
        }
        flags.values().removeIf(String::isEmpty);
        return flags;
    }

    private static String constant(@Nullable PickleValue value) {
        if (!(value instanceof PickleValue.Scalar scalar)) {
            return SEVERAL;
        }
        return scalar.value() == null
                ? "None"
                : Boolean.TRUE.equals(scalar.value())
                        ? "True"
                        : Boolean.FALSE.equals(scalar.value()) ? "False" : SEVERAL;
    }
}
