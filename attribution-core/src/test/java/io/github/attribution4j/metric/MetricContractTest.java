// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.catalog.Metrics;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.metric.agreement.Agreement;
import io.github.attribution4j.metric.localization.Localization;
import io.github.attribution4j.metric.localization.Region;
import io.github.attribution4j.metric.randomization.ParameterRandomization;
import io.github.attribution4j.metric.randomization.RandomLogit;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every metric. */
@ExtendWith(LeakExtension.class)
class MetricContractTest {
    private static final DifferentiableModel MODEL = ReferenceModels.classifier(DataType.FLOAT64, 1, 6, 8, 3);
    private static final DifferentiableModel IMAGES = ReferenceModels.cnn(DataType.FLOAT64, 5, Activation.TANH, 2, 6);

    private static final Region REGION = Region.of(Tensors.ofJava().of(new float[] {0, 1, 1, 0, 0, 1}, 1, 6));

    private static final double CLOSE = 1e-12;
    private static final Target TARGET = Target.index(1);
    private static final Attribution<DifferentiableModel> METHOD = new IntegratedGradients().steps(8);

    static Stream<Metric> metrics() {
        return Metrics.all().stream()
                .map(Description::defaults)
                .map(settings -> (Metric) settings.method())
                .map(MetricContractTest::fitting);
    }

    /** Metrics that explain again what is not given: other inputs, models or classes. */
    private static boolean judgesMethodsOnly(Metric metric) {
        return metric instanceof Sensitivity
                || metric instanceof RelativeStability
                || metric instanceof InputInvariance
                || metric instanceof ParameterRandomization
                || metric instanceof RandomLogit;
    }

    /** Returns a metric whose settings suit these few elements: groups, and a copy that scores lower. */
    private static Metric fitting(Metric metric) {
        if (metric instanceof Localization localization) {
            return localization.region(REGION);
        }
        if (metric instanceof Agreement agreement) {
            return agreement.reference(new ShapleySampling().samples(4));
        }
        return metric instanceof PerturbationCurve curve
                ? curve.mask(FeatureMask.perElement())
                : metric instanceof InformationCurve curve
                        ? curve.baseline(Baseline.constant(dull(curve))).leastScore(-1e9)
                        : metric instanceof Consistency consistency ? consistency.top(1) : metric;
    }

    /** Returns the brightness of an even image that {@link #IMAGES} gives another class, or a lower score. */
    private static double dull(InformationCurve metric) {
        return metric.name().startsWith("accuracy") ? -3 : 3;
    }

    private static boolean isOfImages(Metric metric) {
        return metric instanceof Road || metric instanceof InformationCurve;
    }

    private static DifferentiableModel model(Metric metric) {
        return isOfImages(metric) ? IMAGES : MODEL;
    }

    /** Returns rows; for a metric that compares examples, two of them and slightly larger copies. */
    private static Tensor rows(Metric metric, int examples) {
        if (metric instanceof Consistency) {
            double[] scales = IntStream.range(0, examples)
                    .mapToDouble(example -> 1 + example / 100.0)
                    .toArray();
            long[] copied = IntStream.range(0, examples)
                    .mapToLong(example -> example % 2)
                    .toArray();
            return ReferenceModels.normal(DataType.FLOAT64, 2, 2, 6)
                    .select(0, copied)
                    .mul(Tensors.ofJava().of(scales, examples, 1));
        }
        return isOfImages(metric)
                ? ReferenceModels.normal(DataType.FLOAT64, 2, examples, 2, 6, 6)
                : ReferenceModels.normal(DataType.FLOAT64, 2, examples, 6);
    }

