// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.internal.numeric.Correlation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DropCorrelationTest {
    private static final int FEATURES = 12;
    private static final double[] X = new Random(3)
            .doubles(FEATURES)
            .map(value -> value < 0.5 ? value - 1 : value)
            .toArray();
    private static final double[] ATTRIBUTIONS =
            new Random(4).doubles(FEATURES).map(value -> value - 0.5).toArray();

    static Stream<String> names() {
        return DropCorrelation.descriptions().stream().map(Description::name);
    }

    /** The metrics that correlate sums of attributions with drops. */
    static Stream<String> ofSums() {
        return names().filter(name -> !name.equals("monotonicity-correlation"));
    }

    private static DropCorrelation metric(String name) {
        return DropCorrelation.descriptions().stream()
                .filter(description -> description.name().equals(name))
                .findFirst()
                .orElseThrow()
                .defaults()
                .method();
    }

    private static double score(double[] row) {
        double sum = 0.3 * row[0] * row[1];
        for (int i = 0; i < row.length; i++) {
            sum += Math.sin(i + row[i]);
        }
        return sum;
    }

    private static Tensor x() {
        return Tensors.ofJava().of(X, Shape.of(1, FEATURES));
    }

    /** Reads the sets off the rows that the model is given: absent features are zero. */
    @ParameterizedTest
    @MethodSource("ofSums")
    void the_score_is_the_correlation_over_the_rows_that_the_model_saw(String name) {
        List<double[]> seen = new ArrayList<>();
        Model model = Model.of(rows -> {
            seen.addAll(Arrays.asList(rows));
            return Arrays.stream(rows).map(row -> new double[] {score(row)}).toArray(double[][]::new);
        });
        try (TensorScope scope = TensorScope.open()) {
            Judgement judged = metric(name)
                    .judge(
                            model,
                            Inputs.of(x()),
                            Target.output(),
                            Given.of(ATTRIBUTIONS),
                            Run.defaults().batchRows(5000));
            int perSize = name.equals("faithfulness-estimate") ? FEATURES : 100;
            int all = name.equals("sensitivity-n") ? 10 * perSize : perSize;
            assertThat(judged.counts().forwardRows()).isEqualTo(2 + all);
            // A few rows are evaluated twice, to see whether rows change each other; they come last.
            List<double[]> sets = seen.stream()
                    .filter(row -> !Arrays.equals(row, X))
                    .limit(all)
                    .toList();
            double mean = 0;
            List<Integer> sizes = new ArrayList<>();
            for (int block = 0; block < sets.size() / perSize; block++) {
                double[] sums = new double[perSize];
                double[] drops = new double[perSize];
                for (int i = 0; i < perSize; i++) {
                    double[] row = sets.get(block * perSize + i);
                    int absent = 0;
                    for (int feature = 0; feature < FEATURES; feature++) {
                        sums[i] += row[feature] == 0 ? ATTRIBUTIONS[feature] : 0;
                        absent += row[feature] == 0 ? 1 : 0;
                    }
                    drops[i] = score(X) - score(row);
                    if (i == 0) {
                        sizes.add(absent);
                    }
                    assertThat(absent).isEqualTo(sizes.get(block));
                }
                mean += textbook(sums, drops) * perSize / sets.size();
            }
            assertThat(judged.scores()).containsExactly(new double[] {mean}, within(1e-12));
            assertThat(sizes)
                    .isEqualTo(
                            switch (name) {
                                case "sensitivity-n" -> List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
                                case "faithfulness-correlation" -> List.of(3);
                                default -> List.of(1);
                            });
        }
    }

    private static double textbook(double[] x, double[] y) {
        int n = x.length;
        double sx = 0;
        double sy = 0;
        double sxx = 0;
        double syy = 0;
        double sxy = 0;
        for (int i = 0; i < n; i++) {
            sx += x[i];
            sy += y[i];
            sxx += x[i] * x[i];
            syy += y[i] * y[i];
            sxy += x[i] * y[i];
        }
        return (n * sxy - sx * sy) / Math.sqrt(n * sxx - sx * sx) / Math.sqrt(n * syy - sy * sy);
    }

    @ParameterizedTest
    @MethodSource("ofSums")
    void the_contributions_to_a_linear_model_have_correlation_1(String name) {
        Model linear = Model.of(rows -> Arrays.stream(rows)
                .map(row -> {
                    double sum = 3;
                    for (int i = 0; i < row.length; i++) {
                        sum += (i - 4) * row[i];
                    }
                    return new double[] {sum};
                })
                .toArray(double[][]::new));
        double[] exact = new double[FEATURES];
        Arrays.setAll(exact, i -> (i - 4) * X[i]);
        double[] scaled = Arrays.stream(exact).map(value -> -3 * value).toArray();
        try (TensorScope scope = TensorScope.open()) {
            assertThat(judge(name, linear, exact)).isEqualTo(1, within(1e-12));
            assertThat(judge(name, linear, scaled)).isEqualTo(-1, within(1e-12));
        }
    }

    /** Ranks by counting, squares by hand, over the rows that the model saw. */
    @ParameterizedTest
    @ValueSource(strings = {"zeros", "samples", "uniform"})
    void monotonicity_correlation_compares_ranks_of_magnitudes_and_mean_squares(String baseline) {
        List<double[]> seen = new ArrayList<>();
        Model model = Model.of(rows -> {
            seen.addAll(Arrays.asList(rows));
            return Arrays.stream(rows).map(row -> new double[] {score(row)}).toArray(double[][]::new);
        });
        Random random = new Random(8);
        double[][] background = new double[5][];
        Arrays.setAll(background, i -> random.doubles(FEATURES).toArray());
        try (TensorScope scope = TensorScope.open()) {
            Tensor samples = Tensors.ofJava()
                    .of(
                            Arrays.stream(background)
                                    .flatMapToDouble(Arrays::stream)
                                    .toArray(),
                            Shape.of(5, FEATURES));
            DropCorrelation metric = DropCorrelation.monotonicityCorrelation()
                    .samples(7)
                    .baseline(
                            switch (baseline) {
                                case "samples" -> Baseline.samples(samples);
                                case "uniform" -> Baseline.uniform(-1, 1);
                                default -> Baseline.zeros();
                            });
            Judgement judged = metric.judge(
                    model,
                    Inputs.of(x()),
                    Target.output(),
                    Given.of(ATTRIBUTIONS),
                    Run.defaults().batchRows(5000));
            int draws = baseline.equals("samples") ? 5 : baseline.equals("uniform") ? 7 : 1;
            List<double[]> replaced = seen.stream()
                    .filter(row -> !Arrays.equals(row, X))
                    .limit((long) FEATURES * draws)
                    .toList();
            double[] squares = new double[FEATURES];
            for (int row = 0; row < replaced.size(); row++) {
                double[] other = replaced.get(row);
                for (int feature = 0; feature < FEATURES; feature++) {
                    double wanted = feature != row / draws
                            ? X[feature]
                            : baseline.equals("samples") ? background[row % draws][feature] : 0;
                    if (feature != row / draws || !baseline.equals("uniform")) {
                        assertThat(other[feature]).isEqualTo(wanted);
                    }
                }
                squares[row / draws] += Math.pow(score(X) - score(other), 2) / draws;
            }
            double[] magnitudes = Arrays.stream(ATTRIBUTIONS).map(Math::abs).toArray();
            assertThat(judged.scores())
                    .containsExactly(new double[] {textbook(counted(magnitudes), counted(squares))}, within(1e-12));
        }
    }

    private static double[] counted(double[] values) {
        return Arrays.stream(values)
                .map(value ->
                        Arrays.stream(values).filter(other -> other < value).count())
                .toArray();
    }

    @Test
    void monotonicity_correlation_of_a_linear_model_is_1_for_its_contributions_of_any_sign_and_scale() {
        Model linear = Model.of(rows -> Arrays.stream(rows)
                .map(row -> {
                    double sum = 3;
                    for (int i = 0; i < row.length; i++) {
                        sum += (i - 4.5) * row[i];
                    }
                    return new double[] {sum};
                })
                .toArray(double[][]::new));
        double[] exact = new double[FEATURES];
        Arrays.setAll(exact, i -> (i - 4.5) * X[i]);
        try (TensorScope scope = TensorScope.open()) {
            for (double scale : new double[] {1, -3, 1e-6}) {
                double[] scaled =
                        Arrays.stream(exact).map(value -> scale * value).toArray();
                assertThat(judge("monotonicity-correlation", linear, scaled)).isEqualTo(1, within(1e-12));
            }
            double[] turned = Arrays.stream(exact).map(value -> 1 / value).toArray();
            assertThat(judge("monotonicity-correlation", linear, turned)).isEqualTo(-1, within(1e-12));
        }
    }

    private static double judge(String name, Model model, double[] attributions) {
        return metric(name)
                .judge(model, Inputs.of(x()), Target.output(), Given.of(attributions), Run.defaults())
                .scores()[0];
    }

    @ParameterizedTest
    @MethodSource("names")
    void no_correlation_is_0_and_noticed(String name) {
        Model constant = Model.of(
                rows -> Arrays.stream(rows).map(row -> new double[] {7}).toArray(double[][]::new));
        try (TensorScope scope = TensorScope.open()) {
            Judgement judged = metric(name)
                    .judge(constant, Inputs.of(x()), Target.output(), Given.of(ATTRIBUTIONS), Run.defaults());
            assertThat(judged.scores()).containsExactly(0);
            assertThat(judged.notices()).anySatisfy(notice -> assertThat(notice).contains("it counts as 0"));
        }
    }

    @Test
    void settings_out_of_range_are_refused() {
        Model model = Model.of(rows -> new double[rows.length][1]);
        try (TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> DropCorrelation.faithfulnessCorrelation()
                            .sets(1)
                            .share(0)
                            .judge(model, Inputs.of(x()), Target.output(), Given.of(ATTRIBUTIONS), Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("sets 1: must be at least 2")
                    .hasMessageContaining("share 0.0: must be above 0 and at most 1");
            assertThatThrownBy(() -> DropCorrelation.faithfulnessEstimate().sets(5))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("faithfulness-estimate has no setting 'sets'");
        }
    }

    @Test
    void equal_numbers_share_their_rank() {
        assertThat(Correlation.ranks(new double[] {5, 1, 5, 0, 5})).containsExactly(3, 1, 3, 0, 3);
        // Ranks 0, 1.5, 1.5, 3 and 0, 1, 2, 3: 4.5 / √(4.5 · 5).
        assertThat(Correlation.spearman(new double[] {1, 2, 2, 9}, new double[] {-4, 0, 1, 2}))
                .isCloseTo(4.5 / Math.sqrt(22.5), within(1e-12));
        assertThat(Correlation.spearman(new double[] {1, 2, 3, 4}, new double[] {1, 10, 100, 1000}))
                .isEqualTo(1);
        assertThat(Correlation.pearson(new double[] {1, 1}, new double[] {1, 2}))
                .isNaN();
    }
}
