// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.table.TableEncoder.Attributed;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.jdk.javaapi.CollectionConverters;

/** A black box over rows with categories and missing values. */
class ExplainTest {
    private static final int ROWS = 20_000;
    private static final ModelSource MODEL = ModelSource.of("points", Points::model);
    private static final SparkExplainer EXPLAINER = SparkExplainer.of(MODEL, Points.ENCODER)
            .background(Points.background())
            .key("id");

    private static List<Row> rows;
    private static SummaryStatistics statistics;
    /** What the library gives in one process, by row. */
    private static List<double[]> single;

    @BeforeAll
    static void inOneProcess() {
        rows = Points.rows(ROWS);
        statistics = new SummaryStatistics(Points.COLUMNS);
        single = inOneProcess(
                new ShapleyValues()
                        .baseline(Points.ENCODER.background(Points.background()))
                        .mask(Points.ENCODER.mask()),
                rows,
                0);
        single.forEach(values -> statistics.add(values, "output"));
    }

    private static List<double[]> inOneProcess(Attribution<? super Model> method, List<Row> of, long seed) {
        try (TensorScope scope = TensorScope.open();
                Explanation why = method.attribute(
                        Points.model(),
                        Points.ENCODER.inputs(Points.maps(of)),
                        Target.output(),
                        Run.defaults()
                                .seed(seed)
                                .exampleKeys(of.stream()
                                        .mapToLong(row -> row.getLong(0))
                                        .toArray()))) {
            List<double[]> all = new ArrayList<>();
            for (int i = 0; i < of.size(); i++) {
                all.add(Points.ENCODER.columns(why, i).stream()
                        .mapToDouble(Attributed::contribution)
                        .toArray());
            }
            return all;
        }
    }

