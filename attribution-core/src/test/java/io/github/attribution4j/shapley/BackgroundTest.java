// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.mask.Coalitions.Link;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values against a set of samples, compared with the definition: the mean over the set, coalition by coalition. */
class BackgroundTest {
    private static final double EXACT = 1e-10;

    /** A function that no method may assume anything of, between 0 and 1. */
    private record Function(int features, long seed) {
        double of(double[] row) {
            double a = 0;
            double b = 0;
            for (int i = 0; i < features; i++) {
                RandomStream weights = RandomStream.of(seed, i);
                a += weights.nextGaussian() * row[i];
                b += weights.nextGaussian() * row[i] * row[(i + 1) % features];
            }
            return 1 / (1 + Math.exp(-Math.sin(a) - b / 2));
        }

        Model model() {
            return Model.of(rows ->
                    Arrays.stream(rows).map(row -> new double[] {of(row)}).toArray(double[][]::new));
        }

        double[][] rows(int count, int which) {
            double[][] rows = new double[count][features];
            RandomStream random = RandomStream.of(seed, 99, which);
            for (double[] row : rows) {
                Arrays.setAll(row, i -> random.nextGaussian());
            }
            return rows;
        }

        /** v(S), as it is defined. */
        double value(double[] x, double[][] background, double[] weights, int kept, Link link) {
            double mean = 0;
            for (int k = 0; k < background.length; k++) {
                double[] row = background[k].clone();
                for (int i = 0; i < features; i++) {
                    row[i] = (kept >> i & 1) == 1 ? x[i] : row[i];
                }
                mean += weights[k] * of(row);
            }
            return link == Link.LOGIT ? Math.log(mean / (1 - mean)) : mean;
        }

        double[] shapley(double[] x, double[][] background, double[] weights, Link link) {
            double[] values = new double[1 << features];
            Arrays.setAll(values, kept -> value(x, background, weights, kept, link));
            double[] shapley = new double[features];
            for (int i = 0; i < features; i++) {
                for (int kept = 0; kept < values.length; kept++) {
                    if ((kept >> i & 1) == 0) {
                        int size = Integer.bitCount(kept);
                        shapley[i] += factorial(size)
                                * factorial(features - size - 1)
                                / factorial(features)
                                * (values[kept | 1 << i] - values[kept]);
                    }
                }
            }
            return shapley;
        }

        private static double factorial(int n) {
            return n < 2 ? 1 : n * factorial(n - 1);
        }
    }

    private static Tensor tensor(double[][] rows) {
        return Tensors.ofJava()
                .of(Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray(), rows.length, rows[0].length);
    }

    private static double[] equal(int count) {
        double[] weights = new double[count];
        Arrays.fill(weights, 1.0 / count);
        return weights;
    }

    private static double[] row(double[] values, int row, int size) {
        return Arrays.copyOfRange(values, row * size, (row + 1) * size);
    }

