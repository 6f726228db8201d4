// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.mask.Coalitions.Link;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** LIME of tables. */
class LimeTabularTest {
    private static final Path GOLDEN = Path.of("..", "golden", "lime", "tabular.npz");
    private static final long PURPOSE = 0x11EB;
    private static final double EXACT = 1e-9;

    private static Model scoring(ToDoubleFunction<double[]> score) {
        return Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {score.applyAsDouble(row)})
                .toArray(double[][]::new));
    }

    private static Tensor tensor(double[][] rows) {
        return Tensors.ofJava()
                .of(Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray(), rows.length, rows[0].length);
    }

    /** Columns: a normal one, a skewed one, one of few values, one of 0 and 1, a one-hot group of three. */
    private static double[][] table(int count, long seed) {
        RandomGenerator random = Run.defaults().seed(seed).random(count);
        double[][] rows = new double[count][];
        for (int row = 0; row < count; row++) {
            double[] hot = new double[3];
            hot[random.nextInt(3)] = 1;
            rows[row] = new double[] {
                random.nextGaussian(),
                Math.exp(random.nextGaussian()),
                random.nextInt(5),
                random.nextInt(2),
                hot[0],
                hot[1],
                hot[2]
            };
        }
        return rows;
    }

    private static final int[] GROUPS = {0, 1, 2, 3, 4, 4, 4};

    private static double curved(double[] row) {
        return Math.tanh(row[0] + 0.3 * row[1] * row[3]) + (row[4] - 0.5 * row[6]) * row[2] - 0.2 * row[5];
    }

    /** The words of the paper's section on tables, one after the other. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Oracle(double[][] background, double[] shares, int[] groups, double width) {
        double[] cuts(int column) {
            double[] sorted = Arrays.stream(background)
                    .mapToDouble(row -> row[column])
                    .sorted()
                    .toArray();
            if (Arrays.stream(sorted).distinct().count() <= 2) {
                return new double[0];
            }
            List<Double> cuts = new ArrayList<>();
            for (double part : new double[] {0.25, 0.5, 0.75}) {
                double place = part * (sorted.length - 1);
                int below = (int) Math.floor(place);
                double cut = sorted[below] * (below + 1 - place)
                        + (below + 1 < sorted.length ? sorted[below + 1] * (place - below) : 0);
                if (!cuts.contains(cut)) {
                    cuts.add(cut);
                }
            }
            return cuts.stream().mapToDouble(Double::doubleValue).toArray();
        }

        boolean together(int column, double one, double other) {
            double[] cuts = cuts(column);
            return cuts.length == 0
                    ? one == other
                    : Arrays.stream(cuts).filter(cut -> cut < one).count()
                            == Arrays.stream(cuts).filter(cut -> cut < other).count();
        }

        /** Returns coefficients, then the intercept. */
        double[] explain(double[] x, ToDoubleFunction<double[]> score, int samples, long seed, int example) {
            int count = Arrays.stream(groups).max().orElseThrow() + 1;
            double[][] z = new double[samples][count + 1];
            double[] y = new double[samples];
            double[] weights = new double[samples];
            Arrays.fill(z[0], 1);
            y[0] = score.applyAsDouble(x);
            weights[0] = 1;
            for (int s = 1; s < samples; s++) {
                RandomGenerator random = Run.defaults().seed(seed).random(PURPOSE, example, s - 1);
                double[] row = new double[x.length];
                double different = 0;
                for (int group = 0; group < count; group++) {
                    double left = random.nextDouble();
                    int donor = 0;
                    while (left >= shares[donor]) {
                        left -= shares[donor++];
                    }
                    boolean same = true;
                    for (int column = 0; column < x.length; column++) {
                        if (groups[column] == group) {
                            row[column] = background[donor][column];
                            same &= together(column, x[column], row[column]);
                        }
                    }
                    z[s][group] = same ? 1 : 0;
                    different += same ? 0 : 1;
                }
                z[s][count] = 1;
                y[s] = score.applyAsDouble(row);
                weights[s] = Math.exp(-different / (2 * width * width * count));
            }
            return ridge(z, y, weights, count);
        }

        /** Normal equations of ridge of strength 1, whose last unknown, the intercept, is not shrunk. */
        private static double[] ridge(double[][] z, double[] y, double[] weights, int count) {
            double[][] system = new double[count + 1][count + 2];
            for (int s = 0; s < y.length; s++) {
                for (int i = 0; i <= count; i++) {
                    for (int j = 0; j <= count; j++) {
                        system[i][j] += weights[s] * z[s][i] * z[s][j];
                    }
                    system[i][count + 1] += weights[s] * z[s][i] * y[s];
                }
            }
            for (int i = 0; i < count; i++) {
                system[i][i] += 1;
            }
            for (int i = 0; i <= count; i++) {
                for (int j = 0; j <= count; j++) {
                    if (j != i) {
                        double factor = system[j][i] / system[i][i];
                        for (int k = i; k <= count + 1; k++) {
                            system[j][k] -= factor * system[i][k];
                        }
                    }
                }
            }
            return IntStream.rangeClosed(0, count)
                    .mapToDouble(i -> system[i][count + 1] / system[i][i])
                    .toArray();
        }
    }

    private static double[] perGroup(Explanation explanation, int example) {
        return explanation.features(example).contributions();
    }

    private static FeatureMask mask() {
        return FeatureMask.ofIds(Arrays.stream(GROUPS).asLongStream().toArray());
    }

    @Test
    void coefficients_are_those_of_the_paper_written_out() {
        double[][] background = table(37, 1);
        double[][] rows = table(4, 2);
        double[] shares = new double[37];
        Arrays.fill(shares, 1.0 / 37);
        Oracle oracle = new Oracle(background, shares, GROUPS, 0.75);
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = Lime.tabular()
                        .samples(200)
                        .mask(mask())
                        .baseline(Baseline.samples(tensor(background)))
                        .attribute(
                                scoring(LimeTabularTest::curved),
                                Inputs.of(tensor(rows)),
                                Target.output(),
                                Run.defaults().seed(11))) {
            for (int example = 0; example < rows.length; example++) {
                double[] wanted = oracle.explain(rows[example], LimeTabularTest::curved, 200, 11, example);
                assertThat(perGroup(explanation, example)).containsExactly(Arrays.copyOf(wanted, 5), within(EXACT));
                assertThat(explanation.measures().get("intercept")[example]).isCloseTo(wanted[5], within(EXACT));
            }
            assertThat(explanation.counts().forwardRows()).isEqualTo(4 * 200);
        }
    }

    /** The rows that stand for clusters are drawn by the sizes of these. */
    @Test
    void rows_of_a_summary_are_drawn_by_their_weights() {
        double[][] background = table(60, 3);
        double[][] rows = table(1, 4);
        try (TensorScope scope = TensorScope.open()) {
            Baseline summary = Baseline.kMeans(7, tensor(background));
            Inputs inputs = Inputs.of(tensor(rows));
            double[] flat = summary.samples(inputs, Run.defaults()).get(0).toDoubleArray();
            double[][] kept = new double[7][];
            Arrays.setAll(kept, row -> Arrays.copyOfRange(flat, 7 * row, 7 * row + 7));
            Oracle oracle = new Oracle(kept, summary.weights(), GROUPS, 0.4);
            try (Explanation explanation = Lime.tabular()
                    .samples(150)
                    .kernel(Lime.Kernel.hamming(0.4))
                    .mask(mask())
                    .baseline(summary)
                    .attribute(scoring(LimeTabularTest::curved), inputs)) {
                double[] wanted = oracle.explain(rows[0], LimeTabularTest::curved, 150, 0, 0);
                assertThat(perGroup(explanation, 0)).containsExactly(Arrays.copyOf(wanted, 5), within(EXACT));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"quartile", "decile"})
    void coefficients_are_those_of_the_papers_code_on_the_same_samples(String bins) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = NumpyFiles.readNpz(GOLDEN, Tensors.ofJava());
            try (Explanation explanation = Lime.tabular()
                    .samples(400)
                    .discretizer(bins.equals("quartile") ? Discretizer.quartiles() : Discretizer.deciles())
                    .baseline(Baseline.samples(golden.get("background")))
                    .attribute(
                            GoldenNetwork.of(golden),
                            Inputs.of(golden.get("rows")),
                            Target.output(),
                            Run.defaults().seed(7))) {
                assertThat(explanation.attribution().toDoubleArray())
                        .containsExactly(golden.get(bins).toDoubleArray(), within(1e-8));
                assertThat(explanation.measures().get("intercept"))
                        .containsExactly(golden.get(bins + "/intercept").toDoubleArray(), within(1e-8));
                assertThat(explanation.measures().get("r-squared"))
                        .containsExactly(golden.get(bins + "/score").toDoubleArray(), within(1e-8));
            }
        }
    }

    /**
     * A score that is a sum over groups of one number inside x's bin and another outside has just these coefficients.
     */
    @ParameterizedTest
    @EnumSource(Lime.Fit.class)
    void a_score_that_is_linear_in_the_bins_is_found(Lime.Fit fit) {
        double[][] background = table(50, 5);
        double[] x = table(1, 6)[0];
        double[] gains = {2, -1, 0, 0.5, 3};
        Oracle oracle = new Oracle(background, new double[0], GROUPS, 1);
        ToDoubleFunction<double[]> linear = row -> {
            double sum = 0.25;
            for (int group = 0; group < gains.length; group++) {
                boolean same = true;
                for (int column = 0; column < x.length; column++) {
                    same &= GROUPS[column] != group || oracle.together(column, x[column], row[column]);
                }
                sum += same ? gains[group] : 0;
            }
            return sum;
        };
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = Lime.tabular()
                        .samples(300)
                        .fit(fit)
                        .strength(1e-9)
                        .mask(mask())
                        .baseline(Baseline.samples(tensor(background)))
                        .attribute(scoring(linear), Inputs.of(tensor(new double[][] {x})))) {
            assertThat(perGroup(explanation, 0)).containsExactly(gains, within(1e-6));
            assertThat(explanation.measures().get("intercept")[0]).isCloseTo(0.25, within(1e-6));
            assertThat(explanation.measures().get("r-squared")[0]).isCloseTo(1, within(1e-6));
        }
    }

    @Test
    void a_column_without_effect_has_almost_no_coefficient() {
        double[][] background = table(80, 7);
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = Lime.tabular()
                        .mask(mask())
                        .baseline(Baseline.samples(tensor(background)))
                        .attribute(
                                scoring(row -> Math.sin(2 * row[0]) + row[4] * row[0]),
                                Inputs.of(tensor(table(3, 8))))) {
            for (int example = 0; example < 3; example++) {
                double[] values = perGroup(explanation, example);
                double largest = Arrays.stream(values).map(Math::abs).max().orElseThrow();
                assertThat(largest).isGreaterThan(0.2);
                for (int without : new int[] {1, 2, 3}) {
                    assertThat(Math.abs(values[without])).isLessThan(0.06);
                }
            }
        }
    }

    private enum Size {
        SMALL,
        LARGE
    }

    private static Map<String, Object> row(Double age, String job, Size size, Boolean member) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("age", age);
        row.put("job", job);
        row.put("size", size);
        row.put("member", member);
        return row;
    }

    private static List<Map<String, Object>> people() {
        List<Map<String, Object>> people = new ArrayList<>();
        String[] jobs = {"clerk", "farmer", "nurse"};
        for (int i = 0; i < 40; i++) {
            people.add(row(i % 10 == 9 ? null : 20.0 + i, jobs[i % 3], Size.values()[i % 5 == 0 ? 0 : 1], i % 4 == 0));
        }
        return people;
    }

    private static final TableEncoder ENCODER = TableEncoder.none()
            .numbers("age")
            .missing("age")
            .oneHot("job", "clerk", "farmer", "nurse", "astronaut")
            .index("size", "SMALL", "LARGE")
            .booleans("member");

    /** The encoder's scorer would refuse a row that is half of one category and half of another. */
    private static Model service(List<Map<String, Object>> seen) {
        return Model.of(
                "service",
                "1",
                ENCODER.scorer(rows -> rows.stream()
                        .map(row -> {
                            seen.add(row);
                            double sum = row.get("age") == null ? -1 : (Double) row.get("age") > 40 ? 2 : 0;
                            sum += "nurse".equals(row.get("job")) ? 1 : 0;
                            return new double[] {sum + (Boolean.TRUE.equals(row.get("member")) ? 0.5 : 0)};
                        })
                        .toArray(double[][]::new)));
    }

    @Test
    void columns_of_a_table_have_their_bins_and_every_value_is_of_some_row() {
        List<Map<String, Object>> seen = new ArrayList<>();
        List<Map<String, Object>> people = people();
        List<Map<String, Object>> explained = List.of(
                row(55.5, "nurse", Size.SMALL, true),
                row(40.0, "clerk", Size.LARGE, false),
                row(null, "farmer", Size.LARGE, false));
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = Lime.tabular()
                        .samples(500)
                        .discretizer(Discretizer.quartiles().cuts("age", 30, 40))
                        .mask(ENCODER.mask())
                        .baseline(ENCODER.background(people))
                        .attribute(service(seen), ENCODER.inputs(explained))) {
            assertThat(labels(explanation, 0))
                    .containsExactly("age > 40", "job = nurse", "size = SMALL", "member = true");
            assertThat(labels(explanation, 1))
                    .containsExactly("30 < age ≤ 40", "job = clerk", "size = LARGE", "member = false");
            assertThat(labels(explanation, 2))
                    .containsExactly("age = missing", "job = farmer", "size = LARGE", "member = false");
            assertThat(explanation.features(0).subject(0)).isEqualTo("age > 40");
            assertThat(explanation.features(0).subject(1)).isEqualTo("job");
            assertThat(explanation
                            .features(0)
                            .named(List.of("a", "b", "c", "d"))
                            .subject(0))
                    .isEqualTo("a");
            assertThat(explanation.features(0).condition(1)).isEmpty();
            // Over 40 it is 2 more than at most; compared with all other bins together 2 and more.
            List<TableEncoder.Attributed> columns = ENCODER.columns(explanation, 0);
            assertThat(columns.stream().map(TableEncoder.Attributed::column))
                    .containsExactly("age", "job", "size", "member");
            assertThat(columns.get(0).contribution()).isBetween(1.8, 2.6);
            assertThat(columns.get(1).contribution()).isCloseTo(1, within(0.1));
            assertThat(columns.get(2).contribution()).isCloseTo(0, within(0.1));
            assertThat(columns.get(3).contribution()).isCloseTo(0.5, within(0.1));
            assertThat(ENCODER.columns(explanation, 2).get(0).contribution()).isLessThan(-1);
            assertThat(explanation.notices()).isEmpty();
            for (String column : List.of("age", "job", "size", "member")) {
                List<String> known = people.stream()
                        .map(person -> String.valueOf(person.get(column)))
                        .distinct()
                        .toList();
                assertThat(seen.stream().map(one -> String.valueOf(one.get(column))))
                        .allMatch(value -> known.contains(value) || value.equals("55.5"));
            }
            // x itself is a sample, and no other has its age.
            assertThat(seen.stream().filter(one -> Double.valueOf(55.5).equals(one.get("age"))))
                    .isNotEmpty()
                    .allMatch(one ->
                            one.get("job").equals("nurse") && one.get("size").equals("SMALL"));
            assertThat(explanation.counts().forwardRows()).isEqualTo(3 * 500);
            assertThat(explanation.reasons(0, 1).sentences().get(0)).startsWith("age > 40 has attribution +");

            try (Explanation read = Explanation.fromJson(explanation.toJson())) {
                assertThat(read.differences(explanation)).isEmpty();
                for (int example = 0; example < 3; example++) {
                    assertThat(labels(read, example)).isEqualTo(labels(explanation, example));
                }
                try (Explanation without = read.withoutInputData()) {
                    assertThat(without.toJson()).doesNotContain("age > 40").doesNotContain("< age");
                    assertThat(without.features(0).condition(0)).isEmpty();
                }
            }
        }
    }

    private static List<String> labels(Explanation explanation, int example) {
        return explanation.features(example).stream()
                .map(Features.Feature::label)
                .toList();
    }

    @Test
    void intervals_are_named_by_their_cut_points_whatever_the_order_of_the_groups() {
        double[][] background = new double[9][3];
        for (int row = 0; row < 9; row++) {
            background[row] = new double[] {row, row / 8.0, -1000.0 * row};
        }
        Tensor rows = tensor(new double[][] {{-5, 0.5, -9000}, {2, 0.26, 0}, {2.001, 1, -3000}});
        try (TensorScope scope = TensorScope.open()) {
            Inputs named = Inputs.of(rows).named("input0", FeatureNames.columns("a", "b", "c"));
            for (Inputs inputs : List.of(named, Inputs.of(rows))) {
                for (FeatureMask mask : List.of(FeatureMask.perElement(), FeatureMask.ofIds(new long[] {2, 0, 1}))) {
                    try (Explanation explanation = Lime.tabular()
                            .samples(20)
                            .mask(mask)
                            .baseline(Baseline.samples(tensor(background)))
                            .attribute(scoring(row -> row[0]), inputs)) {
                        List<String> all = new ArrayList<>();
                        for (int example = 0; example < 3; example++) {
                            all.addAll(labels(explanation, example));
                        }
                        String text = String.join(", ", all);
                        String wanted = "a ≤ 2, 0.25 < b ≤ 0.5, c ≤ -6000, a ≤ 2, 0.25 < b ≤ 0.5, c > -2000, 2 < a ≤ 4,"
                                + " b > 0.75, -4000 < c ≤ -2000";
                        assertThat(text)
                                .isEqualTo(
                                        inputs == named
                                                ? wanted
                                                : wanted.replaceAll("\\ba\\b", "input0[0]")
                                                        .replaceAll("\\bb\\b", "input0[1]")
                                                        .replaceAll("\\bc\\b", "input0[2]"));
                    }
                }
            }
        }
    }

    @Test
    void categories_may_be_named_and_integers_may_be() {
        double[][] background = new double[12][2];
        for (int row = 0; row < 12; row++) {
            background[row] = new double[] {row % 4, row};
        }
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(tensor(new double[][] {{2, 3}}).to(DataType.INT64))
                    .named("input0", FeatureNames.columns("code", "size"));
            try (Explanation explanation = Lime.tabular()
                    .samples(400)
                    .fit(Lime.Fit.LEAST_SQUARES)
                    .discretizer(Discretizer.quartiles().categories("code"))
                    .baseline(Baseline.samples(tensor(background).to(DataType.INT64)))
                    .attribute(scoring(row -> row[0] == 2 ? 5 : 1), inputs)) {
                assertThat(labels(explanation, 0)).containsExactly("code = 2", "2.75 < size ≤ 5.5");
                assertThat(explanation.attribution().toDoubleArray())
                        .containsExactly(new double[] {4, 0}, within(1e-6));
            }
        }
    }

    @Test
    void the_kernel_sees_the_row_that_is_evaluated() {
        double[][] background = table(9, 12);
        double[][] x = table(1, 13);
        List<double[]> seen = Collections.synchronizedList(new ArrayList<>());
        List<double[]> distances = new ArrayList<>();
        Lime.Kernel noting = Lime.Kernel.of("noting", (kept, cosine, euclidean) -> {
            distances.add(new double[] {cosine, euclidean});
            return 1;
        });
        Model model = scoring(row -> {
            seen.add(row.clone());
            return row[0];
        });
        Lime lime = Lime.tabular().samples(30).mask(mask()).baseline(Baseline.samples(tensor(background)));
        try (TensorScope scope = TensorScope.open()) {
            // The first explanation of a model checks it with rows of its own.
            lime.attribute(model, Inputs.of(tensor(x))).close();
            seen.clear();
            Explanation explanation = lime.kernel(noting).attribute(model, Inputs.of(tensor(x)));
            assertThat(distances).hasSize(30);
            assertThat(seen).hasSize(30);
            for (int i = 0; i < 30; i++) {
                double xx = 0;
                double xs = 0;
                double ss = 0;
                double difference = 0;
                for (int column = 0; column < 7; column++) {
                    double own = x[0][column];
                    double other = seen.get(i)[column];
                    xx += own * own;
                    xs += own * other;
                    ss += other * other;
                    difference += (own - other) * (own - other);
                }
                assertThat(distances.get(i)[0]).isCloseTo(1 - xs / Math.sqrt(xx * ss), within(1e-12));
                assertThat(distances.get(i)[1]).isCloseTo(Math.sqrt(difference), within(1e-7));
            }
            assertThat(explanation.attributions()).hasSize(1);
        }
    }

    @Test
    void a_provenance_says_enough_to_compute_it_again() {
        Tensor background = tensor(table(20, 14));
        Model model = scoring(row -> 1 / (1 + Math.exp(-curved(row))));
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = Lime.tabular()
                        .samples(60)
                        .discretizer(
                                Discretizer.deciles().cuts("input0[1]", 0.5, 1).categories("input0[2]"))
                        .link(Link.LOGIT)
                        .baseline(Baseline.samples(background))
                        .attribute(
                                model,
                                Inputs.of(tensor(table(2, 15))),
                                Target.output(),
                                Run.defaults().seed(3))) {
            assertThat(explanation.provenance().settings())
                    .containsEntry("discretizer", "decile; input0[1]: 0.5, 1; input0[2]: category")
                    .containsEntry("kernel", "published")
                    .containsEntry("samples", "60");
            assertThat(explanation.provenance().settings().get("baseline"))
                    .startsWith("interventional mean over samples");
            Attribution.Forward again =
                    (Attribution.Forward) Methods.of(explanation.provenance(), (Sources) name -> List.of(background));
            try (Explanation repeated = again.attribute(
                    model,
                    Inputs.of(tensor(table(2, 15))),
                    Target.output(),
                    Run.defaults().seed(3))) {
                assertThat(repeated.differences(explanation)).isEmpty();
                assertThat(labels(repeated, 1)).isEqualTo(labels(explanation, 1));
            }
        }
    }

    @Test
    void a_bin_of_all_rows_or_of_none_is_a_notice() {
        double[][] background = table(20, 16);
        for (double[] row : background) {
            row[2] = 4;
        }
        double[] x = table(1, 17)[0];
        x[2] = 4;
        x[3] = 7;
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = Lime.tabular()
                        .samples(50)
                        .mask(mask().named("a", "b", "c", "d", "e"))
                        .baseline(Baseline.samples(tensor(background)))
                        .attribute(scoring(LimeTabularTest::curved), Inputs.of(tensor(new double[][] {x})))) {
            assertThat(explanation.notices())
                    .contains(
                            "lime: all rows of the background are in the input's bin of 'c', so no sample differs there"
                                    + " and the coefficient is 0; give more rows, or other bins",
                            "lime: no row of the background is in the input's bin of 'd', so the coefficient rests on"
                                    + " the score of the input alone; give such rows, or other bins");
            assertThat(perGroup(explanation, 0)[2]).isZero();
        }
    }

    @Test
    void refusals_name_the_rule_and_the_remedy() {
        Model model = scoring(row -> row[0]);
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(tensor(table(1, 18)))
                    .named(
                            "input0",
                            FeatureNames.columns("age", "income", "size", "member", "job=a", "job=b", "job=c"));
            assertThatThrownBy(() -> Lime.tabular().attribute(model, inputs))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining(
                            "discretizer quartile: samples take their values from rows of a background, and"
                                    + " the baseline 0.0 is none; give Baseline.samples(...) of at least 2 rows");
            assertThatThrownBy(() -> Lime.tabular()
                            .baseline(Baseline.samples(tensor(table(1, 19))))
                            .attribute(model, inputs))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining(" is one row; give Baseline.samples(...) of at least 2 rows");
            Lime lime = Lime.tabular().baseline(Baseline.samples(tensor(table(9, 20))));
            assertThatThrownBy(() -> lime.discretizer(
                                    Discretizer.quartiles().cuts("agee", 3).categories("jobs"))
                            .attribute(model, inputs))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("there is no column 'agee'; did you mean 'age'")
                    .hasMessageContaining("there is no column 'jobs'; did you mean 'job=a'");
            assertThatThrownBy(() -> lime.mask(mask().named("age", "income", "size", "member", "job"))
                            .discretizer(Discretizer.quartiles().cuts("job", 0.5))
                            .attribute(model, inputs))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("'job' is of 3 elements, and cut points are those of one; name a column, or"
                            + " call it a category");
            assertThatThrownBy(() -> Lime.tabular()
                            .kernel(Lime.Kernel.euclidean(1))
                            .mask(ENCODER.mask())
                            .baseline(ENCODER.background(people()))
                            .attribute(service(new ArrayList<>()), ENCODER.inputs(people().subList(0, 1))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("kernel euclidean:1.0: it gave the weight NaN to a sample; a value is missing, so its"
                            + " distance is unknown: choose groups or hamming");
            double[][] missing = table(9, 21);
            missing[4][2] = Double.NaN;
            assertThatThrownBy(() -> Lime.tabular()
                            .baseline(Baseline.samples(tensor(missing)))
                            .attribute(model, inputs))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("holds NaN or infinite values");
            assertThatThrownBy(() -> Lime.tabular()
                            .baseline(Baseline.samples(tensor(table(9, 22)).slice(1, 0, 4)))
                            .attribute(model, inputs))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("all axes but the first must be equal");
        }
    }

    @Test
    void settings_are_those_of_the_papers_code() {
        assertThat(Lime.tabular().settings())
                .hasToString("{samples=5000, fit=ridge, strength=1.0, kernel=published, discretizer=quartile,"
                        + " budget=samples, baseline=0.0, link=identity, mask=per-element}");
        assertThat(Methods.read("lime", Map.of("kernel", "hamming:0.5"), Sources.none())
                        .settings()
                        .get("kernel"))
                .hasToString("hamming:0.5");
    }
}