    private static Dataset<Row> table(List<Row> of, int partitions) {
        return LocalSpark.table(Points.SCHEMA, of).repartition(partitions);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16})
    void everyPartitionGivesTheBitsOfOneProcess(int partitions) {
        SparkProgress progress = SparkProgress.of(LocalSpark.SESSION, "test");
        Dataset<Row> explained =
                EXPLAINER.progress(progress).explain(table(rows, partitions)).cache();
        assertThat(explained.rdd().getNumPartitions()).isEqualTo(partitions);
        Map<Long, Row> found = LocalSpark.byId(explained);
        assertThat(found).hasSize(ROWS);
        for (int id = 0; id < ROWS; id++) {
            assertThat(LocalSpark.attributions(found.get((long) id), Points.COLUMNS))
                    .isEqualTo(single.get(id));
        }
        assertThat(progress.explained()).isEqualTo(ROWS);
        assertThat(progress.failed()).isZero();
        // 2^4 coalitions of 4 columns, each with 3 rows of the background; the full one is the example itself.
        assertThat(progress.modelRows()).isBetween(ROWS * 16L, ROWS * 50L);
        assertThat(progress.calls()).isBetween(progress.modelRows() / 256, progress.modelRows() / 200);
        requireEqual(EXPLAINER.summary(explained), statistics);
        explained.unpersist();
    }

    private static void requireEqual(SummaryStatistics found, SummaryStatistics expected) {
        assertThat(found.examples()).isEqualTo(expected.examples());
        assertThat(found.names()).isEqualTo(expected.names());
        assertThat(found.groups()).isEqualTo(expected.groups());
        for (int i = 0; i < expected.names().size(); i++) {
            SummaryStatistics.Feature here = found.features().get(i);
            SummaryStatistics.Feature there = expected.features().get(i);
            assertThat(here.count()).isEqualTo(there.count());
            assertThat(here.min()).isEqualTo(there.min());
            assertThat(here.max()).isEqualTo(there.max());
            assertThat(here.mean()).isCloseTo(there.mean(), within(1e-12));
            assertThat(here.meanMagnitude()).isCloseTo(there.meanMagnitude(), within(1e-12));
            assertThat(here.variance()).isCloseTo(there.variance(), within(1e-9));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16})
    void randomNumbersFollowFromTheKeyOfTheRow(int partitions) {
        List<Row> some = rows.subList(500, 1500);
        ShapleySampling method = new ShapleySampling().samples(4);
        List<double[]> expected = inOneProcess(
                method.baseline(Points.ENCODER.background(Points.background())).mask(Points.ENCODER.mask()), some, 7);
        Map<Long, Row> found = LocalSpark.byId(
                EXPLAINER.method(method).background(Points.background()).seed(7).explain(table(some, partitions)));
        for (int i = 0; i < some.size(); i++) {
            Row row = found.get(500L + i);
            assertThat(LocalSpark.attributions(row, Points.COLUMNS)).isEqualTo(expected.get(i));
            assertThat(row.<String, Double>getJavaMap(row.fieldIndex("standard_errors")))
                    .hasSize(4);
        }
    }

    @Test
    void withoutKeyRandomNumbersFollowFromTheValues() {
        SparkExplainer explainer =
                SparkExplainer.of(MODEL, Points.ENCODER).method("shapley-sampling", Map.of("samples", "2"));
        List<Row> twice = new ArrayList<>(rows.subList(0, 300));
        for (Row row : rows.subList(0, 300)) {
            twice.add(RowFactory.create(row.getLong(0) + 300, row.get(1), row.get(2), row.get(3), row.get(4)));
        }
        Map<Long, Row> one = LocalSpark.byId(explainer.explain(table(twice, 1)));
        Map<Long, Row> five = LocalSpark.byId(explainer.explain(table(twice, 5)));
        long different = LongStream.range(0, 300)
                .filter(id -> {
                    double[] values = LocalSpark.attributions(one.get(id), Points.COLUMNS);
                    assertThat(values)
                            .isEqualTo(LocalSpark.attributions(five.get(id), Points.COLUMNS))
                            .isEqualTo(LocalSpark.attributions(one.get(id + 300), Points.COLUMNS));
                    return values[0] != LocalSpark.attributions(one.get(0L), Points.COLUMNS)[0];
                })
                .count();
        assertThat(different).isGreaterThan(290);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 255, 256, 777})
    void aPoisonedRowFailsAlone(int at) {
        List<Row> some = new ArrayList<>(rows.subList(0, 1000));
        Row good = some.get(at);
        some.set(at, RowFactory.create(good.getLong(0), Points.POISON, good.get(2), good.get(3), good.get(4)));
        SparkProgress progress = SparkProgress.of(LocalSpark.SESSION, "test");
        Map<Long, Row> found = LocalSpark.byId(EXPLAINER.progress(progress).explain(table(some, 3)));
        for (int id = 0; id < some.size(); id++) {
            Row row = found.get((long) id);
            if (id == at) {
                assertThat(row.<String>getAs("failure_kind")).isEqualTo("OnRows");
                assertThat(row.<String>getAs("failure")).contains("points", "nobody is 113");
                assertThat(LocalSpark.attributions(row, Points.COLUMNS)).isNull();
                assertThat(row.<Double>getAs("score")).isNull();
                assertThat(row.<String>getAs("target")).isNull();
                assertThat(row.<Integer>getAs("age")).isEqualTo(Points.POISON);
            } else {
                assertThat(row.<String>getAs("failure")).isNull();
                assertThat(LocalSpark.attributions(row, Points.COLUMNS)).isEqualTo(single.get(id));
            }
        }
        assertThat(progress.explained()).isEqualTo(999);
        assertThat(progress.failed()).isEqualTo(1);
    }

    @Test
    void rowsThatCannotBeEncodedFailAlone() {
        List<Row> some = new ArrayList<>(rows.subList(0, 40));
        some.set(3, RowFactory.create(3L, null, 1.0, "nurse", true));
        some.set(4, RowFactory.create(4L, 30, 1.0, "pilot", true));
        some.set(5, RowFactory.create(5L, 30, 1.0, "nurse", null));
        some.set(6, RowFactory.create(6L, 30, Double.POSITIVE_INFINITY, "nurse", true));
        Map<Long, Row> found = LocalSpark.byId(EXPLAINER.explain(table(some, 2)));
        assertThat(found.get(3L).<String>getAs("failure")).startsWith("column 'age': is missing");
        assertThat(found.get(4L).<String>getAs("failure")).contains("'pilot'", "job");
        assertThat(found.get(5L).<String>getAs("failure")).startsWith("column 'member': is missing");
        assertThat(found.get(6L).<String>getAs("failure")).contains("Infinity");
        found.forEach((id, row) -> {
            if (id < 3 || id > 6) {
                assertThat(LocalSpark.attributions(row, Points.COLUMNS)).isEqualTo(single.get(id.intValue()));
            }
        });
        assertThat(EXPLAINER.summary(EXPLAINER.explain(table(some, 2))).examples())
                .isEqualTo(36);
    }

    @Test
    void rowsWithoutAKeyFailAlone() {
        List<Row> some = new ArrayList<>(rows.subList(0, 3));
        some.set(1, RowFactory.create(1L, 30, 1.0, null, true));
        Map<Long, Row> found = LocalSpark.byId(SparkExplainer.of(MODEL, Points.ENCODER.missing("job"))
                .key("job")
                .explain(table(some, 1)));
        assertThat(found.get(1L).<String>getAs("failure")).isEqualTo("key 'job': is null; give each row a key");
        assertThat(found.get(0L).<String>getAs("failure")).isNull();
    }

    @Test
    void columnsInsteadOfAMap() {
        SparkExplainer explainer = EXPLAINER.inColumns().prefix("why_");
        Dataset<Row> explained = explainer.explain(table(rows.subList(0, 500), 2));
        assertThat(explained.columns())
                .containsExactly(
                        "id",
                        "age",
                        "income",
                        "job",
                        "member",
                        "why_attribution_age",
                        "why_attribution_income",
                        "why_attribution_job",
                        "why_attribution_member",
                        "why_standard_error_age",
                        "why_standard_error_income",
                        "why_standard_error_job",
                        "why_standard_error_member",
                        "why_score",
                        "why_baseline_score",
                        "why_completeness_gap",
                        "why_target",
                        "why_failure_kind",
                        "why_failure");
        LocalSpark.byId(explained).forEach((id, row) -> {
            double[] expected = single.get(id.intValue());
            double sum = 0;
            for (int i = 0; i < 4; i++) {
                assertThat(row.getDouble(5 + i)).isEqualTo(expected[i]);
                assertThat(row.isNullAt(9 + i)).isTrue();
                sum += expected[i];
            }
            assertThat(sum)
                    .isCloseTo(row.<Double>getAs("why_score") - row.<Double>getAs("why_baseline_score"), within(1e-9));
            assertThat(row.<Double>getAs("why_completeness_gap")).isCloseTo(0, within(1e-9));
            assertThat(row.<String>getAs("why_target")).isEqualTo("output");
        });
        assertThat(explainer.summary(explained).examples()).isEqualTo(500);
    }

    @Test
    void featuresStandInAStruct() {
        Dataset<Row> nested = table(rows.subList(0, 300), 3)
                .select(
                        functions
                                .struct(
                                        functions.col("member"),
                                        functions.col("age"),
                                        functions.col("income"),
                                        functions.col("job"))
                                .as("applicant"),
                        functions.col("id"));
        SparkExplainer explainer = EXPLAINER.features("applicant");
        LocalSpark.byId(explainer.explain(nested))
                .forEach((id, row) ->
                        assertThat(LocalSpark.attributions(row, Points.COLUMNS)).isEqualTo(single.get(id.intValue())));
        try (Explanation why =
                explainer.explain(nested.where("id = 17").collectAsList().get(0))) {
            assertThat(Points.ENCODER.columns(why, 0).get(0).contribution()).isEqualTo(single.get(17)[0]);
        }
    }

    private static Model products() {
        return Model.of(
                "products",
                "1",
                Model.TableFunction.ofScores(rows -> Arrays.stream(rows)
                        .mapToDouble(row -> row[0] * row[1] + row[1])
                        .toArray()));
    }

    @Test
    void featuresStandInAMap() {
        TableEncoder encoder = TableEncoder.none().numbers("a", "b");
        SparkExplainer explainer = SparkExplainer.of(ModelSource.of("products", ExplainTest::products), encoder)
                .features("features")
                .key("id");
        StructType schema = LocalSpark.schema(
                "id",
                DataTypes.LongType,
                "features",
                DataTypes.createMapType(DataTypes.StringType, DataTypes.DoubleType));
        List<Row> maps = List.of(
                RowFactory.create(0L, CollectionConverters.asScala(Map.of("a", 2.0, "b", 3.0, "c", 9.0))),
                RowFactory.create(1L, CollectionConverters.asScala(Map.of("a", 2.0))),
                RowFactory.create(2L, null));
        Map<Long, Row> found = LocalSpark.byId(explainer.explain(LocalSpark.table(schema, maps)));
        assertThat(LocalSpark.attributions(found.get(0L), List.of("a", "b"))).containsExactly(3, 6);
        assertThat(found.get(1L).<String>getAs("failure")).startsWith("column 'b': is missing");
        assertThat(found.get(2L).<String>getAs("failure")).startsWith("column 'a': is missing");
    }

    @Test
    void oneRowHasItsWholeExplanation() {
        Row row = table(rows.subList(17, 18), 1).collectAsList().get(0);
        try (Explanation why = EXPLAINER.explain(row)) {
            assertThat(Points.ENCODER.columns(why, 0).stream().mapToDouble(Attributed::contribution))
                    .containsExactly(LongStream.range(0, 4)
                            .mapToObj(i -> single.get(17)[(int) i])
                            .toArray(Double[]::new));
            assertThat(why.provenance().method()).isEqualTo("shapley-values");
        }
    }

    @Test
    void aJvmOpensItsModelOnce() {
        ModelSource counted = ModelSource.of("counted", Points::model);
        int before = Points.MADE.get();
        SparkExplainer explainer = SparkExplainer.of(counted, Points.ENCODER);
        explainer.explain(table(rows.subList(0, 2000), 8)).collectAsList();
        explainer.callRows(64).explain(table(rows.subList(0, 2000), 8)).collectAsList();
        SparkExplainer.of(ModelSource.of("counted", Points::model), Points.ENCODER)
                .explain(table(rows.subList(0, 2000), 8))
                .collectAsList();
        // A second lambda is another opener, whatever it does.
        assertThat(Points.MADE.get() - before).isBetween(1, 2);
    }

    @Test
    void emptyDataSetsAreExplainedWithoutAModel() {
        SparkExplainer explainer = SparkExplainer.of(
                ModelSource.of("none", () -> {
                    throw new AssertionError("opened");
                }),
                Points.ENCODER);
        Dataset<Row> explained = explainer.explain(table(List.of(), 2));
        assertThat(explained.collectAsList()).isEmpty();
        assertThat(explainer.summary(explained).examples()).isZero();
    }
}
