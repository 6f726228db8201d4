// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** A program as one submits it: it explains rows with a file that is broadcast, and prints a hash of all bits. */
public final class ClusterProgram {
    private static final String[] COLUMNS = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};

    private ClusterProgram() {}

    /** Explains rows with the model of a file. */
    public static void main(String[] arguments) {
        SparkSession spark = SparkSession.builder().getOrCreate();
        System.out.println("hash " + hash(spark, arguments[0]) + " of "
                + spark.sparkContext().master());
        spark.stop();
    }

    static int hash(SparkSession spark, String file) {
        Dataset<Row> rows = spark.range(0, 700, 1, 4).toDF("id");
        for (int i = 0; i < COLUMNS.length; i++) {
            rows = rows.withColumn(
                    COLUMNS[i], functions.col("id").multiply(0.37 * (i + 1)).mod(2.0));
        }
        SparkExplainer explainer = SparkExplainer.of(
                        ModelSource.file(file, OnnxModel::load),
                        TableEncoder.none().numbers(COLUMNS))
                .dataType(DataType.FLOAT32)
                .method("integrated-gradients", Map.of("steps", "4"))
                .target(Target.index(1));
        Map<Long, Row> explained = LocalSpark.byId(explainer.explain(rows));
        return explained.values().stream()
                .map(row -> Arrays.hashCode(LocalSpark.attributions(row, List.of(COLUMNS))))
                .toList()
                .hashCode();
    }
}