    private static double[] scores(Metric metric, Attribution<? super DifferentiableModel> method, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            return metric.judge(model(metric), Inputs.of(rows(metric, 5)), TARGET, method, run)
                    .scores();
        }
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void scores_depend_on_no_batch_and_repeat(Metric metric) {
        for (Attribution<? super DifferentiableModel> method :
                List.<Attribution<? super DifferentiableModel>>of(METHOD, new ShapleySampling().samples(4))) {
            double[] all = scores(metric, method, Run.defaults());
            assertThat(all).hasSize(5).doesNotContain(Double.NaN);
            assertThat(scores(metric, method, Run.defaults())).containsExactly(all);
            // A path whose steps are in several batches is summed in parts, so bits may differ.
            for (int rows : new int[] {1, 7, 1000}) {
                double[] batched = scores(metric, method, Run.defaults().batchRows(rows));
                for (int example = 0; example < 5; example++) {
                    assertThat(batched[example])
                            .isCloseTo(all[example], within(CLOSE * Math.max(1, Math.abs(all[example]))));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void the_score_of_an_example_depends_on_no_other_but_where_examples_are_compared(Metric metric) {
        double[] all = scores(metric, METHOD, Run.defaults());
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = rows(metric, 5);
            for (int example = 0; example < 5 && !(metric instanceof Consistency); example++) {
                Judgement alone = metric.judge(
                        model(metric),
                        Inputs.of(rows.rows(example, example + 1)),
                        TARGET,
                        METHOD,
                        Run.defaults().exampleKeys(example));
                assertThat(alone.scores()).containsExactly(all[example]);
            }
            long[] order = {3, 0, 4, 1, 2};
            Judgement turned = metric.judge(
                    model(metric),
                    Inputs.of(rows.select(0, order)),
                    TARGET,
                    METHOD,
                    Run.defaults().exampleKeys(order));
            assertThat(turned.scores())
                    .containsExactly(Arrays.stream(order)
                            .mapToDouble(example -> all[(int) example])
                            .toArray());
        }
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void threads_get_the_same(Metric metric) throws Exception {
        double[] expected = scores(metric, METHOD, Run.defaults());
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<double[]>> calls = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                calls.add(() -> scores(metric, METHOD, Run.defaults()));
            }
            for (Future<double[]> one : threads.invokeAll(calls)) {
                assertThat(one.get()).containsExactly(expected);
            }
        } finally {
            threads.shutdown();
        }
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void a_judgement_says_where_it_comes_from_and_what_it_cost(Metric metric) {
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = METHOD.attribute(model(metric), Inputs.of(rows(metric, 5)), TARGET)) {
            Judgement judged = metric.judge(model(metric), Inputs.of(rows(metric, 5)), TARGET, METHOD, Run.defaults());
            assertThat(judged.metric()).isEqualTo(metric.name());
            assertThat(judged.provenance().settings()).hasSameSizeAs(metric.settings());
            assertThat(judged.provenance().inputs()).hasSize(1);
            assertThat(judged.explained().method()).isEqualTo("integrated-gradients");
            assertThat(judged.explained().settings()).containsEntry("steps", "8");
            assertThat(judged.higherIsBetter()).isEqualTo(metric.higherIsBetter());
            assertThat(judged.counts().forwardRows())
                    .isGreaterThanOrEqualTo(explanation.counts().forwardRows());
            assertThat(judged)
                    .hasToString(metric.name() + " of integrated-gradients: " + judged.mean() + " over 5 examples ("
                            + (metric.higherIsBetter() ? "higher" : "lower") + " is better)");
            if (!judgesMethodsOnly(metric)) {
                Judgement given =
                        metric.judge(model(metric), Inputs.of(rows(metric, 5)), TARGET, explanation, Run.defaults());
                assertThat(given.scores()).containsExactly(judged.scores());
                // Rows that check the model are evaluated once for a model, whoever asks first.
                assertThat(given.counts().forwardRows() + explanation.counts().forwardRows())
                        .isEqualTo(judged.counts().forwardRows());
                assertThat(judged.counts().backwardRows())
                        .isEqualTo(explanation.counts().backwardRows());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void a_run_can_be_stopped(Metric metric) {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel();
        assertThatThrownBy(() -> scores(metric, METHOD, Run.defaults().cancellation(cancellation)))
                .isInstanceOf(CancelledException.class);
        assertThatThrownBy(() -> scores(metric, METHOD, Run.defaults().deadline(Duration.ofNanos(1))))
                .isInstanceOf(DeadlineExceededException.class);
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void an_explanation_of_zeros_has_a_defined_score(Metric metric) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor rows = rows(metric, 2);
            Attribution<DifferentiableModel> zeros = new IntegratedGradients().baseline(Baseline.of(rows));
            Judgement judged = metric.judge(model(metric), Inputs.of(rows), TARGET, zeros, Run.defaults());
            for (double score : judged.scores()) {
                assertThat(score).isFinite();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void an_explanation_of_other_inputs_is_refused(Metric metric) {
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = METHOD.attribute(model(metric), Inputs.of(rows(metric, 4)), TARGET)) {
            assertThatThrownBy(() -> metric.judge(
                            model(metric), Inputs.of(rows(metric, 5)), TARGET, explanation, Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining(
                            judgesMethodsOnly(metric)
                                    ? "give the method"
                                    : isOfImages(metric)
                                            ? "has shape (4, 2, 6, 6), and input 'input0' (5, 2, 6, 6)"
                                            : "has shape (4, 6), and input 'input0' (5, 6)");
        }
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void a_judgement_is_read_back_from_json_with_every_bit(Metric metric) {
        try (TensorScope scope = TensorScope.open()) {
            Judgement judged = metric.judge(model(metric), Inputs.of(rows(metric, 3)), TARGET, METHOD, Run.defaults());
            Judgement read = Judgement.fromJson(judged.toJson());
            assertThat(read.scores()).containsExactly(judged.scores());
            assertThat(read.counts()).isEqualTo(judged.counts());
            assertThat(read.notices()).isEqualTo(judged.notices());
            assertThat(read.provenance()).isEqualTo(judged.provenance());
            assertThat(read.explained()).isEqualTo(judged.explained());
            assertThat(read.curves()).hasSameSizeAs(judged.curves());
            assertThat(read.toJson()).isEqualTo(judged.toJson());
            String broken = judged.toJson().replace("\"scores\"", "\"marks\"");
            assertThatThrownBy(() -> Judgement.fromJson(broken))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("judgement JSON: member 'scores' is missing");
        }
    }
}
