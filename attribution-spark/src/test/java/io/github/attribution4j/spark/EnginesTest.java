// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** TorchScript and ONNX, whose products of matrices may round otherwise in calls of other sizes. */
class EnginesTest {
    private static final int ROWS = 20_000;
    private static final Path ONNX = Path.of("..", "golden", "onnx", "golden", "mlp_softmax.script.onnx");

    private static Path archive;
    private static String[] columns;
    private static TableEncoder encoder;
    private static StructType schema;
    private static List<Row> rows;

    @BeforeAll
    static void patients() throws IOException, URISyntaxException {
        archive = Path.of(EnginesTest.class.getResource("/breast-cancer.pt").toURI());
        List<String> lines = Files.readAllLines(
                Path.of(EnginesTest.class.getResource("/patients.csv").toURI()));
        columns = Arrays.stream(lines.get(0).split(",", -1)).map(String::strip).toArray(String[]::new);
        encoder = TableEncoder.none().numbers(columns);
        schema = LocalSpark.schema("id", DataTypes.LongType);
        for (String column : columns) {
            schema = schema.add(column, DataTypes.DoubleType);
        }
        // Mixtures of the patients of the demo.
        double[][] patients = lines.stream()
                .skip(1)
                .map(line -> Arrays.stream(line.split(",", -1))
                        .mapToDouble(Double::parseDouble)
                        .toArray())
                .toArray(double[][]::new);
        SplittableRandom random = new SplittableRandom(9);
        rows = new ArrayList<>();
        for (long id = 0; id < ROWS; id++) {
            double[] one = patients[random.nextInt(patients.length)];
            double[] other = patients[random.nextInt(patients.length)];
            double share = random.nextDouble();
            Object[] row = new Object[columns.length + 1];
            row[0] = id;
            for (int i = 0; i < columns.length; i++) {
                row[i + 1] = one[i] * share + other[i] * (1 - share);
            }
            rows.add(RowFactory.create(row));
        }
    }

    private static SparkExplainer torch(Attribution<?> method) {
        return SparkExplainer.of(ModelSource.file(archive.toString(), TorchScriptModel::load), encoder)
                .dataType(DataType.FLOAT32)
                .method(method)
                .target(Target.index(0))
                .key("id");
    }

    private static Map<Long, Row> explained(SparkExplainer explainer, List<Row> of, int partitions) {
        return LocalSpark.byId(explainer.explain(LocalSpark.table(schema, of).repartition(partitions)));
    }

    private static double[] attributions(Row row) {
        return LocalSpark.attributions(row, List.of(columns));
    }

    private static double[] alone(SparkExplainer explainer, Row row) {
        try (Explanation why = explainer.explain(row)) {
            return why.attribution().toDoubleArray();
        }
    }

    @Test
    void torchScript() {
        SparkExplainer explainer = torch(new IntegratedGradients().steps(4));
        Map<Long, Row> one = explained(explainer, rows, 1);
        assertThat(one).hasSize(ROWS);
        for (int partitions : new int[] {4, 16}) {
            Map<Long, Row> other = explained(explainer, rows, partitions);
            one.forEach((id, row) -> assertThat(attributions(other.get(id)))
                    .as("row %d", id)
                    .isNotNull()
                    .isEqualTo(attributions(row)));
        }
        for (long id = 0; id < ROWS; id += 997) {
            assertThat(alone(explainer, one.get(id))).isEqualTo(attributions(one.get(id)));
        }
    }

    @Test
    void torchScriptWithRowsLeftOut() {
        for (Attribution<?> method :
                List.of(new Saliency(), new FeatureAblation(), new IntegratedGradients().steps(7), new DeepLift())) {
            SparkExplainer explainer = torch(method);
            List<Row> some = rows.subList(0, 400);
            Map<Long, Row> all = explained(explainer, some, 2);
            Map<Long, Row> fewer = explained(explainer, some.subList(3, 300), 3);
            fewer.forEach((id, row) -> assertThat(attributions(row))
                    .as("row %d of %s", id, method)
                    .isNotNull()
                    .isEqualTo(attributions(all.get(id))));
        }
    }

    @Test
    void torchScriptWithAPoisonedRow() {
        SparkExplainer explainer = torch(new IntegratedGradients().steps(5));
        List<Row> some = new ArrayList<>(rows.subList(0, 600));
        Map<Long, Row> all = explained(explainer, some, 2);
        Object[] poisoned = new Object[columns.length + 1];
        Arrays.fill(poisoned, Double.POSITIVE_INFINITY);
        poisoned[0] = 300L;
        some.set(300, RowFactory.create(poisoned));
        Map<Long, Row> found = explained(explainer, some, 2);
        assertThat(found.get(300L).<String>getAs("failure")).contains("Infinity");
        found.forEach((id, row) -> {
            if (id != 300) {
                assertThat(attributions(row)).isEqualTo(attributions(all.get(id)));
            }
        });
    }

    @Test
    void onnx() {
        Dataset<Row> table = LocalSpark.table(schema, rows.subList(0, 1000));
        List<String> names = Arrays.asList(columns).subList(0, 12);
        TableEncoder twelve = TableEncoder.none().numbers(names.toArray(String[]::new));
        for (ModelSource source : List.of(
                ModelSource.file(ONNX.toString(), OnnxModel::load),
                ModelSource.shared(ONNX.toAbsolutePath().toString(), OnnxModel::load))) {
            SparkExplainer explainer = SparkExplainer.of(source, twelve)
                    .dataType(DataType.FLOAT32)
                    .method("integrated-gradients", Map.of("steps", "10"))
                    .target(Target.index(1));
            Map<Long, Row> one = LocalSpark.byId(explainer.explain(table.repartition(1)));
            Map<Long, Row> more = LocalSpark.byId(explainer.explain(table.repartition(7)));
            one.forEach((id, row) -> assertThat(LocalSpark.attributions(row, names))
                    .isNotNull()
                    .isEqualTo(LocalSpark.attributions(more.get(id), names)));
            assertThat(alone(explainer, one.get(5L))).isEqualTo(LocalSpark.attributions(one.get(5L), names));
        }
    }
}
