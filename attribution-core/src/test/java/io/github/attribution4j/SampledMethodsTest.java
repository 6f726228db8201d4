// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When noise tunnels and expected gradients end: after samples, at an error, at a deadline; and what they say then. */
@ExtendWith(LeakExtension.class)
class SampledMethodsTest {
    private static final int RUNS = 200;
    private static final double STDEV = 0.3;
    private static final double ERROR = 0.15;

    /** Σ c x³, with c = 1, 2, 3, ..., so that expected attributions over noise are known. */
    private static final DifferentiableModel CUBES = DifferentiableModel.of(
            Model.of(
                    "cubes",
                    "1",
                    rows -> Arrays.stream(rows)
                            .map(row -> new double[] {cubes(row)})
                            .toArray(double[][]::new)),
            (inputs, cotangent) -> {
                Tensor x = inputs.tensor(0);
                Tensor weights = x.tensors().of(new double[] {3, 6, 9}, DataType.FLOAT64, Shape.of(1, 3));
                return List.of(x.mul(x)
                        .mul(weights)
                        .mul(cotangent.reshape(x.shape().rowScale(x.shape().dim(0)))));
            });

    private static double cubes(double[] row) {
        double sum = 0;
        for (int i = 0; i < row.length; i++) {
            sum += (i + 1) * Math.pow(row[i], 3);
        }
        return sum;
    }

    private TensorScope scope;

