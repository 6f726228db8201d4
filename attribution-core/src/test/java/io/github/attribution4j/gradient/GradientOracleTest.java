// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Noise;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every gradient method against a slow second implementation, straight from its formula. */
class GradientOracleTest {
    private static final int EXAMPLES = 3;
    private static final int FEATURES = 4;
    private static final int[] TARGETS = {2, 0, 1};
    private static final double TOLERANCE = 1e-12;
    private static final long SEED = 23;

    private final Perceptron net = new Perceptron(31, FEATURES, 7, 3);
    private final TensorScope scope = TensorScope.open();
    private final Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, EXAMPLES, FEATURES));
    private final double[][] x = rows(inputs.tensor(0));

    @AfterEach
    void close() {
        scope.close();
    }

    private static double[][] rows(Tensor tensor) {
        double[] flat = tensor.toDoubleArray();
        int rows = Math.toIntExact(tensor.shape().dim(0));
        int width = flat.length / rows;
        double[][] split = new double[rows][];
        for (int r = 0; r < rows; r++) {
            split[r] = Arrays.copyOfRange(flat, r * width, (r + 1) * width);
        }
        return split;
    }

    private Explanation explain(Attribution<DifferentiableModel> method, Run run) {
        return method.attribute(net.model, inputs, Target.indexes(2, 0, 1), run);
    }

    private interface Formula {
        double[] row(int example);
    }

    private static void check(Tensor actual, Formula expected) {
        double[][] rows = rows(actual);
        for (int e = 0; e < rows.length; e++) {
            assertThat(rows[e]).as("example %d", e).containsExactly(expected.row(e), within(TOLERANCE));
        }
    }

    @Test
    void saliency_isTheGradient() {
        try (Explanation signed = explain(Saliency.signed(), Run.defaults());
                Explanation absolute = explain(new Saliency(), Run.defaults())) {
            check(signed.attribution(), e -> net.gradient(x[e], TARGETS[e]));
            check(
                    absolute.attribution(),
                    e -> Arrays.stream(net.gradient(x[e], TARGETS[e]))
                            .map(Math::abs)
                            .toArray());
            assertThat(signed.hasCompletenessGap()).isFalse();
        }
    }

    @Test
    void inputXGradient_isTheProduct() {
        try (Explanation explanation = explain(new InputXGradient(), Run.defaults())) {
            check(explanation.attribution(), e -> {
                double[] product = net.gradient(x[e], TARGETS[e]);
                for (int i = 0; i < product.length; i++) {
                    product[i] *= x[e][i];
                }
                return product;
            });
        }
    }

    @ParameterizedTest
    @EnumSource(Quadrature.class)
    void integratedGradients_isTheWeightedSum(Quadrature quadrature) {
        int steps = 11;
        double[] positions = new double[steps];
        double[] weights = new double[steps];
        for (int k = 0; k < steps; k++) {
            boolean end = k == 0 || k == steps - 1;
            switch (quadrature) {
                case RIEMANN_LEFT -> positions[k] = k / 11.0;
                case RIEMANN_RIGHT -> positions[k] = (k + 1) / 11.0;
                case RIEMANN_MIDDLE -> positions[k] = (k + 0.5) / 11.0;
                case TRAPEZOID, CAPTUM_TRAPEZOID -> positions[k] = k / 10.0;
                case GAUSS_LEGENDRE ->
                    positions[k] = Quadrature.GAUSS_LEGENDRE.rule(11).nodes()[k];
            }
            switch (quadrature) {
                case TRAPEZOID -> weights[k] = end ? 0.05 : 0.1;
                case CAPTUM_TRAPEZOID -> weights[k] = end ? 0.5 / 11 : 1 / 11.0;
                case GAUSS_LEGENDRE ->
                    weights[k] = Quadrature.GAUSS_LEGENDRE.rule(11).weights()[k];
                default -> weights[k] = 1 / 11.0;
            }
        }
        double[][] start = rows(ReferenceModels.normal(DataType.FLOAT64, 2, EXAMPLES, FEATURES));
        Baseline baseline = Baseline.of(ReferenceModels.normal(DataType.FLOAT64, 2, EXAMPLES, FEATURES));
        IntegratedGradients method =
                new IntegratedGradients().steps(steps).quadrature(quadrature).baseline(baseline);

        try (Explanation explanation = explain(method, Run.defaults())) {
            check(explanation.attribution(), e -> net.integrated(start[e], x[e], TARGETS[e], positions, weights));
            for (int e = 0; e < EXAMPLES; e++) {
                double atStart = net.score(start[e], TARGETS[e]);
                double atInput = net.score(x[e], TARGETS[e]);
                double sum = Arrays.stream(net.integrated(start[e], x[e], TARGETS[e], positions, weights))
                        .sum();
                assertThat(explanation.baselineScores().orElseThrow()[e]).isCloseTo(atStart, within(TOLERANCE));
                assertThat(explanation.scores()[e]).isCloseTo(atInput, within(TOLERANCE));
                assertThat(explanation.completenessGap()[e]).isCloseTo(sum - (atInput - atStart), within(TOLERANCE));
            }
        }
    }

    @Test
    void integratedGradients_ofAThousandMiddles_isThatOfFiftyGaussNodes() {
        int steps = 100_000;
        double[] positions = new double[steps];
        double[] weights = new double[steps];
        Arrays.setAll(positions, k -> (k + 0.5) / steps);
        Arrays.fill(weights, 1.0 / steps);

        try (Explanation explanation = explain(new IntegratedGradients(), Run.defaults())) {
            double[][] actual = rows(explanation.attribution());
            for (int e = 0; e < EXAMPLES; e++) {
                assertThat(actual[e])
                        .containsExactly(
                                net.integrated(new double[FEATURES], x[e], TARGETS[e], positions, weights),
                                within(1e-10));
            }
        }
    }

    @Test
    void integratedGradients_withoutInputs_isTheAverageGradient() {
        Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule(6);
        IntegratedGradients method = new IntegratedGradients()
                .steps(6)
                .baseline(Baseline.constant(0.3))
                .multiplyByInputs(false);

        try (Explanation explanation = explain(method, Run.defaults())) {
            check(explanation.attribution(), e -> {
                double[] start = new double[FEATURES];
                Arrays.fill(start, 0.3);
                double[] average = net.integrated(start, x[e], TARGETS[e], rule.nodes(), rule.weights());
                for (int i = 0; i < FEATURES; i++) {
                    average[i] /= x[e][i] - start[i];
                }
                return average;
            });
            assertThat(explanation.hasCompletenessGap()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 9})
    void gradientShap_isTheMeanOverItsDraws(int samples) {
        Baseline distribution = Baseline.samples(ReferenceModels.normal(DataType.FLOAT64, 3, 5, FEATURES));
        GradientShap method = new GradientShap().samples(samples).stdev(0.4).baseline(distribution);
        Run run = Run.defaults().seed(SEED);

        for (int batch : new int[] {4, 100}) {
            try (Explanation explanation = explain(method, run.batchRows(batch))) {
                for (int e = 0; e < EXAMPLES; e++) {
                    double[][] contributions = new double[samples][];
                    double difference = 0;
                    for (int s = 0; s < samples; s++) {
                        double[] start = rows(distribution
                                .rows(inputs, new long[] {e}, new long[] {s}, run)
                                .get(0))[0];
                        double[] end = noisy(e, s, 0.4, run);
                        double u =
                                RandomStream.of(SEED, Segments.POSITION, e, s).nextDouble();
                        contributions[s] = net.integrated(start, end, TARGETS[e], new double[] {u}, new double[] {1});
                        difference += net.score(end, TARGETS[e]) - net.score(start, TARGETS[e]);
                    }
                    double[] mean = mean(contributions);
                    assertThat(rows(explanation.attribution())[e]).containsExactly(mean, within(TOLERANCE));
                    assertThat(explanation.completenessGap()[e])
                            .isCloseTo(Arrays.stream(mean).sum() - difference / samples, within(TOLERANCE));
                    if (samples == 1) {
                        assertThat(explanation.standardErrors()).isEmpty();
                    } else {
                        double[] errors = Arrays.stream(variance(contributions))
                                .map(variance -> Math.sqrt(variance / (samples - 1)))
                                .toArray();
                        assertThat(rows(explanation.standardError())[e]).containsExactly(errors, within(TOLERANCE));
                    }
                }
            }
        }
    }

    @Test
    void gradientShap_approachesTheExpectationOfIntegratedGradients() {
        Tensor references = ReferenceModels.normal(DataType.FLOAT64, 3, 5, FEATURES);
        GradientShap method = new GradientShap().samples(4000).baseline(Baseline.samples(references));
        Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule(40);

        try (Explanation explanation = explain(method, Run.defaults())) {
            double[] errors = explanation.standardError().toDoubleArray();
            double[] values = explanation.attribution().toDoubleArray();
            for (int e = 0; e < EXAMPLES; e++) {
                double[][] each = new double[5][];
                for (int b = 0; b < 5; b++) {
                    each[b] = net.integrated(rows(references)[b], x[e], TARGETS[e], rule.nodes(), rule.weights());
                }
                for (int i = 0; i < FEATURES; i++) {
                    int at = e * FEATURES + i;
                    assertThat(values[at]).isCloseTo(mean(each)[i], within(4 * errors[at]));
                }
            }
            assertThat(Arrays.stream(errors).max().orElseThrow()).isLessThan(0.02);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void noiseTunnels_areTheMomentsOfTheirSamples(int samples) {
        NoiseTunnel<DifferentiableModel> mean =
                NoiseTunnel.smoothGrad(Saliency.signed()).samples(samples).stdev(0.7);
        NoiseTunnel<DifferentiableModel> squared = NoiseTunnel.smoothGradSquared(Saliency.signed())
                .samples(samples)
                .stdev(0.7);
        NoiseTunnel<DifferentiableModel> variance =
                NoiseTunnel.varGrad(Saliency.signed()).samples(samples).stdev(0.7);
        Run run = Run.defaults().seed(SEED);

        for (int batch : new int[] {1, 3, 100}) {
            try (Explanation means = explain(mean, run.batchRows(batch));
                    Explanation squares = explain(squared, run.batchRows(batch));
                    Explanation variances = explain(variance, run.batchRows(batch))) {
                check(means.attribution(), e -> mean(samples(e, samples, run)));
                check(squares.attribution(), e -> mean(squares(samples(e, samples, run))));
                check(variances.attribution(), e -> variance(samples(e, samples, run)));
                assertThat(variances.standardErrors()).isEmpty();
                assertThat(means.standardErrors()).hasSize(samples == 1 ? 0 : 1);
                if (samples > 1) {
                    check(
                            means.standardError(),
                            e -> Arrays.stream(variance(samples(e, samples, run)))
                                    .map(value -> Math.sqrt(value / (samples - 1)))
                                    .toArray());
                    check(
                            squares.standardError(),
                            e -> Arrays.stream(variance(squares(samples(e, samples, run))))
                                    .map(value -> Math.sqrt(value / (samples - 1)))
                                    .toArray());
                }
                for (int e = 0; e < EXAMPLES; e++) {
                    assertThat(means.scores()[e]).isCloseTo(net.score(x[e], TARGETS[e]), within(TOLERANCE));
                }
            }
        }
    }

    @Test
    void smoothGrad_averagesCompletenessGaps() {
        IntegratedGradients rough = new IntegratedGradients().steps(2).quadrature(Quadrature.RIEMANN_LEFT);
        Run run = Run.defaults().seed(SEED);

        try (Explanation explanation =
                explain(NoiseTunnel.smoothGrad(rough).samples(3).stdev(0.5), run)) {
            for (int e = 0; e < EXAMPLES; e++) {
                double gap = Arrays.stream(rows(explanation.attribution())[e]).sum();
                for (int s = 0; s < 3; s++) {
                    gap -= (net.score(noisy(e, s, 0.5, run), TARGETS[e]) - net.score(new double[FEATURES], TARGETS[e]))
                            / 3;
                }
                assertThat(Math.abs(gap)).isGreaterThan(1e-4);
                assertThat(explanation.completenessGap()[e]).isCloseTo(gap, within(TOLERANCE));
            }
        }
    }

    private double[][] samples(int example, int samples, Run run) {
        double[][] gradients = new double[samples][];
        for (int s = 0; s < samples; s++) {
            gradients[s] = net.gradient(noisy(example, s, 0.7, run), TARGETS[example]);
        }
        return gradients;
    }

    private double[] noisy(int example, int sample, double deviation, Run run) {
        Tensor zero = Tensors.ofJava().of(new double[FEATURES], 1, FEATURES);
        Tensor noise = Noise.of(deviation).addTo(zero, 0, new long[] {example}, new long[] {sample}, run);
        double[] noisy = noise.toDoubleArray();
        for (int i = 0; i < FEATURES; i++) {
            noisy[i] += x[example][i];
        }
        return noisy;
    }

    private static double[][] squares(double[][] samples) {
        return Arrays.stream(samples)
                .map(row -> Arrays.stream(row).map(value -> value * value).toArray())
                .toArray(double[][]::new);
    }

    private static double[] mean(double[][] samples) {
        double[] mean = new double[samples[0].length];
        for (double[] row : samples) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += row[i] / samples.length;
            }
        }
        return mean;
    }

    private static double[] variance(double[][] samples) {
        double[] mean = mean(samples);
        double[] variance = new double[mean.length];
        for (double[] row : samples) {
            for (int i = 0; i < mean.length; i++) {
                variance[i] += (row[i] - mean[i]) * (row[i] - mean[i]) / samples.length;
            }
        }
        return variance;
    }

    @Test
    void noise_isStandardNormal() {
        Tensor zero = Tensors.ofJava().of(new double[20_000], 1, 20_000);
        double[] noise = Noise.of(2)
                .addTo(zero, 0, new long[] {0}, new long[] {0}, Run.defaults())
                .toDoubleArray();

        double mean = Arrays.stream(noise).average().orElseThrow();
        double square =
                Arrays.stream(noise).map(value -> value * value).average().orElseThrow();
        assertThat(mean).isCloseTo(0, within(4 * 2 / Math.sqrt(20_000)));
        assertThat(Math.sqrt(square - mean * mean)).isCloseTo(2, within(0.04));
        List<Tensor> others = List.of(
                Noise.of(2).addTo(zero, 1, new long[] {0}, new long[] {0}, Run.defaults()),
                Noise.of(2).addTo(zero, 0, new long[] {1}, new long[] {0}, Run.defaults()),
                Noise.of(2).addTo(zero, 0, new long[] {0}, new long[] {1}, Run.defaults()));
        for (Tensor other : others) {
            assertThat(other.toDoubleArray()).isNotEqualTo(noise);
        }
    }
}
