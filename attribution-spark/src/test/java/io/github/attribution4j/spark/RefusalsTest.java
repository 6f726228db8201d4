// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is refused, where, and in which words. */
class RefusalsTest {
    private static final ModelSource MODEL = ModelSource.of("points", Points::model);
    private static final SparkExplainer EXPLAINER = SparkExplainer.of(MODEL, Points.ENCODER);

    private static Dataset<Row> table() {
        return LocalSpark.table(Points.SCHEMA, Points.rows(20));
    }

    /** Returns the messages of a job's failure and its causes. */
    private static String failure(SparkExplainer explainer) {
        Dataset<Row> explained = explainer.explain(table());
        Throwable thrown = catchThrowable(explained::collectAsList);
        assertThat(thrown).isInstanceOf(SparkException.class);
        StringBuilder messages = new StringBuilder();
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            messages.append(cause.getMessage()).append('\n');
        }
        return messages.toString();
    }

    @Test
    void allColumnsThatAreMissingOrOfTheWrongType() {
        Dataset<Row> wrong = table().drop("income")
                .withColumn("age", functions.lit("old"))
                .withColumn("member", functions.lit(1))
                .withColumn("job", functions.array(functions.lit("nurse")));
        assertThatThrownBy(() -> EXPLAINER.key("number").explain(wrong))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContainingAll(
                        "column 'income': the data set has none of that name; it has [id, age, job, member]",
                        "column 'age': is of type string, and the encoder takes a number; cast it",
                        "column 'member': is of type int, and the encoder takes a boolean",
                        "column 'job': is of type array<string>, and the encoder takes a one-hot",
                        "key 'number': the data set has no column of that name");
    }

    @Test
    void featuresThatAreNotInOneColumn() {
        Dataset<Row> table = table().withColumn("texts", functions.expr("map('age', 'old')"))
                .withColumn("some", functions.struct(functions.col("age"), functions.col("job")));
        assertThatThrownBy(() -> EXPLAINER.features("all").explain(table))
                .hasMessageContaining("features 'all': the data set has no column of that name; it has [id,");
        assertThatThrownBy(() -> EXPLAINER.features("age").explain(table))
                .hasMessageContaining("features 'age': is of type int; it must be a struct, or a map");
        assertThatThrownBy(() -> EXPLAINER.features("some").explain(table))
                .hasMessageContainingAll(
                        "column 'income': 'some' has none of that name; it has [age, job]", "'member'");
        assertThatThrownBy(() -> EXPLAINER.features("texts").explain(table))
                .hasMessageContaining("column 'age': is of type string, and the encoder takes a number");
    }

    @Test
    void columnsThatAreThereAlready() {
        Dataset<Row> explained = EXPLAINER.explain(table());
        assertThatThrownBy(() -> EXPLAINER.explain(explained))
                .hasMessageContainingAll("prefix ''", "attributions", "choose another prefix");
        assertThat(EXPLAINER.prefix("again_").explain(explained).columns()).contains("score", "again_score");
    }

    @Test
    void methodsAndSettings() {
        assertThatThrownBy(() -> EXPLAINER.method("shapely-values")).hasMessageContaining("shapley-values");
        assertThatThrownBy(() -> EXPLAINER.method("shapley-sampling", Map.of("sample", "5")))
                .hasMessageContainingAll("has no setting 'sample'", "samples");
        assertThatThrownBy(() -> EXPLAINER.method("shapley-sampling", Map.of("samples", "0")))
                .hasMessageContaining("samples");
        assertThatThrownBy(() ->
                        EXPLAINER.method(new ShapleyValues().baseline(Points.ENCODER.background(Points.background()))))
                .hasMessageContainingAll("arrays do not travel to executors", "background(...)");
        assertThatThrownBy(() -> EXPLAINER
                        .method("saliency")
                        .background(Points.background())
                        .explain(table()))
                .hasMessageContaining("method saliency compares with no rows");
        assertThatThrownBy(() -> EXPLAINER
                        .method("shapley-values", Map.of("baseline", "samples:background"))
                        .explain(table()))
                .hasMessageContaining("background");
        assertThat(EXPLAINER
                        .method(new ShapleyValues().baseline(Baseline.zeros()))
                        .explain(table())
                        .collectAsList())
                .allMatch(row -> row.getAs("failure") == null);
    }

    @Test
    void targetsThatAreMoreThanWords() {
        assertThatThrownBy(() -> EXPLAINER.target(Target.loss(Loss.squaredError(), 1, 2)))
                .hasMessageContaining("more than its description");
        assertThatThrownBy(() -> EXPLAINER.target(Target.of("mine", output -> output, output -> output)))
                .hasMessageContaining("more than its description");
    }

    @Test
    void targetsTravel() {
        for (Target target : List.of(
                Target.argmax(),
                Target.argmax().named("points"),
                Target.index(0).named("points"),
                Target.sigmoid(Target.output()),
                Target.slice("0:1"))) {
            List<Row> rows = EXPLAINER.target(target).explain(table()).collectAsList();
            assertThat(rows).as("%s", target).allMatch(row -> row.getAs("failure") == null);
            assertThat(rows.get(0).<String>getAs("target"))
                    .isEqualTo(target.classes().isEmpty() ? rows.get(0).<String>getAs("target") : "'points'");
        }
    }

    @Test
    void aTargetThatTheModelHasNotFailsEachRow() {
        List<Row> rows = EXPLAINER.target(Target.index(4)).explain(table()).collectAsList();
        assertThat(rows)
                .hasSize(20)
                .allSatisfy(row -> assertThat(row.<String>getAs("failure")).contains("4"));
    }

    @Test
    void aModelThatLacksWhatTheMethodNeeds() {
        for (String method : List.of("saliency", "integrated-gradients", "lrp", "layer-activation")) {
            assertThat(failure(EXPLAINER.method(
                            method, method.startsWith("layer") ? Map.of("layer", "encoder") : Map.of())))
                    .contains("method '" + method, "model 'points' has none");
        }
    }

    @Test
    void methodsThatDoNotAttributeToColumns() {
        assertThat(failure(EXPLAINER.method("shapley-interactions")))
                .contains("method 'shapley-interactions' does not attribute to the columns of a table");
    }

    @Test
    void aModelThatDoesNotOpenGivesOneError() {
        assertThat(failure(SparkExplainer.of(
                        ModelSource.of("broken", () -> {
                            throw new IOException("the license has expired");
                        }),
                        Points.ENCODER)))
                .contains("model 'broken' cannot be opened on executor driver: the license has expired");
        assertThat(failure(SparkExplainer.of(ModelSource.of("empty", RefusalsTest::nothing), Points.ENCODER)))
                .contains("model 'empty' cannot be opened", "its opener returned null");
    }

    @SuppressWarnings("NullAway") // what an opener must not do
    private static Model nothing() {
        return null;
    }

    @Test
    void filesThatAreNotThere(@TempDir Path folder) {
        String missing = folder.resolve("risk.onnx").toString();
        SparkExplainer sent = SparkExplainer.of(ModelSource.file(missing, OnnxModel::load), Points.ENCODER);
        assertThatThrownBy(() -> sent.explain(table()))
                .hasMessageContainingAll("model '" + missing, "the driver has no such file", "ModelSource.shared");
        assertThat(failure(SparkExplainer.of(ModelSource.shared(missing, OnnxModel::load), Points.ENCODER)))
                .contains("cannot be opened on executor driver: there is no file " + missing, "ModelSource.file");
        assertThatThrownBy(() -> ModelSource.file("", OnnxModel::load)).hasMessage("model: no file is given");
    }

    @Test
    void filesThatAreNoModels(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("risk.onnx"), "no model");
        assertThat(failure(SparkExplainer.of(ModelSource.file(text.toString(), OnnxModel::load), Points.ENCODER)))
                .contains("model '" + text, "cannot be opened on executor driver");
    }

    @Test
    void filesOfOneNameAreKeptApart(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("points.txt");
        for (double factor : new double[] {2, 3}) {
            Files.writeString(file, "" + factor);
            SparkExplainer explainer = SparkExplainer.of(
                    ModelSource.file(file.toString(), RefusalsTest::factor),
                    TableEncoder.none().numbers("age"));
            Row row = explainer.explain(table()).collectAsList().get(0);
            assertThat(row.<Double>getAs("score")).isEqualTo(factor * row.<Integer>getAs("age"));
        }
    }

    private static Model factor(Path file) throws IOException {
        double factor = Double.parseDouble(Files.readString(file));
        return Model.of("factor", "1", Model.TableFunction.ofScores(rows -> {
            double[] scores = new double[rows.length];
            for (int r = 0; r < rows.length; r++) {
                scores[r] = factor * rows[r][0];
            }
            return scores;
        }));
    }

    @Test
    void openersThatCannotTravel() {
        Object here = new Object();
        SparkExplainer explainer = SparkExplainer.of(
                ModelSource.of("held", () -> Model.of(here.toString(), "1", rows -> rows)), Points.ENCODER);
        assertThatThrownBy(() -> explainer.explain(table()))
                .hasMessageContainingAll("model 'held': its opener holds a java.lang.Object", "static method");
    }

    @Test
    void numbersAndNames() {
        assertThatThrownBy(() -> SparkExplainer.of(MODEL, TableEncoder.none())).hasMessageContaining("no columns");
        assertThatThrownBy(() -> EXPLAINER.callRows(0)).hasMessageContaining("at least 1");
        assertThatThrownBy(() -> EXPLAINER.summary(table()))
                .hasMessageContainingAll("column 'target'", "column 'attributions'");
        assertThatThrownBy(() -> EXPLAINER.background(table().drop("age"))).hasMessageContaining("column 'age'");
        assertThat(EXPLAINER.target(Target.index(1)))
                .hasToString("SparkExplainer[shapley-values of points, target index 1]");
    }
}
