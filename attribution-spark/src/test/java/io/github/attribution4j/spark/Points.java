// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.model.Model;
import io.github.attribution4j.table.TableEncoder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** A table of applicants, and a black box that gives them points. */
final class Points {
    static final TableEncoder ENCODER = TableEncoder.none()
            .numbers("age", "income")
            .missing("income")
            .oneHot("job", "clerk", "farmer", "nurse")
            .booleans("member");

    static final List<String> COLUMNS = List.of("age", "income", "job", "member");

    static final StructType SCHEMA = LocalSpark.schema(
            "id",
            DataTypes.LongType,
            "age",
            DataTypes.IntegerType,
            "income",
            DataTypes.DoubleType,
            "job",
            DataTypes.StringType,
            "member",
            DataTypes.BooleanType);

    /** The age of an applicant on whom the black box fails. */
    static final int POISON = 113;

    /** How often the black box was made in this JVM. */
    static final AtomicInteger MADE = new AtomicInteger();

    private static final List<String> JOBS = List.of("clerk", "farmer", "nurse");

    private Points() {}

    static Model model() {
        MADE.incrementAndGet();
        return Model.of("points", "1", Model.TableFunction.ofScores(Points::scores));
    }

    private static double[] scores(double[][] rows) {
        double[] scores = new double[rows.length];
        for (int r = 0; r < rows.length; r++) {
            double[] row = rows[r];
            if (row[0] == POISON) {
                throw new ArithmeticException("nobody is " + POISON);
            }
            double income = Double.isNaN(row[1]) ? 20 : row[1];
            scores[r] = Math.sin(row[0] / 7) * income + row[3] * row[5] * 3 + Math.sqrt(row[0]) * (row[4] - row[2]);
        }
        return scores;
    }

    static List<Row> rows(int count) {
        SplittableRandom random = new SplittableRandom(5);
        List<Row> rows = new ArrayList<>();
        for (long id = 0; id < count; id++) {
            rows.add(RowFactory.create(
                    id,
                    18 + random.nextInt(60),
                    random.nextInt(10) == 0 ? null : (Double) (random.nextDouble() * 90),
                    JOBS.get(random.nextInt(3)),
                    random.nextBoolean()));
        }
        return rows;
    }

    /** Returns rows as an encoder takes them. */
    static List<Map<String, Object>> maps(List<Row> rows) {
        List<Map<String, Object>> maps = new ArrayList<>();
        for (Row row : rows) {
            Map<String, Object> map = new LinkedHashMap<>();
            for (int i = 0; i < COLUMNS.size(); i++) {
                map.put(COLUMNS.get(i), row.get(i + 1));
            }
            maps.add(map);
        }
        return maps;
    }

    /** Returns some rows to compare with. */
    static List<Map<String, Object>> background() {
        return maps(rows(3));
    }
}
