// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Rows of either kind as maps. */
final class TableRows {
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
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (RecordComponent component : row.getClass().getRecordComponents()) {
            try {
                component.getAccessor().setAccessible(true);
                values.put(component.getName(), component.getAccessor().invoke(row));
            } catch (IllegalAccessException | InaccessibleObjectException e) {
                throw new IllegalArgumentException(
                        "row " + number + ": record " + row.getClass().getName()
                                + " cannot be read; open its package to io.github.attribution4j.core, or give a Map",
                        e);
            } catch (InvocationTargetException e) {
                throw new IllegalArgumentException(
                        "row " + number + ", column '" + component.getName() + "': its accessor failed", e);
            }
        }
        return values;
    }

    /** Returns the columns of all rows, in the order in which they are met. */
    static List<String> columns(List<?> rows) {
        Map<String, Boolean> names = new LinkedHashMap<>();
        for (int row = 0; row < rows.size(); row++) {
            for (Object key : values(row, rows.get(row)).keySet()) {
                names.put(String.valueOf(key), true);
            }
        }
        return List.copyOf(names.keySet());
    }
}
