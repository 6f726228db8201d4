// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features.Feature;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.DjlModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.perturbation.Discretizer;
import io.github.attribution4j.perturbation.Lime;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.table.AsyncScorer;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.table.TableEncoder.Attributed;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AnyModelTest {
    private final Path folder = Demo.REPOSITORY.resolve("golden/trees");
    private TensorScope scope;
    private Tensor rows;
    private Tensor background;

    @BeforeEach
    void read() throws IOException {
        scope = TensorScope.open();
        Map<String, Tensor> golden = NumpyFiles.readNpz(folder.resolve("trees.npz"), Tensors.ofJava());
        rows = golden.get("forest/rows");
        background = golden.get("forest/background");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void onnx() {
        // tag::onnx
        try (OnnxModel model = OnnxModel.load(folder.resolve("forest.onnx"));
                Explanation why = new ShapleyValues()
                        .baseline(Baseline.samples(background))
                        .attribute(model, Inputs.of(rows), Target.output())) {
            double[] values = why.attribution().toDoubleArray(); // one for each row and feature
            assertThat(values).hasSize(5 * 6); // hidden
            assertThat(why.completenessGap()[0]).isCloseTo(0, within(1e-5)); // hidden
        }
        // end::onnx
    }

    @Test
    void xgboost() {
        // tag::xgboost
        try (DjlModel model = DjlModel.load(folder.resolve("multiclass.json"), "XGBoost");
                Explanation why = new ShapleyValues()
                        .baseline(Baseline.samples(background))
                        .attribute(model, Inputs.of(rows).allowMissing(), Target.index(2))) {
            double[] values = why.attribution().toDoubleArray();
            assertThat(values).hasSize(5 * 6); // hidden
            assertThat(why.scores()[0]).isBetween(0.0, 1.0); // hidden
        }
        // end::xgboost
    }

    @Test
    void signatures() {
        // tag::signatures
        Model table = Model.of("risk", "3.2", x -> scores(x)); // double[][] -> double[][]
        Model single = Model.of("risk", "3.2", Model.TableFunction.ofScores(x -> firsts(x))); // -> double[]
        Model narrow = Model.of("risk", "3.2", Model.TableFunction.ofFloats(x -> x)); // float[][] -> float[][]
        // end::signatures
        for (Model model : List.of(table, single, narrow)) {
            assertThat(model.forward(Inputs.of(rows)).shape().dim(0)).isEqualTo(5);
        }
    }

    private static double[][] scores(double[][] x) {
        return Arrays.stream(x)
                .map(row -> new double[] {row[0] * row[1] + row[2]})
                .toArray(double[][]::new);
    }

    private static double[] firsts(double[][] x) {
        return Arrays.stream(x).mapToDouble(row -> row[0]).toArray();
    }

    // tag::applicant
    record Applicant(int age, Double income, String job, boolean member) {}
    // end::applicant

    private static final List<Applicant> CUSTOMERS = List.of(
            new Applicant(20, 500.0, "clerk", true),
            new Applicant(60, null, "farmer", false),
            new Applicant(33, 2500.0, "nurse", true));

    private static double points(Map<String, Object> row) {
        Object income = row.get("income");
        double points = income == null ? -1 : (Double) income / 1000;
        return points + (row.get("job").equals("nurse") && (Boolean) row.get("member") ? 2 : 0);
    }

    @Test
    void categories() {
        List<Applicant> customers = CUSTOMERS;
        // tag::categories
        TableEncoder encoder = TableEncoder.none()
                .numbers("age", "income")
                .missing("income")
                .oneHot("job", "clerk", "farmer", "nurse")
                .booleans("member");
        Model model = Model.of(
                "points",
                "1",
                encoder.singleScorer(people -> people.stream()
                        .mapToDouble(person -> points(person)) // a Map from column to value
                        .toArray()));
        Applicant applicant = new Applicant(41, null, "nurse", true);
        try (Explanation why = new ShapleyValues()
                .baseline(encoder.background(customers))
                .mask(encoder.mask())
                .attribute(model, encoder.inputs(List.of(applicant)))) {
            for (Attributed column : encoder.columns(why, 0)) {
                String line = column.column() + " = " + column.value() + ": " + column.contribution();
                assertThat(line).contains(" = "); // hidden
            }
            assertThat(encoder.columns(why, 0).stream().map(Attributed::value)) // hidden
                    .containsExactly(41.0, null, "nurse", true); // hidden
            assertThat(encoder.columns(why, 0).get(0).contribution()).isZero(); // hidden
        }
        // end::categories
    }

    @Test
    void lime() {
        List<Applicant> customers = CUSTOMERS;
        TableEncoder encoder = TableEncoder.none()
                .numbers("age", "income")
                .missing("income")
                .oneHot("job", "clerk", "farmer", "nurse")
                .booleans("member");
        Model model = Model.of(
                "points",
                "1",
                encoder.singleScorer(people ->
                        people.stream().mapToDouble(person -> points(person)).toArray()));
        Applicant applicant = new Applicant(41, 2500.0, "nurse", true);
        List<String> lines = new ArrayList<>();
        // tag::lime
        Lime method = Lime.tabular()
                .discretizer(Discretizer.quartiles().cuts("age", 18, 30, 65))
                .baseline(encoder.background(customers)) // the rows that values are drawn from
                .mask(encoder.mask());
        try (Explanation why = method.attribute(model, encoder.inputs(List.of(applicant)))) {
            for (Feature feature : why.features(0).top(4)) {
                String line = feature.label() + ": " + feature.contribution(); // 30 < age ≤ 65: 0.02
                lines.add(line); // hidden
            }
            double[] fit = why.measures().get("r-squared");
            assertThat(fit[0]).isBetween(0.5, 1.0); // hidden
        }
        // end::lime
        assertThat(lines).hasSize(4).anyMatch(line -> line.startsWith("30 < age ≤ 65: "));
        assertThat(lines).anyMatch(line -> line.startsWith("job = nurse: "));
    }

    /** A client whose service loses one request in ten. */
    private static final class Client {
        private final Random random = new Random(1);
        private final AtomicInteger lost = new AtomicInteger();

        CompletableFuture<double[][]> score(double[][] x) {
            if (random.nextInt(10) == 0) {
                lost.incrementAndGet();
                return CompletableFuture.failedFuture(new IOException("503 busy"));
            }
            return CompletableFuture.supplyAsync(() -> scores(x));
        }
    }

    @Test
    void remote() {
        Client client = new Client();
        // tag::remote
        AsyncScorer scorer = AsyncScorer.of(x -> client.score(x)) // a CompletableFuture<double[][]>
                .rowsPerRequest(16)
                .inFlight(4)
                .timeout(Duration.ofSeconds(2))
                .retries(5)
                .backOff(Duration.ofMillis(10), Duration.ofSeconds(1));
        Model model = Model.of("risk", "3.2", scorer);
        try (Explanation why = new ShapleyValues()
                .baseline(Baseline.samples(background))
                .attribute(model, Inputs.of(rows), Target.output())) {
            double[] values = why.attribution().toDoubleArray(); // the same as if no request had failed
            assertThat(values).hasSize(5 * 6); // hidden
            assertThat(why.completenessGap()[0]).isCloseTo(0, within(1e-5)); // hidden
        }
        // end::remote
        assertThat(client.lost.get()).isPositive();
    }

    @Test
    void hangs() {
        String stopped = "";
        // tag::hangs
        Model hangs = Model.of("hangs", "1", AsyncScorer.of(x -> new CompletableFuture<double[][]>()));
        Run run = Run.defaults().deadline(Duration.ofMillis(300));
        try (Explanation why = new ShapleyValues().attribute(hangs, Inputs.of(rows), Target.output(), run)) {
            throw new AssertionError(why);
        } catch (DeadlineExceededException e) {
            stopped = e.getMessage(); // shapley-values: the deadline of 300 ms passed after 0 of 5 rows; ...
        }
        // end::hangs
        assertThat(stopped).startsWith("shapley-values: the deadline of 300 ms passed after 0 of 5 rows; ");
    }
}