    @BeforeEach
    void openScope() {
        scope = TensorScope.open();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    /** A method that draws samples, and what it is expected to give for one element. */
    private enum Sampled {
        SMOOTH_GRAD {
            @Override
            Attribution<DifferentiableModel> method(Budget budget, int samples) {
                return NoiseTunnel.smoothGrad(new Saliency())
                        .stdev(STDEV)
                        .samples(samples)
                        .budget(budget);
            }

            @Override
            double expected(double c, double x) {
                return 3 * c * (x * x + STDEV * STDEV);
            }
        },
        SMOOTH_ABLATION {
            @Override
            @SuppressWarnings("unchecked") // A method that takes any model takes this one.
            Attribution<DifferentiableModel> method(Budget budget, int samples) {
                Attribution<?> ablation = new FeatureAblation();
                return NoiseTunnel.smoothGrad((Attribution<DifferentiableModel>) ablation)
                        .stdev(STDEV)
                        .samples(samples)
                        .budget(budget);
            }

            @Override
            double expected(double c, double x) {
                return c * (x * x * x + 3 * x * STDEV * STDEV);
            }
        },
        GRADIENT_SHAP {
            @Override
            Attribution<DifferentiableModel> method(Budget budget, int samples) {
                return new GradientShap().stdev(STDEV).samples(samples).budget(budget);
            }

            @Override
            double expected(double c, double x) {
                return c * (x * x * x + 3 * x * STDEV * STDEV);
            }
        };

        abstract Attribution<DifferentiableModel> method(Budget budget, int samples);

        abstract double expected(double c, double x);
    }

    private static final double[] X = {0.5, -0.4, 0.2};

    private static Inputs inputs(double... values) {
        return Inputs.of(Tensors.ofJava().of(values, values.length / 3, 3));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("In 95 of 100 runs all elements are as near as was asked for")
    void reachesTheError(Sampled sampled) {
        int near = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            try (Explanation why = sampled.method(Budget.ofError(ERROR), 5)
                    .attribute(CUBES, inputs(X), Target.output(), Run.defaults().seed(seed))) {
                double[] values = why.attribution().toDoubleArray();
                double worst = 0;
                for (int i = 0; i < X.length; i++) {
                    worst = Math.max(worst, Math.abs(values[i] - sampled.expected(i + 1, X[i])));
                }
                near += worst <= ERROR ? 1 : 0;
                assertThat(why.measures().get("error-reached")).containsExactly(1);
                assertThat(why.measures().get("half-width")[0]).isLessThanOrEqualTo(ERROR);
                assertThat(why.measures().get("evaluations")[0]).isBetween(100.0, 20_000.0);
                assertThat(why.notices())
                        .allMatch(notice -> notice.endsWith("a larger budget than error:0.15 closes a gap of the sum"));
            }
        }
        assertThat(near).isGreaterThanOrEqualTo(RUNS * 95 / 100);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("A number of evaluations is that of samples, and what it does not reach is said")
    void evaluations(Sampled sampled) {
        Inputs two = inputs(0.5, -0.4, 0.2, 1, 2, -3);
        Budget budget = Budget.ofEvaluations(137);
        try (Explanation samples =
                        sampled.method(Budget.unset(), 137).attribute(CUBES, two, Target.output(), Run.defaults());
                Explanation some = sampled.method(budget, 5).attribute(CUBES, two, Target.output(), Run.defaults());
                Explanation both =
                        sampled.method(budget.error(1e-6), 5).attribute(CUBES, two, Target.output(), Run.defaults())) {
            double[] values = samples.attribution().toDoubleArray();
            assertThat(samples.measures()).isEmpty();
            assertThat(some.measures()).containsOnlyKeys("evaluations", "half-width");
            assertThat(some.measures().get("evaluations")).containsExactly(137, 137);
            assertThat(some.attribution().toDoubleArray()).containsExactly(values);
            // Two rounds are merged where one is not.
            assertThat(both.attribution().toDoubleArray()).containsExactly(values, within(1e-12));
            double[] errors = samples.standardError().toDoubleArray();
            assertThat(some.standardError().toDoubleArray()).containsExactly(errors, within(1e-12));
            assertThat(both.standardError().toDoubleArray()).containsExactly(errors, within(1e-12));
            assertThat(both.hasCompletenessGap()).isEqualTo(samples.hasCompletenessGap());
            if (samples.hasCompletenessGap()) {
                assertThat(both.completenessGap()).containsExactly(samples.completenessGap(), within(1e-12));
            }
            assertThat(both.counts().forwardRows()).isEqualTo(samples.counts().forwardRows());
            assertThat(both.counts().backwardRows()).isEqualTo(samples.counts().backwardRows());
            assertThat(both.measures().get("error-reached")).containsExactly(0, 0);
            assertThat(both.notices())
                    .first(STRING)
                    .startsWith("budget 137,error:1.0E-6: the error 1.0E-6 was not reached for 2 of 2 examples: 95 %"
                            + " intervals are up to ± ");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("What is reached depends neither on batches nor on other examples")
    void independent(Sampled sampled) {
        Attribution<DifferentiableModel> asked = sampled.method(Budget.ofError(ERROR), 5);
        try (Explanation three = asked.attribute(
                        CUBES, inputs(0.5, -0.4, 0.2, 0, 0, 0.1, 0.6, 1, 0), Target.output(), Run.defaults());
                Explanation small = asked.attribute(
                        CUBES,
                        inputs(0.5, -0.4, 0.2, 0, 0, 0.1, 0.6, 1, 0),
                        Target.output(),
                        Run.defaults().batchRows(7));
                Explanation alone = asked.attribute(
                        CUBES,
                        inputs(0, 0, 0.1),
                        Target.output(),
                        Run.defaults().exampleKeys(1))) {
            double[] values = three.attribution().toDoubleArray();
            assertThat(small.attribution().toDoubleArray()).containsExactly(values, within(1e-12));
            assertThat(alone.attribution().toDoubleArray())
                    .containsExactly(Arrays.copyOfRange(values, 3, 6), within(1e-12));
            assertThat(alone.measures().get("evaluations")[0])
                    .isEqualTo(three.measures().get("evaluations")[1]);
            assertThat(small.measures().get("evaluations"))
                    .containsExactly(three.measures().get("evaluations"));
            assertThat(Arrays.stream(three.measures().get("evaluations")).distinct())
                    .hasSizeGreaterThan(1);
        }
    }

    @Test
    @DisplayName("Positions of low discrepancy have the same expectation and less error, and no standard error")
    void lowDiscrepancy() {
        double[] sum = new double[X.length];
        double squaresRandom = 0;
        double squaresEven = 0;
        GradientShap random = new GradientShap().samples(16);
        GradientShap even = random.positions(GradientShap.Positions.LOW_DISCREPANCY);
        for (int seed = 0; seed < RUNS; seed++) {
            Run run = Run.defaults().seed(seed);
            try (Explanation ofRandom = random.attribute(CUBES, inputs(X), Target.output(), run);
                    Explanation ofEven = even.attribute(CUBES, inputs(X), Target.output(), run)) {
                assertThat(ofRandom.standardErrors()).hasSize(1);
                assertThat(ofEven.standardErrors()).isEmpty();
                for (int i = 0; i < X.length; i++) {
                    double exact = (i + 1) * Math.pow(X[i], 3);
                    squaresRandom += Math.pow(ofRandom.attribution().toDoubleArray()[i] - exact, 2);
                    squaresEven += Math.pow(ofEven.attribution().toDoubleArray()[i] - exact, 2);
                    sum[i] += ofEven.attribution().toDoubleArray()[i] / RUNS;
                }
            }
        }
        for (int i = 0; i < X.length; i++) {
            // The mean of 200 runs, of which each is within a sixteenth.
            assertThat(sum[i]).isCloseTo((i + 1) * Math.pow(X[i], 3), within(0.005));
        }
        assertThat(Math.sqrt(squaresEven)).isLessThan(Math.sqrt(squaresRandom) / 3);
    }

    @Test
    @DisplayName("A layer's samples grow too, and drawn baselines have their scores")
    void atLayersAndOfDistributions() {
        ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
        Tensor two = ReferenceModels.normal(DataType.FLOAT64, 6, 2, 2, 4, 4);
        Baseline drawn = Baseline.samples(ReferenceModels.normal(DataType.FLOAT64, 7, 5, 2, 4, 4));
        GradientShap shap = new GradientShap(drawn).stdev(0.1);
        Budget rounds = Budget.ofError(1e-9).evaluations(130);
        String layer = "relu1";
        for (List<Attribution<? super LayeredModel>> pair : List.of(
                List.<Attribution<? super LayeredModel>>of(shap.samples(130), shap.budget(rounds)),
                List.<Attribution<? super LayeredModel>>of(
                        shap.samples(130).ofLayer(layer), shap.budget(rounds).ofLayer(layer)))) {
            try (Explanation once = attribute(pair.get(0), model, two);
                    Explanation grown = attribute(pair.get(1), model, two)) {
                assertThat(grown.attribution().toDoubleArray())
                        .containsExactly(once.attribution().toDoubleArray(), within(1e-12));
                assertThat(grown.standardError().toDoubleArray())
                        .containsExactly(once.standardError().toDoubleArray(), within(1e-12));
                assertThat(grown.completenessGap()).containsExactly(once.completenessGap(), within(1e-12));
                assertThat(grown.baselineScores().orElseThrow())
                        .containsExactly(once.baselineScores().orElseThrow(), within(1e-12));
            }
        }
    }

    private static Explanation attribute(Attribution<? super LayeredModel> method, LayeredModel model, Tensor rows) {
        return method.attribute(model, Inputs.of(rows), Target.index(1), Run.defaults());
    }

    /** Returns the model, which stands still for a while once so many rows were scored. */
    private static Model stalling(long rows) {
        AtomicLong left = new AtomicLong(rows);
        return Model.of("cubes", "1", batch -> {
            if (left.addAndGet(-batch.length) < 0) {
                try {
                    Thread.sleep(1200);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            return Arrays.stream(batch).map(row -> new double[] {cubes(row)}).toArray(double[][]::new);
        });
    }

    @Test
    @DisplayName("A deadline gives the rounds that are complete, which are computed again without one")
    void deadline() {
        NoiseTunnel<Model> asked = NoiseTunnel.smoothGrad((Attribution<Model>) new FeatureAblation())
                .stdev(STDEV)
                .samples(4000)
                .budget(Budget.unset().anytime());
        Run run = Run.defaults().batchRows(64).deadline(Duration.ofSeconds(1));
        try (Explanation late = asked.attribute(stalling(2000), inputs(X), Target.output(), run);
                Explanation again = asked.budget(Budget.unset()
                                .rounds(Integer.parseInt(late.provenance()
                                        .settings()
                                        .get("budget")
                                        .substring("rounds:".length()))))
                        .attribute(
                                stalling(1_000_000),
                                inputs(X),
                                Target.output(),
                                Run.defaults().batchRows(64))) {
            assertThat(late.notices()).singleElement(STRING).startsWith("budget anytime: the deadline passed after ");
            assertThat(late.provenance().settings().get("budget")).startsWith("rounds:");
            assertThat(late.measures().get("evaluations")[0]).isBetween(100.0, 500.0);
            assertThat(again.attribution().toDoubleArray())
                    .containsExactly(late.attribution().toDoubleArray());
            assertThat(again.measures().get("evaluations"))
                    .containsExactly(late.measures().get("evaluations"));
        }
        assertThatThrownBy(() -> asked.attribute(stalling(20), inputs(X), Target.output(), run))
                .isInstanceOf(DeadlineExceededException.class);
    }

    @Test
    @DisplayName("A budget that gives no error is refused, as is an answer at a deadline inside another method")
    void refusals() {
        assertRefused(
                new GradientShap().budget(Budget.ofError(0.1).evaluations(1)),
                "gradient-shap: budget 1,error:0.1 does not pay for two samples, which an error needs; give at least 2"
                        + " evaluations");
        assertRefused(
                new GradientShap()
                        .positions(GradientShap.Positions.LOW_DISCREPANCY)
                        .budget(Budget.ofError(0.1)),
                "gradient-shap: positions low-discrepancy with budget error:0.1: the error of samples that are not"
                        + " independent is not estimated; give a number of evaluations, or positions random");
        assertRefused(
                NoiseTunnel.varGrad(new Saliency()).budget(Budget.ofError(0.1)),
                "var-grad: budget error:0.1: the error of a variance is not estimated; give a number of evaluations");
        assertRefused(
                NoiseTunnel.smoothGrad(new GradientShap().budget(Budget.unset().anytime())),
                "budget anytime: an answer at the deadline is given by the method itself, not inside another one, such"
                        + " as a noise tunnel or at a layer; leave anytime out");
    }

    private static void assertRefused(Attribution<DifferentiableModel> method, String message) {
        assertThatThrownBy(() -> method.attribute(CUBES, inputs(X), Target.output(), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(message);
    }
}