    @ParameterizedTest
    @CsvSource({"4, IDENTITY", "5, LOGIT", "7, IDENTITY", "8, LOGIT", "10, IDENTITY"})
    void exact_values_are_those_of_the_mean_over_the_set(int features, Link link) {
        for (int seed = 0; seed < 5; seed++) {
            Function function = new Function(features, seed);
            double[][] x = function.rows(2, 0);
            double[][] background = function.rows(7, 1);
            try (TensorScope scope = TensorScope.open();
                    Explanation explanation = new ShapleyValues()
                            .baseline(Baseline.samples(tensor(background)))
                            .link(link)
                            .attribute(function.model(), Inputs.of(tensor(x)))) {
                double[] values = explanation.attribution().toDoubleArray();
                for (int example = 0; example < 2; example++) {
                    assertThat(row(values, example, features))
                            .containsExactly(function.shapley(x[example], background, equal(7), link), within(EXACT));
                    int all = (1 << features) - 1;
                    assertThat(explanation.scores()[example])
                            .isCloseTo(function.value(x[example], background, equal(7), all, link), within(EXACT));
                    assertThat(explanation.baselineScores().orElseThrow()[example])
                            .isCloseTo(function.value(x[example], background, equal(7), 0, link), within(EXACT));
                    assertThat(explanation.completenessGap()[example]).isCloseTo(0, within(EXACT));
                }
                assertThat(explanation.counts().forwardRows()).isEqualTo(2 + 2L * ((1 << features) - 1) * 7);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Link.class)
    void a_regression_on_all_coalitions_and_complete_walks_give_the_same(Link link) {
        Function function = new Function(6, 3);
        double[][] x = function.rows(1, 0);
        double[][] background = function.rows(9, 1);
        double[] exact = function.shapley(x[0], background, equal(9), link);
        try (TensorScope scope = TensorScope.open()) {
            Baseline samples = Baseline.samples(tensor(background));
            try (Explanation kernel = new KernelShap()
                            .samples(64)
                            .baseline(samples)
                            .link(link)
                            .attribute(function.model(), Inputs.of(tensor(x)));
                    Explanation walks = new ShapleySampling()
                            .samples(4000)
                            .baseline(samples)
                            .link(link)
                            .attribute(function.model(), Inputs.of(tensor(x)))) {
                assertThat(kernel.attribution().toDoubleArray()).containsExactly(exact, within(EXACT));
                double[] estimates = walks.attribution().toDoubleArray();
                double[] errors = walks.standardErrors().get(0).toDoubleArray();
                for (int i = 0; i < exact.length; i++) {
                    assertThat(estimates[i]).isCloseTo(exact[i], within(5 * errors[i] + EXACT));
                }
                assertThat(walks.completenessGap()[0]).isCloseTo(0, within(EXACT));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Link.class)
    void ablation_takes_the_mean_over_the_set(Link link) {
        Function function = new Function(5, 4);
        double[][] x = function.rows(3, 0);
        double[][] background = function.rows(4, 1);
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = new FeatureAblation()
                        .baseline(Baseline.samples(tensor(background)))
                        .link(link)
                        .attribute(function.model(), Inputs.of(tensor(x)))) {
            double[] values = explanation.attribution().toDoubleArray();
            for (int example = 0; example < 3; example++) {
                for (int i = 0; i < 5; i++) {
                    double without = function.value(x[example], background, equal(4), 31 & ~(1 << i), link);
                    double with = function.value(x[example], background, equal(4), 31, link);
                    assertThat(values[example * 5 + i]).isCloseTo(with - without, within(EXACT));
                }
            }
        }
    }

    @Test
    void rows_that_are_evaluated_hold_values_of_one_sample_only() {
        double[][] background = {{1, 100, 7}, {2, 200, 8}, {3, 300, 9}};
        Set<List<Double>> outside = new HashSet<>();
        Model model = Model.of(rows -> {
            for (double[] row : rows) {
                outside.add(
                        Arrays.stream(row).filter(value -> value != 0).boxed().toList());
            }
            return Arrays.stream(rows).map(row -> new double[] {row[0]}).toArray(double[][]::new);
        });
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = new ShapleyValues()
                        .baseline(Baseline.samples(tensor(background)))
                        .attribute(model, Inputs.of(tensor(new double[][] {{0, 0, 0}})))) {
            assertThat(explanation.counts().forwardRows()).isEqualTo(1 + 7 * 3);
        }
        for (List<Double> values : outside) {
            long samples = values.stream()
                    .mapToInt(value -> (int) (value >= 100 ? value / 100 : value >= 7 ? value - 6 : value))
                    .distinct()
                    .count();
            assertThat(samples).as("samples in " + values).isLessThanOrEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 1000})
    void batches_do_not_change_values(int batchRows) {
        Function function = new Function(5, 6);
        double[][] x = function.rows(2, 0);
        try (TensorScope scope = TensorScope.open()) {
            Attribution<Model> method = new ShapleyValues().baseline(Baseline.samples(tensor(function.rows(6, 1))));
            try (Explanation all = method.attribute(function.model(), Inputs.of(tensor(x)));
                    Explanation some = method.attribute(
                            function.model(),
                            Inputs.of(tensor(x)),
                            Target.output(),
                            Run.defaults().batchRows(batchRows))) {
                assertThat(some.attribution().toDoubleArray())
                        .containsExactly(all.attribution().toDoubleArray());
            }
        }
    }

    @Test
    void clusters_are_weighted_rows_of_the_set() {
        double[][] background = {{0, 0}, {0.1, 0}, {0, 0.1}, {0.02, 0.02}, {9, 9}, {9.1, 9}, {-9, 5}};
        Function function = new Function(2, 8);
        double[][] x = {{1, 2}};
        try (TensorScope scope = TensorScope.open()) {
            Baseline summary = Baseline.kMeans(3, tensor(background));
            assertThat(summary.sampleCount()).isEqualTo(3);
            try (Explanation explanation =
                    new ShapleyValues().baseline(summary).attribute(function.model(), Inputs.of(tensor(x)))) {
                double[][] picked = {{0.02, 0.02}, {9, 9}, {-9, 5}};
                double[] weights = {4.0 / 7, 2.0 / 7, 1.0 / 7};
                assertThat(explanation.attribution().toDoubleArray())
                        .containsExactly(function.shapley(x[0], picked, weights, Link.IDENTITY), within(EXACT));
                assertThat(explanation.provenance().settings().get("baseline"))
                        .startsWith("interventional mean over 3 clusters of samples (7, 2) sha256:");
            }
            assertThat(Baseline.kMeans(50, tensor(background)).sampleCount()).isEqualTo(7);
        }
    }

    @Test
    void a_summary_needs_its_samples_no_more() {
        Function function = new Function(2, 8);
        double[][] x = {{1, 2}};
        double[][] rows = {{0, 0}, {0.1, 0}, {9, 9}, {0, 0}};
        Baseline summary;
        try (TensorScope scope = TensorScope.open()) {
            summary = Baseline.kMeans(2, tensor(rows));
        }
        assertThat(summary.weights()).containsExactly(0.75, 0.25);
        try (TensorScope scope = TensorScope.open();
                Explanation exact =
                        new ShapleyValues().baseline(summary).attribute(function.model(), Inputs.of(tensor(x)));
                Explanation drawn =
                        new ShapleySampling().baseline(summary).attribute(function.model(), Inputs.of(tensor(x)))) {
            assertThat(drawn.attribution().toDoubleArray())
                    .containsExactly(exact.attribution().toDoubleArray(), within(1e-12));
            assertThat(summary.samples(Inputs.of(tensor(x)), Run.defaults())
                            .get(0)
                            .toDoubleArray())
                    .containsExactly(0, 0, 9, 9);
        }
    }

    @Test
    void clusters_do_not_depend_on_the_units_of_columns() {
        Function function = new Function(3, 12);
        double[][] rows = function.rows(60, 1);
        double[][] scaled = Arrays.stream(rows)
                .map(row -> new double[] {row[0] * 1e6, row[1], row[2] / 1e3})
                .toArray(double[][]::new);
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(tensor(function.rows(1, 0)));
            double[] a = Baseline.kMeans(5, tensor(rows))
                    .samples(inputs, Run.defaults())
                    .get(0)
                    .toDoubleArray();
            double[] b = Baseline.kMeans(5, tensor(scaled))
                    .samples(inputs, Run.defaults())
                    .get(0)
                    .toDoubleArray();
            for (int i = 0; i < a.length; i += 3) {
                assertThat(b[i]).isCloseTo(a[i] * 1e6, within(1e-6));
            }
        }
    }

    @Test
    void a_group_takes_all_its_values_of_one_sample() {
        Function function = new Function(4, 9);
        double[][] x = function.rows(1, 0);
        double[][] background = function.rows(5, 1);
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = new ShapleyValues()
                        .mask(FeatureMask.of(Tensors.ofJava().of(new long[] {0, 0, 1, 1}, 1, 4)))
                        .baseline(Baseline.samples(tensor(background)))
                        .attribute(function.model(), Inputs.of(tensor(x)))) {
            double[] v = new double[4];
            int[] kept = {0, 3, 12, 15};
            Arrays.setAll(v, i -> function.value(x[0], background, equal(5), kept[i], Link.IDENTITY));
            double first = (v[1] - v[0] + v[3] - v[2]) / 2;
            assertThat(explanation.attribution().toDoubleArray()[0]).isCloseTo(first, within(EXACT));
        }
    }

