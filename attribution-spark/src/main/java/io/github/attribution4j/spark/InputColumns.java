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
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Where the columns of a table stand in rows of Spark.
 *
 * @param names of the columns
 * @param places the position of each
 * @param key position of the key; -1 if there is none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record InputColumns(String[] names, int[] places, int key) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Finds columns by name; adds what is missing or of the wrong type to the problems. */
    static InputColumns of(StructType schema, TableEncoder encoder, String key, Problems problems) {
        List<String> there = Arrays.asList(schema.fieldNames());
        List<Column> columns = encoder.columns();
        int[] places = new int[columns.size()];
        for (int i = 0; i < places.length; i++) {
            Column column = columns.get(i);
            places[i] = there.indexOf(column.name());
            if (places[i] < 0) {
                problems.add("column '" + column.name() + "': the data set has none of that name; it has " + there);
            } else {
                requireFit(column, schema.fields()[places[i]].dataType(), problems);
            }
        }
        int keyPlace = key.isEmpty() ? -1 : there.indexOf(key);
        problems.require(
                key.isEmpty() || keyPlace >= 0,
                "key '" + key + "': the data set has no column of that name; it has " + there);
        return new InputColumns(columns.stream().map(Column::name).toArray(String[]::new), places, keyPlace);
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
        for (int i = 0; i < names.length; i++) {
            values.put(names[i], row.get(places[i]));
        }
        return new Keyed(values, key < 0 ? null : row.get(key));
    }
}
