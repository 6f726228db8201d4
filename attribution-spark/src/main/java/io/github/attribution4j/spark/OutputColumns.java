// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.table.Column;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.table.TableEncoder.Attributed;
import java.io.Serializable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The columns that an explanation adds to rows of Spark. All are null where they have no value; a failed row has values
 * in the last two only.
 *
 * @param prefix of the names
 * @param columns names of the columns of the table, each of which has a column of its own; none if a map has all
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record OutputColumns(String prefix, String[] columns) implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final DataType MAP = DataTypes.createMapType(DataTypes.StringType, DataTypes.DoubleType, false);
    private static final String ATTRIBUTION = "attribution";
    private static final String ERROR = "standard_error";

    static OutputColumns of(Request request, TableEncoder encoder) {
        return new OutputColumns(
                request.prefix,
                request.inColumns
                        ? encoder.columns().stream().map(Column::name).toArray(String[]::new)
                        : new String[0]);
    }

    String attributions() {
        return prefix + ATTRIBUTION + "s";
    }

    String attribution(String column) {
        return prefix + ATTRIBUTION + "_" + column;
    }

    String target() {
        return prefix + "target";
    }

    String failure() {
        return prefix + "failure";
    }

    /** Returns the schema of rows with these columns at the end. */
    StructType added(StructType schema, Problems problems) {
        StructType added = new StructType();
        if (columns.length == 0) {
            added = added.add(attributions(), MAP).add(prefix + ERROR + "s", MAP);
        }
        for (String column : columns) {
            added = added.add(attribution(column), DataTypes.DoubleType);
        }
        for (String column : columns) {
            added = added.add(prefix + ERROR + "_" + column, DataTypes.DoubleType);
        }
        for (String number : List.of("score", "baseline_score", "completeness_gap")) {
            added = added.add(prefix + number, DataTypes.DoubleType);
        }
        for (String text : List.of(target(), prefix + "failure_kind", failure())) {
            added = added.add(text, DataTypes.StringType);
        }
        List<String> there = Arrays.asList(schema.fieldNames());
        List<String> twice =
                Arrays.stream(added.fieldNames()).filter(there::contains).toList();
        problems.require(
                twice.isEmpty(),
                "prefix '" + prefix + "': the data set has columns " + twice
                        + " already; choose another prefix for those of the explanation");
        StructType all = schema;
        for (var field : added.fields()) {
            all = all.add(field);
        }
        return all;
    }

    /** Returns a row with the values of these columns at its end. */
    Row added(Row row, Answer answer) {
        int size = row.size();
        int own = columns.length == 0 ? 2 : 2 * columns.length;
        @Nullable Object[] values = new Object[size + own + 6];
        for (int i = 0; i < size; i++) {
            values[i] = row.get(i);
        }
        boolean failed = answer.failure() != null;
        if (!failed) {
            if (columns.length == 0) {
                values[size] = map(answer.columns(), Attributed::contribution);
                values[size + 1] = answer.hasErrors() ? map(answer.columns(), Attributed::standardError) : null;
            } else {
                for (int i = 0; i < columns.length; i++) {
                    Attributed column = answer.columns().get(i);
                    values[size + i] = column.contribution();
                    values[size + columns.length + i] = number(column.standardError());
                }
            }
        }
        int at = size + own;
        values[at++] = number(answer.score());
        values[at++] = number(answer.baselineScore());
        values[at++] = number(answer.gap());
        values[at++] = failed ? null : answer.target();
        Answer.Failure failure = answer.failure();
        values[at++] = failure == null ? null : failure.kind();
        values[at] = failure == null ? null : failure.message();
        return RowFactory.create(values);
    }

    private static @Nullable Double number(double value) {
        return Double.isNaN(value) ? null : (Double) value;
    }

    private static Object map(List<Attributed> columns, ToDoubleFunction<Attributed> number) {
        Map<String, Double> map = new LinkedHashMap<>();
        columns.forEach(column -> map.put(column.column(), number.applyAsDouble(column)));
        return CollectionConverters.asScala(map);
    }
}