    @Test
    void refusals_name_what_is_wrong() {
        Function function = new Function(3, 10);
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(tensor(function.rows(1, 0)));
            assertThatThrownBy(() ->
                            new KernelShap().baseline(Baseline.normal(0, 1)).attribute(function.model(), inputs))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("is a distribution without a list of samples, and kernel-shap")
                    .hasMessageContaining("Baseline.samples(...)");
            assertThatThrownBy(() -> new ShapleyValues()
                            .baseline(Baseline.samples(tensor(new double[][] {{1, 2}})))
                            .attribute(function.model(), inputs))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("baseline for input");
            Model logits = Model.of(rows -> Arrays.stream(rows)
                    .map(row -> new double[] {2 * row[0] + 3})
                    .toArray(double[][]::new));
            assertThatThrownBy(() -> new ShapleyValues()
                            .link(Link.LOGIT)
                            .attribute(logits, Inputs.of(tensor(new double[][] {{1, 0, 0}}))))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("link logit: a score is 5.0")
                    .hasMessageContaining("the sigmoid of a logit");
            assertThatThrownBy(() -> Baseline.kMeans(0, tensor(new double[][] {{1, 2}})))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("kmeans: 0 clusters; give at least 1");
            assertThatThrownBy(() -> Baseline.kMeans(2, tensor(new double[][] {{1, Double.NaN}, {2, 3}})))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("column 1 of the samples holds NaN");
        }
    }

    @Test
    void rows_of_many_examples_and_samples_fill_calls() {
        Function function = new Function(8, 3);
        List<Integer> calls = new ArrayList<>();
        Model counting = Model.of(rows -> {
            calls.add(rows.length);
            return Arrays.stream(rows)
                    .map(row -> new double[] {function.of(row)})
                    .toArray(double[][]::new);
        });
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = new KernelShap()
                        .samples(60)
                        .baseline(Baseline.samples(tensor(function.rows(7, 1))))
                        .attribute(
                                counting,
                                Inputs.of(tensor(function.rows(5, 0))),
                                Target.output(),
                                Run.defaults().batchRows(100))) {
            // The score of x once, of the baseline and of 58 coalitions on 7 samples.
            assertThat(explanation.counts().forwardRows()).isEqualTo(5 * (1 + 7 + 58 * 7));
            long full = calls.stream().filter(rows -> rows == 100).count();
            assertThat(full).isEqualTo(5 * 58 * 7 / 100);
            assertThat(calls).hasSizeLessThanOrEqualTo((int) full + 4);
        }
    }
}
