// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.spark.BlockExplainer.Keyed;
import io.github.attribution4j.table.Column;
import io.github.attribution4j.table.TableEncoder;
import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Where the columns of a table stand in rows of Spark.
 *
 * @param names of the columns
 * @param places the position of each; none if a map holds them by name
 * @param within position of the column that holds them all; -1 if they are columns of the data set
 * @param key position of the key; -1 if there is none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record InputColumns(String[] names, int[] places, int within, int key) implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * Finds columns by name; adds what is missing or of the wrong type to the problems.
     *
     * @param within the struct or map whose fields or entries they are; empty for columns of the data set
     * @param key empty for none
     */
    static InputColumns of(StructType schema, TableEncoder encoder, String within, String key, Problems problems) {
        List<String> there = Arrays.asList(schema.fieldNames());
        int all = within.isEmpty() ? -1 : there.indexOf(within);
        int keyPlace = key.isEmpty() ? -1 : there.indexOf(key);
        requireThere("features", within, all, there, problems);
        requireThere("key", key, keyPlace, there, problems);
        List<Column> columns = encoder.columns();
        int[] places = new int[0];
        if (within.isEmpty()) {
            places = places(columns, schema, "the data set", problems);
        } else if (all >= 0) {
            DataType type = schema.fields()[all].dataType();
            if (type instanceof StructType fields) {
                places = places(columns, fields, "'" + within + "'", problems);
            } else if (type instanceof MapType map && map.keyType() instanceof StringType) {
                columns.forEach(column -> requireFit(column, map.valueType(), problems));
            } else {
                problems.add("features '" + within + "': is of type " + type.simpleString()
                        + "; it must be a struct, or a map with names as keys");
            }
        }
        return new InputColumns(columns.stream().map(Column::name).toArray(String[]::new), places, all, keyPlace);
    }

    private static void requireThere(String what, String name, int place, List<String> there, Problems problems) {
        problems.require(
                name.isEmpty() || place >= 0,
                what + " '" + name + "': the data set has no column of that name; it has " + there);
    }

    private static int[] places(List<Column> columns, StructType fields, String owner, Problems problems) {
        List<String> there = Arrays.asList(fields.fieldNames());
        int[] places = new int[columns.size()];
        for (int i = 0; i < places.length; i++) {
            Column column = columns.get(i);
            places[i] = there.indexOf(column.name());
            if (places[i] < 0) {
                problems.add("column '" + column.name() + "': " + owner + " has none of that name; it has " + there);
            } else {
                requireFit(column, fields.fields()[places[i]].dataType(), problems);
            }
        }
        return places;
    }

    private static void requireFit(Column column, DataType type, Problems problems) {
        boolean fits = switch (column.kind()) {
            case NUMBER -> type instanceof NumericType;
            case BOOLEAN -> type instanceof BooleanType;
            case INDEX, ONE_HOT ->
                type instanceof StringType || type instanceof NumericType || type instanceof BooleanType;
        };
        problems.require(
                fits,
                "column '" + column.name() + "': is of type " + type.simpleString() + ", and the encoder takes a "
                        + column.kind() + "; cast it in the data set, or change the encoder");
    }

    Keyed values(Row row) {
        Map<String, @Nullable Object> values = new HashMap<>();
        if (within >= 0 && places.length == 0) {
            Map<String, Object> map = row.isNullAt(within) ? Map.of() : row.getJavaMap(within);
            for (String name : names) {
                values.put(name, map.get(name));
            }
        } else {
            Row holder = within < 0 ? row : row.getStruct(within);
            for (int i = 0; i < names.length; i++) {
                values.put(names[i], holder == null ? null : holder.get(places[i]));
            }
        }
        return new Keyed(values, key < 0 ? null : row.get(key));
    }
}
