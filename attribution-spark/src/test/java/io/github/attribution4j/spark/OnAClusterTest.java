// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of the page "On a cluster". */
class OnAClusterTest {
    @Test
    void page(@TempDir Path folder) {
        SparkSession spark = LocalSpark.SESSION;
        Dataset<Row> applicants = LocalSpark.table(Points.SCHEMA, Points.rows(600));
        List<Map<String, Object>> customers = Points.background();
        String results = folder.resolve("explained").toString();
        // tag::explain
        TableEncoder encoder = TableEncoder.none()
                .numbers("age", "income")
                .missing("income")
                .oneHot("job", "clerk", "farmer", "nurse")
                .booleans("member");
        SparkProgress progress = SparkProgress.of(spark, "applicants");
        SparkExplainer explainer = SparkExplainer.of(ModelSource.of("points", Points::model), encoder)
                .method("shapley-values")
                .background(customers)
                .key("id")
                .progress(progress);
        explainer.explain(applicants).write().parquet(results);
        Dataset<Row> explained = spark.read().parquet(results);
        Dataset<Row> failed = explained.filter("failure is not null");
        SummaryStatistics statistics = explainer.summary(explained);
        // end::explain
        assertThat(failed.count()).isZero();
        assertThat(statistics.examples()).isEqualTo(600);
        assertThat(progress.explained()).isEqualTo(600);
        // tag::one
        Row row = applicants.filter("id = 17").first();
        try (Explanation why = explainer.explain(row)) {
            String proof = why.toJson(); // the bits of the job, with their provenance
            assertThat(proof).contains("shapley-values"); // hidden
        }
        // end::one
    }

    @Test
    void sources() {
        TableEncoder encoder = TableEncoder.none().numbers("age", "income");
        // tag::sources
        ModelSource sent = ModelSource.file("risk.pt", TorchScriptModel::load); // the driver's file, broadcast
        ModelSource shared = ModelSource.shared("/mnt/models/risk.onnx", OnnxModel::load);
        ModelSource made = ModelSource.of("risk", () -> Model.of("risk", "3.2", rows -> rows));
        SparkExplainer network = SparkExplainer.of(sent, encoder)
                .dataType(DataType.FLOAT32)
                .method("integrated-gradients", Map.of("steps", "50"))
                .target(Target.probability(1));
        // end::sources
        assertThat(List.of(sent, shared, made, network)).hasSize(4);
    }
}
