// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FullGradTest {
    private static final Target TARGET = Target.indexes(2, 0);
    private static final long[] EXAMPLES = {0, 1};

    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    private static Inputs images() {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 8, 2, 2, 4, 4));
    }

    private static ReferenceModel rectifiers(int seed) {
        return ReferenceModels.cnn(DataType.FLOAT64, seed, Activation.RELU, 2, 4);
    }

    /** Returns [example][channel * positions + position] of bias ∘ gradient at a convolution. */
    private static double[][] biasProducts(ReferenceModel model, String layer) {
        try (Pullback run = model.cut(layer).pullback(images())) {
            double[] gradient =
                    run.vjp(TARGET.cotangent(run.output(), EXAMPLES)).get(0).toDoubleArray();
            double[] bias = model.weight(layer + ".bias").toDoubleArray();
            int size = gradient.length / 2;
            double[][] products = new double[2][size];
            for (int i = 0; i < gradient.length; i++) {
                products[i / size][i % size] = gradient[i] * bias[i % size / (size / bias.length)];
            }
            return products;
        }
    }

    private static double[][] inputProducts(ReferenceModel model) {
        try (Pullback run = model.pullback(images())) {
            double[] gradient =
                    run.vjp(TARGET.cotangent(run.output(), EXAMPLES)).get(0).toDoubleArray();
            double[] x = images().tensor(0).toDoubleArray();
            double[][] products = new double[2][32];
            for (int i = 0; i < 64; i++) {
                products[i / 32][i % 32] = gradient[i] * x[i];
            }
            return products;
        }
    }

    private static double[] byHand(ReferenceModel model, boolean absolute) {
        double[][][] terms = {inputProducts(model), biasProducts(model, "conv1"), biasProducts(model, "conv2")};
        double[] map = new double[32];
        for (double[][] term : terms) {
            for (int i = 0; i < 2 * term[0].length; i++) {
                double value = term[i / term[0].length][i % term[0].length];
                map[i / term[0].length * 16 + i % 16] += absolute ? Math.abs(value) : value;
            }
        }
        return map;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void mapIsTheSumOfInputAndBiasTerms(int seed) {
        ReferenceModel model = rectifiers(seed);
        try (Explanation signed = new FullGrad().attribute(model, images(), TARGET);
                Explanation absolute = new FullGrad().magnitudes(true).attribute(model, images(), TARGET)) {
            assertThat(signed.attribution().shape()).isEqualTo(Shape.of(2, 1, 4, 4));
            assertThat(signed.attribution().toDoubleArray()).containsExactly(byHand(model, false), within(1e-13));
            assertThat(absolute.attribution().toDoubleArray()).containsExactly(byHand(model, true), within(1e-13));
            assertThat(absolute.hasCompletenessGap()).isFalse();
            assertThat(signed.names()).containsExactly("input0");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void itIsComplete_forRectifierNetworks(int seed) {
        ReferenceModel model = rectifiers(seed);
        try (Explanation why = new FullGrad().attribute(model, images(), TARGET)) {
            double[] last = model.bias("fc");
            assertThat(why.baselineScores().orElseThrow())
                    .containsExactly(new double[] {last[2], last[0]}, within(1e-14));
            assertThat(why.completenessGap()).containsExactly(new double[2], within(1e-13));
            double[] map = why.attribution().toDoubleArray();
            assertThat(Arrays.stream(map, 0, 16).sum()).isCloseTo(why.scores()[0] - last[2], within(1e-13));
            // Input and three layers, each forward and backward; one row to find the layers.
            assertThat(why.counts().backwardRows()).isEqualTo(8);
            assertThat(why.counts().forwardRows()).isEqualTo(9);
        }
    }

    @Test
    void withoutALayer_theGapIsItsTerm() {
        ReferenceModel model = rectifiers(5);
        FullGrad method = new FullGrad().layers("conv1", "fc");
        try (Explanation why = method.attribute(model, images(), TARGET)) {
            double[][] left = biasProducts(model, "conv2");
            for (int e = 0; e < 2; e++) {
                assertThat(why.completenessGap()[e])
                        .isCloseTo(-Arrays.stream(left[e]).sum(), within(1e-13));
            }
        }
    }

    @Test
    void curvedFunctionsWhoseArgumentsCannotBeCut_areNamed() {
        ReferenceModel curved = ReferenceModels.cnn(DataType.FLOAT64, 1, Activation.TANH, 2, 4);
        try (Explanation why = new FullGrad().attribute(curved, images(), TARGET)) {
            assertThat(why.notices())
                    .contains(
                            "layer 'act1' (Tanh): what it is given cannot be addressed, so its implicit bias is not in "
                                    + "the map");
            assertThat(Math.abs(why.completenessGap()[0])).isGreaterThan(1e-6);
        }
    }

    @Test
    void sharing_keepsSums() {
        for (Tensor.Interpolation mode : Tensor.Interpolation.values()) {
            for (long[] sizes : new long[][] {{3, 7}, {7, 7}, {2, 9}, {5, 12}}) {
                Contributions sum = new Contributions(Shape.of(1, 2, sizes[1], sizes[1] + 1), false, mode);
                var layer = ReferenceModels.normal(DataType.FLOAT64, 3, 1, 4, sizes[0], sizes[0]);
                sum.add(layer, ActivationLayout.channelsFirst());
                assertThat(sum.map().shape()).isEqualTo(Shape.of(1, 1, sizes[1], sizes[1] + 1));
                double wanted = Arrays.stream(layer.toDoubleArray()).sum();
                assertThat(Arrays.stream(sum.map().toDoubleArray()).sum()).isCloseTo(wanted, within(1e-12));
                assertThat(sum.withoutPlace()).containsExactly(0);
            }
        }
    }

    @Test
    void tokensWithoutAPlace_areNotInTheMap() {
        var tokens = ReferenceModels.normal(DataType.FLOAT64, 3, 1, 5, 3);
        double[] values = tokens.toDoubleArray();
        Contributions sum = new Contributions(Shape.of(1, 2, 2, 2), false, Tensor.Interpolation.NEAREST);
        sum.add(tokens, ActivationLayout.tokens(1));
        double[] map = sum.map().toDoubleArray();
        for (int p = 0; p < 4; p++) {
            assertThat(map[p]).isCloseTo(values[3 + 3 * p] + values[4 + 3 * p] + values[5 + 3 * p], within(1e-14));
        }
        assertThat(sum.withoutPlace()[0]).isCloseTo(values[0] + values[1] + values[2], within(1e-14));
        sum.add(tokens, null);
        assertThat(sum.withoutPlace()[0])
                .isCloseTo(
                        values[0]
                                + values[1]
                                + values[2]
                                + Arrays.stream(values).sum(),
                        within(1e-13));
    }

    @Test
    void refusals() {
        refused(
                new FullGrad().layers("act1"),
                rectifiers(1),
                images(),
                "layers: layer 'act1' (ReLU) has no bias that full-grad knows; leave it out");
        refused(
                new FullGrad(),
                ReferenceModels.linear(DataType.FLOAT64, 1, 4, 3),
                Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 8, 2, 4)),
                "input 'input0' has shape (2, 4); full-grad needs channels on axis 1 and one to three axes of positions"
                        + " after them");
    }

    private static void refused(FullGrad method, ReferenceModel model, Inputs inputs, String message) {
        assertThatThrownBy(() -> method.attribute(model, inputs, TARGET))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        failure -> assertThat(failure.problems()).containsExactly(message));
    }

    @Test
    void settings_sayEverything() {
        assertThat(new FullGrad().settings().toString())
                .isEqualTo("{layers=all, magnitudes=false, layout=channels-first, resample=bilinear}");
        assertThat(new FullGrad()
                        .layers("a", "b")
                        .magnitudes(true)
                        .layout(ActivationLayout.tokens(1))
                        .resample(Tensor.Interpolation.NEAREST)
                        .settings()
                        .toString())
                .isEqualTo("{layers=a, b, magnitudes=true, layout=tokens:1, resample=nearest}");
    }
}
