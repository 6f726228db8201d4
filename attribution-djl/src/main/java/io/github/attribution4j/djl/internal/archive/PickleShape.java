// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Checks an object tree: that it is made of values only, does not contain itself, and is not too deep. libtorch walks
 * and frees the tree by recursion, so a tree that fails one of these checks would crash the process.
 */
final class PickleShape {
    /** Twice the depth that the deepest accepted tree of modules needs. */
    static final int MAX_DEPTH = 500;

    /**
     * {@code argument}: whether the value is the argument of a function. A quantized tensor, for example, takes a
     * storage and the name of its scheme.
     */
    private record Level(PickleValue value, Iterator<PickleValue> parts, boolean argument) {}

    private PickleShape() {}

    /** Returns what is wrong, or null. */
    static @Nullable String problem(PickleValue root) {
        // The value is the depth below, once known. It is 0 while the walk is inside.
        IdentityHashMap<PickleValue, Integer> depths = new IdentityHashMap<>();
        Deque<Level> open = new ArrayDeque<>();
        open.push(new Level(root, parts(root).iterator(), false));
        depths.put(root, 0);
        while (!open.isEmpty()) {
            Level level = open.element();
            boolean argument = level.argument() || level.value() instanceof PickleValue.Result;
            String problem = argument ? null : unfinished(level.value());
            if (problem != null) {
                return problem;
            }
            if (level.parts().hasNext()) {
                PickleValue part = level.parts().next();
                Integer known = depths.get(part);
                if (known == null) {
                    depths.put(part, 0);
                    open.push(new Level(part, parts(part).iterator(), argument));
                } else if (known == 0) {
                    return "has " + part.kind() + " that contains itself";
                }
                if (open.size() > MAX_DEPTH) {
                    return tooDeep();
                }
            } else {
                open.pop();
                int depth = 0;
                for (PickleValue part : parts(level.value())) {
                    depth = Math.max(depth, depths.getOrDefault(part, 0));
                }
                depths.put(level.value(), depth + 1);
                if (depth > MAX_DEPTH) {
                    return tooDeep();
                }
            }
        }
        return null;
    }

    /** Finds what libtorch holds as plain numbers or tensors, which could then be mistaken for other values. */
    private static @Nullable String unfinished(PickleValue value) {
        if (value instanceof PickleValue.Global || value instanceof PickleValue.Storage) {
            return "has " + value.kind() + " where a value should be";
        }
        return value instanceof PickleValue.Instance instance && instance.state == null
                ? "has " + value.kind() + " without attributes"
                : null;
    }

    private static String tooDeep() {
        return "is nested more than " + MAX_DEPTH + " deep";
    }

    static Collection<PickleValue> parts(PickleValue value) {
        if (value instanceof PickleValue.Sequence sequence) {
            return sequence.items;
        }
        if (value instanceof PickleValue.Mapping mapping) {
            return mapping.entries.values();
        }
        if (value instanceof PickleValue.Instance instance) {
            return instance.state == null ? List.of() : List.of(instance.state);
        }
        return value instanceof PickleValue.Result result ? List.of(result.arguments()) : List.of();
    }
}
