// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.Coalitions.Link;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LimeTest {
    private static final Path GOLDEN = Path.of("..", "golden", "lime", "lime.npz");
    /** Captum fits in float32. */
    private static final double CLOSE = 1e-5;

    private static final double EXACT = 1e-9;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "lasso, cosine|0,1,2,3,4,5|captum|0.01|cosine:1|25",
                "lasso, euclidean, mask|0,1,1,2,3,3|LASSO|0.003|euclidean:1.5|60",
                "ridge, cosine, mask|0,1,1,2,3,3|RIDGE|1|cosine:0.75|60",
                "ridge, groups|0,1,2,3,4,5|RIDGE|0.5|groups:0.25|60",
                "least-squares, euclidean|0,1,2,3,4,5|LEAST_SQUARES|0|euclidean:2|60"
            })
    void coefficients_are_those_of_captum_on_the_same_samples(
            String name, String mask, String fit, double strength, String kernel, int samples) throws IOException {
        String[] distance = kernel.split(":", -1);
        double width = Double.parseDouble(distance[1]);
        Lime method = fit.equals("captum")
                ? Lime.captum()
                : new Lime()
                        .fit(Lime.Fit.valueOf(fit))
                        .strength(strength)
                        .samples(samples)
                        .kernel(
                                switch (distance[0]) {
                                    case "cosine" -> Lime.Kernel.cosine(width);
                                    case "euclidean" -> Lime.Kernel.euclidean(width);
                                    default -> Lime.Kernel.groups(width);
                                });
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = NumpyFiles.readNpz(GOLDEN, Tensors.ofJava());
            long[] groups = Arrays.stream(mask.split(",", -1))
                    .mapToLong(Long::parseLong)
                    .toArray();
            try (Explanation explanation = method.mask(
                            FeatureMask.of(Tensors.ofJava().of(groups, 1, groups.length)))
                    .baseline(Baseline.of(golden.get("baseline")))
                    .attribute(
                            GoldenNetwork.of(golden),
                            Inputs.of(golden.get("rows")),
                            Target.output(),
                            Run.defaults().seed(7))) {
                assertThat(explanation.attribution().toDoubleArray())
                        .containsExactly(golden.get(name).toDoubleArray(), within(CLOSE));
                assertThat(explanation.measures().get("intercept"))
                        .containsExactly(golden.get(name + "/intercept").toDoubleArray(), within(CLOSE));
                assertThat(explanation.measures().get("r-squared"))
                        .containsExactly(golden.get(name + "/r-squared").toDoubleArray(), within(1e-4));
            }
        }
    }

    private static Model linear(double... weights) {
        return Model.of(rows -> Arrays.stream(rows)
                .map(row -> {
                    double sum = 0.5;
                    for (int i = 0; i < row.length; i++) {
                        sum += weights[i] * row[i];
                    }
                    return new double[] {sum};
                })
                .toArray(double[][]::new));
    }

    private static Tensor rows(int count, int width, long seed) {
        RandomGenerator random = Run.defaults().seed(seed).random(width);
        double[] values = new double[count * width];
        Arrays.setAll(values, i -> random.nextGaussian());
        return Tensors.ofJava().of(values, count, width);
    }

    @ParameterizedTest
    @ValueSource(strings = {"groups", "cosine", "euclidean"})
    void a_linear_score_is_found_exactly(String kernel) {
        Lime.Kernel by = switch (kernel) {
            case "groups" -> Lime.Kernel.groups(0.5);
            case "cosine" -> Lime.Kernel.cosine(1);
            default -> Lime.Kernel.euclidean(3);
        };
        double[] weights = {1, -2, 0, 3};
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = rows(3, 4, 1);
            Tensor b = rows(1, 4, 2);
            double[] reference = b.toDoubleArray();
            try (Explanation explanation = new Lime()
                    .fit(Lime.Fit.LEAST_SQUARES)
                    .kernel(by)
                    .baseline(Baseline.of(b))
                    .attribute(linear(weights), Inputs.of(x))) {
                double[] values = x.toDoubleArray();
                double atBaseline = 0.5;
                for (int i = 0; i < 4; i++) {
                    atBaseline += weights[i] * reference[i];
                }
                for (int example = 0; example < 3; example++) {
                    for (int i = 0; i < 4; i++) {
                        assertThat(explanation.attribution().toDoubleArray()[example * 4 + i])
                                .isCloseTo(weights[i] * (values[example * 4 + i] - reference[i]), within(EXACT));
                    }
                    assertThat(explanation.measures().get("intercept")[example]).isCloseTo(atBaseline, within(EXACT));
                    assertThat(explanation.measures().get("r-squared")[example]).isCloseTo(1, within(EXACT));
                }
                // 2^4 coalitions, whatever the samples.
                assertThat(explanation.counts().forwardRows()).isEqualTo(3 * 16);
            }
        }
    }

    /** The conditions of a minimum: the slope is the penalty where a coefficient is not 0, and no more elsewhere. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.001, 0.02, 0.2, 5})
    void the_lasso_is_at_its_minimum(double strength) {
        RandomGenerator random = Run.defaults().seed(5).random(Math.round(strength * 1000));
        boolean[][] kept = new boolean[40][7];
        double[] weights = new double[40];
        double[] responses = new double[40];
        for (int row = 0; row < 40; row++) {
            for (int group = 0; group < 7; group++) {
                kept[row][group] = random.nextDouble() < 0.5;
            }
            weights[row] = random.nextDouble();
            responses[row] = random.nextGaussian() + (kept[row][0] ? 2 : 0) - (kept[row][3] ? 1 : 0);
        }
        Surrogate surrogate = Surrogate.fit(Lime.Fit.LASSO, strength, kept, weights, responses);
        double total = Arrays.stream(weights).sum();
        double[] slopes = new double[7];
        double mean = 0;
        for (int row = 0; row < 40; row++) {
            double residual = responses[row] - surrogate.intercept();
            for (int group = 0; group < 7; group++) {
                residual -= kept[row][group] ? surrogate.coefficients()[group] : 0;
            }
            mean += weights[row] * residual / total;
            for (int group = 0; group < 7; group++) {
                slopes[group] += kept[row][group] ? weights[row] * residual / total : 0;
            }
        }
        assertThat(mean).isCloseTo(0, within(1e-12));
        for (int group = 0; group < 7; group++) {
            double coefficient = surrogate.coefficients()[group];
            if (coefficient == 0) {
                assertThat(Math.abs(slopes[group])).isLessThanOrEqualTo(strength + 1e-12);
            } else {
                assertThat(slopes[group]).isCloseTo(Math.signum(coefficient) * strength, within(1e-10));
            }
        }
        if (strength == 5) {
            assertThat(surrogate.coefficients()).containsOnly(0);
            assertThat(surrogate.rSquared()).isCloseTo(0, within(1e-12));
        }
    }

    @ParameterizedTest
    @EnumSource(Lime.Fit.class)
    void a_group_that_never_changes_has_nothing(Lime.Fit fit) {
        RandomGenerator random = Run.defaults().seed(6).random(3);
        boolean[][] kept = new boolean[30][3];
        double[] weights = new double[30];
        double[] responses = new double[30];
        for (int row = 0; row < 30; row++) {
            kept[row] = new boolean[] {true, random.nextDouble() < 0.5, false};
            weights[row] = random.nextDouble();
            responses[row] = random.nextGaussian();
        }
        for (double strength : new double[] {0, 0.01}) {
            Surrogate surrogate = Surrogate.fit(fit, strength, kept, weights, responses);
            assertThat(surrogate.coefficients()[0]).isZero();
            assertThat(surrogate.coefficients()[1]).isNotZero();
            assertThat(surrogate.coefficients()[2]).isZero();
        }
    }

    @Test
    void against_a_background_the_mean_is_explained() {
        double[] weights = {1, -2, 3};
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = rows(1, 3, 3);
            Tensor background = rows(5, 3, 4);
            double[] mean = new double[3];
            for (int i = 0; i < 15; i++) {
                mean[i % 3] += background.toDoubleArray()[i] / 5;
            }
            for (Lime.Kernel kernel : new Lime.Kernel[] {Lime.Kernel.groups(0.3), Lime.Kernel.euclidean(2)}) {
                try (Explanation explanation = new Lime()
                        .fit(Lime.Fit.LEAST_SQUARES)
                        .kernel(kernel)
                        .baseline(Baseline.samples(background))
                        .attribute(linear(weights), Inputs.of(x))) {
                    for (int i = 0; i < 3; i++) {
                        assertThat(explanation.attribution().toDoubleArray()[i])
                                .isCloseTo(weights[i] * (x.toDoubleArray()[i] - mean[i]), within(EXACT));
                    }
                }
            }
        }
    }

    @Test
    void distances_are_those_of_the_rows_that_are_evaluated() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = rows(1, 4, 5);
            Tensor b = rows(1, 4, 6);
            double[] one = x.toDoubleArray();
            double[] other = b.toDoubleArray();
            int[] groups = {0, 1, 1, 2};
            Lime.Kernel checking = Lime.Kernel.of("checking", (kept, cosine, euclidean) -> {
                double xx = 0;
                double xs = 0;
                double ss = 0;
                double difference = 0;
                for (int i = 0; i < 4; i++) {
                    double s = kept[groups[i]] ? one[i] : other[i];
                    xx += one[i] * one[i];
                    xs += one[i] * s;
                    ss += s * s;
                    difference += (one[i] - s) * (one[i] - s);
                }
                assertThat(cosine).isCloseTo(1 - xs / Math.sqrt(xx * ss), within(1e-12));
                assertThat(euclidean).isCloseTo(Math.sqrt(difference), within(1e-7));
                return 1;
            });
            try (Explanation explanation = new Lime()
                    .kernel(checking)
                    .mask(FeatureMask.of(Tensors.ofJava().of(new long[] {0, 1, 1, 2}, 1, 4)))
                    .baseline(Baseline.of(b))
                    .attribute(linear(1, 2, 3, 4), Inputs.of(x))) {
                assertThat(explanation.provenance().settings()).containsEntry("kernel", "checking");
                assertThat(explanation.counts().forwardRows()).isEqualTo(8);
            }
        }
    }

    @Test
    void a_measure_survives_json() {
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = new Lime()
                        .samples(40)
                        .link(Link.IDENTITY)
                        .attribute(linear(1, 2, 3), Inputs.of(rows(2, 3, 7)))) {
            try (Explanation read = Explanation.fromJson(explanation.toJson())) {
                assertThat(read.measures().keySet()).containsExactly("intercept", "r-squared");
                assertThat(read.measures().get("r-squared"))
                        .isEqualTo(explanation.measures().get("r-squared"));
                assertThat(read.differences(explanation)).isEmpty();
            }
        }
    }

    @Test
    void refusals_name_the_rule_and_the_remedy() {
        assertThatThrownBy(() -> Lime.Kernel.cosine(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("kernel cosine: width 0.0 must be more than 0; it is in units of the distance");
        assertThat(Lime.captum().settings())
                .hasToString(
                        "{samples=25, fit=lasso, strength=0.01, kernel=cosine:1.0, discretizer=none, budget=samples,"
                                + " baseline=0.0, link=identity, mask=per-element}");
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(rows(1, 3, 8));
            assertThatThrownBy(() -> new Lime().samples(1).attribute(linear(1, 2, 3), inputs))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("samples 1: must be at least 2");
            assertThatThrownBy(() -> new Lime().strength(-1).attribute(linear(1, 2, 3), inputs))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("strength -1.0: must be at least 0");
            assertThatThrownBy(() -> new Lime()
                            .kernel(Lime.Kernel.of("mine", (kept, cosine, euclidean) -> -1))
                            .attribute(linear(1, 2, 3), inputs))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("kernel mine: it gave the weight -1.0");
            Tensor wide = Tensors.ofJava().full(Shape.of(1, 2049), DataType.FLOAT32, 1);
            assertThatThrownBy(() -> new Lime().attribute(linear(new double[2049]), Inputs.of(wide)))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("lime: the mask makes 2049 groups");
        }
    }
}
