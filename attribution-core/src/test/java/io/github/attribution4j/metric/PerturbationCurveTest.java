// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.metric.PerturbationCurve.Order;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PerturbationCurveTest {
    private static final int FEATURES = 10;
    private static final double EXACT = 1e-12;

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    static Stream<String> names() {
        return PerturbationCurve.descriptions().stream().map(Description::name);
    }

    /** Metrics that have an order: all but monotonicity. */
    static Stream<String> ordered() {
        return names().filter(name -> !name.equals("monotonicity"));
    }

    private static PerturbationCurve metric(String name) {
        return PerturbationCurve.descriptions().stream()
                .filter(description -> description.name().equals(name))
                .findFirst()
                .orElseThrow()
                .defaults()
                .method()
                .mask(FeatureMask.perElement());
    }

    private static Tensor tensor(double[]... rows) {
        double[] all = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
        return Tensors.ofJava().of(all, Shape.of(rows.length, rows[0].length));
    }

    private static Model model(ToDoubleFunction<double[]> score) {
        return Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {score.applyAsDouble(row)})
                .toArray(double[][]::new));
    }

    private static double logistic(double[] row) {
        double sum = 0;
        for (int i = 0; i < row.length; i++) {
            sum += row[i] * (i - 3) + (i > 0 ? row[i] * row[i - 1] : 0);
        }
        return 1 / (1 + Math.exp(-sum / 5));
    }

    private static double[][] random(long seed, int rows) {
        Random random = new Random(seed);
        double[][] all = new double[rows][FEATURES];
        for (double[] row : all) {
            Arrays.setAll(row, i -> random.nextGaussian());
        }
        return all;
    }

    /** The metric as its paper has it, one point after the other. */
    private static double oracle(String name, double[] x, double[] b, double[] attributions, int[] points) {
        Integer[] order = new Integer[x.length];
        Arrays.setAll(order, i -> i);
        boolean rises = name.equals("monotonicity");
        Arrays.sort(order, (i, j) -> (rises ? -1 : 1) * Double.compare(attributions[j], attributions[i]));
        boolean inserts = rises || name.equals("insertion") || name.equals("sufficiency");
        double[] scores = new double[points.length];
        for (int k = 0; k < points.length; k++) {
            double[] row = inserts ? b.clone() : x.clone();
            for (int place = 0; place < points[k]; place++) {
                row[order[place]] = inserts ? x[order[place]] : b[order[place]];
            }
            scores[k] = logistic(row);
        }
        double full = logistic(x);
        double area = 0;
        for (int k = 1; k < points.length; k++) {
            area += (points[k] - points[k - 1]) * (scores[k] + scores[k - 1]) / 2 / points[points.length - 1];
        }
        double sum = 0;
        double logs = 0;
        for (int k = 1; k < points.length; k++) {
            sum += full - scores[k];
            logs += Math.log(scores[k] / full);
        }
        return switch (name) {
            case "deletion", "insertion", "pixel-flipping", "selectivity" -> area;
            case "region-perturbation" -> sum / points.length;
            case "comprehensiveness", "sufficiency" -> sum / (points.length - 1);
            case "irof" -> 1 - area / full;
            case "monotonicity" -> IntStream.range(2, points.length).allMatch(k -> scores[k] >= scores[k - 1]) ? 1 : 0;
            case "log-odds" -> logs / (points.length - 1);
            default -> throw new AssertionError(name);
        };
    }

    @ParameterizedTest
    @MethodSource("names")
    void the_score_is_that_of_the_formula_at_every_kind_of_points(String name) {
        double[][] x = random(1, 3);
        double[][] attributions = random(2, 3);
        double[] b = random(3, 1)[0];
        Map<Points, int[]> points = Map.of(
                Points.each(), new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                Points.steps(4), new int[] {0, 2, 5, 7, 10},
                Points.steps(1), new int[] {0, 10},
                Points.steps(1000), new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                Points.shares(0.01, 0.05, 0.24, 0.5), new int[] {0, 1, 2, 5},
                Points.shares(0.3, 1), new int[] {0, 3, 10});
        points.forEach((asked, counts) -> {
            Judgement judged = metric(name)
                    .points(asked)
                    .baseline(Baseline.of(tensor(b)))
                    .judge(
                            model(PerturbationCurveTest::logistic),
                            Inputs.of(tensor(x)),
                            Target.output(),
                            Given.of(attributions),
                            Run.defaults());
            for (int example = 0; example < 3; example++) {
                assertThat(judged.scores()[example])
                        .as("%s at %s", name, asked)
                        .isCloseTo(oracle(name, x[example], b, attributions[example], counts), within(EXACT));
                assertThat(judged.curves().get(example).shares())
                        .containsExactly(Arrays.stream(counts)
                                .mapToDouble(count -> count / 10.0)
                                .toArray());
            }
        });
    }

    @Test
    void monotonicity_passes_the_right_order_and_fails_the_reverse() {
        // Either feature raises the score alone; the first lowers it once the second is there.
        Model model = model(row -> 3 * row[1] + row[0] - 2 * row[0] * row[1]);
        double[] x = {1, 1};
        assertThat(score(PerturbationCurve.monotonicity(), model, x, new double[] {1, 2}))
                .isEqualTo(1);
        assertThat(score(PerturbationCurve.monotonicity(), model, x, new double[] {2, 1}))
                .isZero();
        assertThatThrownBy(() -> PerturbationCurve.monotonicity().order(Order.MOST_RELEVANT_FIRST))
                .hasMessageContaining("has no setting 'order'");
        assertThat(PerturbationCurve.monotonicity().higherIsBetter()).isTrue();
    }

    @Test
    void irof_ranks_segments_by_their_mean_and_the_others_by_their_sum() {
        // Segment 0 has three elements with the larger sum, segment 1 has one with the larger mean.
        FeatureMask segments = FeatureMask.of(Tensors.ofJava().of(new long[] {0, 0, 0, 1}, Shape.of(1, 4)));
        double[] attributions = {1, 1, 1, 2};
        double[] x = {1, 1, 1, 1};
        Model model = model(row -> 1 + row[3]);
        assertThat(score(PerturbationCurve.irof().mask(segments), model, x, attributions))
                .isCloseTo(1 - (2 / 2.0 + 1 / 2.0 + 1 / 2.0 + 1 / 2.0) / 4, within(EXACT));
        assertThat(score(PerturbationCurve.pixelFlipping().mask(segments), model, x, attributions))
                .isCloseTo((2 + 2 + 2 + 1) / 4.0, within(EXACT));
    }

    @Test
    void zeros_of_both_signs_are_equal() {
        assertThat(CurvePlan.ranks(new double[] {-0.0, 0.0, -0.0, 1, -1}, true)).containsExactly(1, 2, 3, 0, 4);
        assertThat(CurvePlan.ranks(new double[] {0.0, -0.0, 0.0, 1, -1}, false)).containsExactly(1, 2, 3, 4, 0);
    }

    @ParameterizedTest
    @MethodSource("ordered")
    void a_perfect_explanation_of_a_linear_model_scores_best_and_its_reverse_worst(String name) {
        double[] weights = {3, -2, 1, 0.5, -0.1, 2, -1, 0.7, 0.2, -3};
        Model linear = model(row -> {
            double sum = 20;
            for (int i = 0; i < row.length; i++) {
                sum += weights[i] * row[i];
            }
            return sum;
        });
        double[] x = random(5, 1)[0];
        double[] perfect = new double[FEATURES];
        double[] reverse = new double[FEATURES];
        for (int i = 0; i < FEATURES; i++) {
            perfect[i] = weights[i] * x[i];
            reverse[i] = -perfect[i];
        }
        PerturbationCurve metric = metric(name);
        double best = score(metric, linear, x, perfect);
        double worst = score(metric, linear, x, reverse);
        double sign = metric.higherIsBetter() ? 1 : -1;
        for (double[] other : random(6, 30)) {
            double score = score(metric, linear, x, other);
            assertThat(sign * score).isLessThanOrEqualTo(sign * best + EXACT);
            assertThat(sign * score).isGreaterThanOrEqualTo(sign * worst - EXACT);
        }
        assertThat(sign * best).isGreaterThan(sign * worst);
        // Only the order counts.
        double[] scaled = Arrays.stream(perfect).map(value -> 7 * value + 2).toArray();
        assertThat(score(metric, linear, x, scaled)).isEqualTo(best);
        PerturbationCurve least = metric.order(Order.LEAST_RELEVANT_FIRST);
        assertThat(least.higherIsBetter()).isNotEqualTo(metric.higherIsBetter());
        assertThat(score(least, linear, x, reverse)).isCloseTo(best, within(EXACT));
    }

    private static double score(PerturbationCurve metric, Model model, double[] x, double[] attributions) {
        return metric.judge(model, Inputs.of(tensor(x)), Target.output(), Given.of(attributions), Run.defaults())
                .scores()[0];
    }

    @Test
    void scores_depend_neither_on_batches_nor_on_other_examples_nor_on_their_order() {
        double[][] x = random(8, 6);
        double[][] attributions = random(9, 6);
        Model model = model(PerturbationCurveTest::logistic);
        PerturbationCurve metric = PerturbationCurve.deletion().baseline(Baseline.samples(tensor(random(20, 5))));
        double[] all = scores(metric, model, x, attributions, Run.defaults());
        assertThat(scores(metric, model, x, attributions, Run.defaults().batchRows(1)))
                .containsExactly(all);
        assertThat(scores(metric, model, x, attributions, Run.defaults().batchRows(7)))
                .containsExactly(all);
        for (int example = 0; example < 6; example++) {
            double[] alone = scores(
                    metric,
                    model,
                    new double[][] {x[example]},
                    new double[][] {attributions[example]},
                    Run.defaults().exampleKeys(example));
            assertThat(alone).containsExactly(all[example]);
        }
    }

    private static double[] scores(
            PerturbationCurve metric, Model model, double[][] x, double[][] attributions, Run run) {
        return metric.judge(model, Inputs.of(tensor(x)), Target.output(), Given.of(attributions), run)
                .scores();
    }

    @Test
    void a_group_counts_the_sum_of_its_elements_and_a_shared_attribution_counts_once() {
        double[][] x = random(10, 2);
        FeatureMask mask = FeatureMask.of(Tensors.ofJava().of(new long[] {0, 0, 0, 0, 0, 1, 1, 2, 2, 3}, 1, 10));
        Model model = model(PerturbationCurveTest::logistic);
        FeatureAblation grouped = new FeatureAblation().mask(mask);
        try (Explanation why = grouped.attribute(model, Inputs.of(tensor(x)))) {
            double[][] spread = new double[2][FEATURES];
            double[] shared = why.attribution().toDoubleArray();
            int[] sizes = {5, 5, 5, 5, 5, 2, 2, 2, 2, 1};
            for (int i = 0; i < shared.length; i++) {
                spread[i / FEATURES][i % FEATURES] = shared[i] / sizes[i % FEATURES];
            }
            for (PerturbationCurve metric :
                    List.of(PerturbationCurve.deletion().mask(mask), PerturbationCurve.deletion())) {
                assertThat(metric.judge(model, Inputs.of(tensor(x)), Target.output(), why, Run.defaults())
                                .scores())
                        .containsExactly(scores(metric, model, x, spread, Run.defaults()));
            }
        }
    }

    @Test
    void a_map_of_one_channel_judges_pixels_of_all_channels() {
        Tensor image = Tensors.ofJava().of(new Random(11).doubles(3 * 4 * 4).toArray(), Shape.of(1, 3, 4, 4));
        Tensor map = Tensors.ofJava().of(new Random(12).doubles(16).toArray(), Shape.of(1, 1, 4, 4));
        double[] weights = new Random(13).doubles(48).toArray();
        Model model = Model.ofTensor(given -> given.mul(given.tensors().of(weights, Shape.of(1, 3, 4, 4)))
                .sum(1, 2, 3)
                .reshape(given.shape().dim(0), 1));
        PerturbationCurve metric = PerturbationCurve.deletion().mask(FeatureMask.patches(1, 1));
        Attribution.Forward narrow = new Given(map);
        Attribution.Forward wide = new Given(map.broadcast(Shape.of(1, 3, 4, 4)));
        Judgement judged = metric.judge(model, Inputs.of(image), Target.output(), narrow, Run.defaults());
        assertThat(judged.scores())
                .containsExactly(metric.judge(model, Inputs.of(image), Target.output(), wide, Run.defaults())
                        .scores());
        assertThat(judged.curves().get(0).shares()).hasSize(17);
    }

    @Test
    void the_cost_is_a_row_for_each_point_and_the_explanation_is_counted() {
        Judgement judged = PerturbationCurve.deletion()
                .points(Points.steps(5))
                .judge(
                        model(PerturbationCurveTest::logistic),
                        Inputs.of(tensor(random(14, 2))),
                        Target.output(),
                        new FeatureAblation(),
                        Run.defaults());
        assertThat(judged.counts().forwardRows()).isEqualTo(2 * (1 + 10) + 2 * (1 + 5));
        assertThat(judged.provenance().method()).isEqualTo("deletion");
        assertThat(judged.provenance().settings())
                .containsEntry("points", "5")
                .containsEntry("order", "most-relevant-first");
        assertThat(judged.explained().method()).isEqualTo("feature-ablation");
    }

    @Test
    void what_cannot_be_judged_is_refused_in_words() {
        Model model = model(PerturbationCurveTest::logistic);
        Inputs inputs = Inputs.of(tensor(random(15, 2)));
        PerturbationCurve metric = PerturbationCurve.deletion();
        assertThatThrownBy(() -> metric.judge(
                        model, inputs, Target.output(), Given.of(new double[3], new double[3]), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("shape (2, 3), and input 'input0' (2, 10)");
        Model negative = model(row -> -1);
        for (PerturbationCurve relative : List.of(metric("irof"), metric("log-odds"))) {
            assertThatThrownBy(() ->
                            relative.judge(negative, inputs, Target.output(), Given.of(random(1, 2)), Run.defaults()))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining(relative.name())
                    .hasMessageContaining("explain the probability of a class");
        }
        assertThatThrownBy(() -> Points.shares(0.5, 0.2)).hasMessageContaining("must ascend");
        assertThatThrownBy(() -> Points.shares(0.5, 1.2)).hasMessageContaining("at most 1");
        assertThatThrownBy(() -> Points.steps(0)).hasMessageContaining("at least 1");
        Cancellation cancelled = new Cancellation();
        cancelled.cancel();
        assertThatThrownBy(() -> metric.judge(
                        model,
                        inputs,
                        Target.output(),
                        new FeatureAblation(),
                        Run.defaults().cancellation(cancelled)))
                .isInstanceOf(CancelledException.class);
    }

    @Test
    void constant_attributions_are_ranked_by_number_and_a_constant_model_has_a_flat_curve() {
        Inputs inputs = Inputs.of(tensor(random(16, 1)));
        Judgement judged = PerturbationCurve.deletion()
                .judge(model(row -> 0.25), inputs, Target.output(), Given.of(new double[FEATURES]), Run.defaults());
        assertThat(judged.scores()).containsExactly(0.25);
        double[] ascending = new double[FEATURES];
        Arrays.setAll(ascending, i -> -i);
        Model model = model(PerturbationCurveTest::logistic);
        double[] x = random(17, 1)[0];
        assertThat(score(PerturbationCurve.deletion(), model, x, new double[FEATURES]))
                .isEqualTo(score(PerturbationCurve.deletion(), model, x, ascending));
    }
}
