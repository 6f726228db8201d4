// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Rows of either kind as maps. */
final class TableRows {
    private static final Set<Class<?>> WITHOUT_ORDER =
            Set.of(HashMap.class, ConcurrentHashMap.class, Hashtable.class, WeakHashMap.class, IdentityHashMap.class);

    /** What {@code Map.of} returns: maps whose order differs between two runs. */
    private static final String IMMUTABLE = "java.util.ImmutableCollections$Map";

    /** The components of a record, readable; looking them up takes longer than reading them. */
    private static final ClassValue<RecordComponent[]> COMPONENTS = new ClassValue<>() {
        @Override
        protected RecordComponent[] computeValue(Class<?> type) {
            RecordComponent[] components = type.getRecordComponents();
            for (RecordComponent component : components) {
                component.getAccessor().setAccessible(true);
            }
            return components;
        }
    };

    private TableRows() {}

    /**
     * Returns a row's values by column.
     *
     * @param row a map or a record
     * @throws IllegalArgumentException if it is neither
     */
    static Map<?, ?> values(int number, @Nullable Object row) {
        if (row instanceof Map<?, ?> map) {
            return map;
        }
        if (row instanceof Record fields) {
            return values(number, fields);
        }
        throw new IllegalArgumentException("row " + number + " is "
                + (row == null ? "null" : "a " + row.getClass().getName())
                + "; give a Map from column to value, or a record");
    }

    private static Map<String, @Nullable Object> values(int number, Record row) {
        RecordComponent[] components;
        try {
            components = COMPONENTS.get(row.getClass());
        } catch (InaccessibleObjectException e) {
            throw unreadable(number, row, e);
        }
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (RecordComponent component : components) {
            try {
                values.put(component.getName(), component.getAccessor().invoke(row));
            } catch (IllegalAccessException e) {
                throw unreadable(number, row, e);
            } catch (InvocationTargetException e) {
                throw new IllegalArgumentException(
                        "row " + number + ", column '" + component.getName() + "': its accessor failed", e);
            }
        }
        return values;
    }

    private static IllegalArgumentException unreadable(int number, Record row, Exception e) {
        return new IllegalArgumentException(
                "row " + number + ": record " + row.getClass().getName()
                        + " cannot be read; open its package to io.github.attribution4j.core, or give a Map",
                e);
    }

    /** Returns whether the columns of a row have no order of their own: they are in a hash map. */
    static boolean hasNoOrder(Object row) {
        return WITHOUT_ORDER.contains(row.getClass())
                || row.getClass().getName().startsWith(IMMUTABLE);
    }
}
