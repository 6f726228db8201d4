// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.SummaryStatistics;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/**
 * Sums up the explained rows of a partition; failed ones are left out. Rows hold the target, and then a map of
 * attributions or one of them for each column.
 *
 * @param columns names of the columns of the table
 * @param isMap whether a map holds the attributions
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record SummarizePartition(String[] columns, boolean isMap) implements MapPartitionsFunction<Row, byte[]> {
    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<byte[]> call(Iterator<Row> rows) {
        SummaryStatistics statistics = new SummaryStatistics(List.of(columns));
        while (rows.hasNext()) {
            Row row = rows.next();
            if (!row.isNullAt(0)) {
                statistics.add(values(row), row.getString(0));
            }
        }
        return List.of(write(statistics)).iterator();
    }

    private double[] values(Row row) {
        double[] values = new double[columns.length];
        Map<String, Double> map = isMap ? row.getJavaMap(1) : Map.of();
        for (int i = 0; i < values.length; i++) {
            Double value = isMap ? map.get(columns[i]) : (Double) row.get(i + 1);
            if (value == null) {
                throw new IllegalArgumentException("column '" + columns[i] + "': a row that has a target has no"
                        + " attribution of it; give a data set that this explainer explained");
            }
            values[i] = value;
        }
        return values;
    }

    private static byte[] write(SummaryStatistics statistics) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(statistics);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Returns the statistics that a partition wrote. */
    static SummaryStatistics read(byte[] bytes) {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return (SummaryStatistics) in.readObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }
}
