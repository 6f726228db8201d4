// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.table;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.table.Column.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds out what the columns of rows are. */
final class Inference {
    private Inference() {}

    static TableEncoder of(List<?> rows) {
        Problems problems = new Problems();
        problems.require(!rows.isEmpty(), "rows: there are none to infer columns from; give at least one");
        problems.throwIfAny();
        Map<String, ColumnValues> columns = new LinkedHashMap<>();
        boolean ordered = true;
        for (int row = 0; row < rows.size(); row++) {
            Object values = rows.get(row);
            for (Map.Entry<?, ?> value : TableRows.values(row, values).entrySet()) {
                columns.computeIfAbsent(String.valueOf(value.getKey()), ColumnValues::new)
                        .add(row, value.getValue());
            }
            ordered &= !TableRows.hasNoOrder(values);
        }
        TableEncoder encoder = TableEncoder.none();
        for (ColumnValues values : (ordered ? columns : new TreeMap<>(columns)).values()) {
            Column column = values.column(rows.size(), problems);
            encoder = column == null ? encoder : encoder.with(column);
        }
        problems.throwIfAny();
        return encoder;
    }

    /** The values of one column, and what they have in common. */
    private static final class ColumnValues {
        private final String name;
        private final TreeSet<String> texts = new TreeSet<>();
        private final List<String> wrong = new ArrayList<>();
        /** How many rows have the column. */
        private int seen;

        private boolean missing;
        private @Nullable Object first;
        private int firstRow;
        private boolean mixed;
        private boolean composed;
        private boolean lacks;

        ColumnValues(String name) {
            this.name = name;
        }

        void add(int row, @Nullable Object value) {
            lacking(row);
            seen++;
            if (value == null || (value instanceof Number number && Double.isNaN(number.doubleValue()))) {
                missing = true;
                return;
            }
            if (first == null) {
                first = value;
                firstRow = row;
            } else if (!mixed && !kind(first).equals(kind(value))) {
                mixed = true;
                wrong.add("column '" + name + "': '" + first + "' of row " + firstRow + " is " + kind(first) + ", '"
                        + value + "' of row " + row + " is " + kind(value)
                        + "; convert them, or list the columns instead");
            }
            if (!(Column.isSingle(value) || composed)) {
                composed = true;
                wrong.add("column '" + name + "': '" + value + "' of row " + row + " ("
                        + value.getClass().getSimpleName() + ") is no single value; give each part a column");
            } else if (!(value instanceof Number)) {
                texts.add(Column.text(value));
            }
        }

        /** Notes the first row that lacks the column, if one of those before the given one does. */
        private void lacking(int row) {
            if (seen < row && !lacks) {
                lacks = true;
                wrong.add("row " + seen + " has no column '" + name
                        + "', which others have; give null where a value is missing");
            }
        }

        private static String kind(Object value) {
            if (value instanceof Number) {
                return "a number";
            }
            return value instanceof Boolean ? "a boolean" : "a category";
        }

        @Nullable
        Column column(int rows, Problems problems) {
            lacking(rows);
            wrong.forEach(problems::add);
            if (!wrong.isEmpty()) {
                return null;
            }
            Object some = first;
            if (some == null) {
                problems.add("column '" + name + "': no row has a value; leave it out, or list the columns instead");
                return null;
            }
            if (some instanceof Number) {
                return new Column(name, Kind.NUMBER, List.of(), missing);
            }
            if (some instanceof Boolean) {
                return new Column(name, Kind.BOOLEAN, List.of(), missing);
            }
            List<String> categories = some instanceof Enum<?> constant
                    ? Arrays.stream(constant.getDeclaringClass().getEnumConstants())
                            .map(Enum::name)
                            .toList()
                    : List.copyOf(texts);
            return new Column(name, Kind.INDEX, categories, missing);
        }
    }
}
