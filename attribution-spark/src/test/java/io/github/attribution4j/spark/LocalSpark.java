// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/** The one session of the tests: two threads of this JVM, which is driver and executor. It ends with the JVM. */
final class LocalSpark {
    static final SparkSession SESSION = SparkSession.builder()
            .master("local[2]")
            .appName("attribution-spark tests")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 2)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();

    private LocalSpark() {}

    /**
     * Returns a schema.
     *
     * @param namesAndTypes a name, its type, the next name ...
     */
    static StructType schema(Object... namesAndTypes) {
        StructType schema = new StructType();
        for (int i = 0; i < namesAndTypes.length; i += 2) {
            schema = schema.add((String) namesAndTypes[i], (DataType) namesAndTypes[i + 1]);
        }
        return schema;
    }

    static Dataset<Row> table(StructType schema, List<Row> rows) {
        return SESSION.createDataFrame(rows, schema);
    }

    /** Returns the rows of a result by their id, a whole number. */
    static Map<Long, Row> byId(Dataset<Row> explained) {
        Map<Long, Row> rows = new TreeMap<>();
        explained.collectAsList().forEach(row -> rows.put(row.<Long>getAs("id"), row));
        return rows;
    }

    /** Returns attributions in the order of some columns; null if the row failed. */
    static double[] attributions(Row row, List<String> columns) {
        int at = row.fieldIndex("attributions");
        if (row.isNullAt(at)) {
            return null;
        }
        Map<String, Double> map = row.getJavaMap(at);
        return columns.stream().mapToDouble(map::get).toArray();
    }
}
