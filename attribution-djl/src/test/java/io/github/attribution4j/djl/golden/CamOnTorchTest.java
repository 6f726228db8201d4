// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.cam.AblationCam;
import io.github.attribution4j.cam.EigenCam;
import io.github.attribution4j.cam.FullGrad;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Class activation maps of a residual network in double precision, against the formulas in loops. */
@ExtendWith(LeakExtension.class)
class CamOnTorchTest {
    private static final int EXAMPLES = 2;
    private static final Target TARGET = Target.indexes(3, 1);

    private static TorchScriptModel load(String form) {
        return TorchScriptModel.load(
                GoldenData.data().resolve("models/cnn." + form + ".pt"),
                TorchGolden.options().dataType(DataType.FLOAT64));
    }

    private static Inputs images(TorchScriptModel model) {
        double[] pixels = new double[EXAMPLES * 3 * 16 * 16];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = Math.sin(i * 0.7) + Math.cos(i * i * 0.01);
        }
        return Inputs.of(model.tensors().bring(Tensors.ofJava().of(pixels, EXAMPLES, 3, 16, 16)));
    }

    private static double[] map(Attribution<LayeredModel> method, TorchScriptModel model, Inputs inputs) {
        try (Explanation why = method.attribute(model, inputs, TARGET)) {
            return why.attribution().toDoubleArray();
        }
    }

    /** One layer's values by [example][channel][position]. */
    private static double[][][] split(double[] flat, int channels) {
        int places = flat.length / EXAMPLES / channels;
        double[][][] result = new double[EXAMPLES][channels][places];
        for (int i = 0; i < flat.length; i++) {
            result[i / (channels * places)][i / places % channels][i % places] = flat[i];
        }
        return result;
    }

    /** What one channel adds to the map at a position. */
    private interface Formula {
        double at(double[] a, double[] g, int p);
    }

    private static double sum(double[] values) {
        return Arrays.stream(values).sum();
    }

    private static double sum(int count, IntToDoubleFunction term) {
        return IntStream.range(0, count).mapToDouble(term).sum();
    }

    @ParameterizedTest
    @CsvSource({
        "scripted,conv1",
        "scripted,layer1",
        "scripted,layer2.0",
        "scripted,layer2",
        "traced,bn1",
        "traced,layer2"
    })
    void gradientMaps(String form, String layer) {
        try (TorchScriptModel model = load(form);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = images(model);
            double[][][] a;
            double[][][] g;
            try (Pullback run = model.cut(layer).pullback(inputs)) {
                Tensor activation = run.activations().get(0);
                int channels = (int) activation.shape().dim(1);
                Tensor gradient = run.vjp(TARGET.cotangent(run.output(), new long[] {0, 1}))
                        .get(0);
                a = split(activation.toDoubleArray(), channels);
                g = split(gradient.toDoubleArray(), channels);
            }
            compare(map(new GradCam(layer), model, inputs), a, g, (x, d, p) -> sum(d) / d.length * x[p]);
            compare(map(GradCam.hiRes(layer), model, inputs), a, g, (x, d, p) -> d[p] * x[p]);
            compare(map(GradCam.layerCam(layer), model, inputs), a, g, (x, d, p) -> Math.max(d[p], 0) * x[p]);
            compare(map(GradCam.elementwise(layer), model, inputs), a, g, (x, d, p) -> Math.max(d[p] * x[p], 0));
            compare(
                    map(GradCam.xGrad(layer), model, inputs),
                    a,
                    g,
                    (x, d, p) -> sum(x) == 0 ? 0 : sum(x.length, q -> d[q] * x[q]) / sum(x) * x[p]);
            compare(
                    map(GradCam.plusPlus(layer), model, inputs),
                    a,
                    g,
                    (x, d, p) -> x[p]
                            * sum(x.length, q -> {
                                double square = d[q] * d[q];
                                double alpha = square == 0 ? 0 : square / (2 * square + sum(x) * square * d[q]);
                                return alpha * Math.max(d[q], 0);
                            }));
        }
    }

    private static void compare(double[] actual, double[][][] a, double[][][] g, Formula formula) {
        double[] expected = new double[actual.length];
        int places = actual.length / EXAMPLES;
        for (int i = 0; i < actual.length; i++) {
            for (int k = 0; k < a[0].length; k++) {
                expected[i] += formula.at(a[i / places][k], g[i / places][k], i % places);
            }
        }
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        assertThat(largest).isPositive();
        assertThat(actual).containsExactly(expected, within(1e-10 * largest));
    }

    @ParameterizedTest
    @ValueSource(strings = {"scripted", "traced"})
    void ablationAndScoreMaps_byBruteForce(String form) {
        try (TorchScriptModel model = load(form);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = images(model);
            Cut cut = model.cut("layer2");
            Tensor activation = cut.activations(inputs).get(0);
            double[] flat = activation.toDoubleArray();
            double[][][] a = split(flat, 16);
            double[] whole =
                    TARGET.score(model.forward(inputs), new long[] {0, 1}).toDoubleArray();
            double[] ablation = new double[EXAMPLES * a[0][0].length];
            double[][] increases = new double[EXAMPLES][16];
            for (int k = 0; k < 16; k++) {
                double[] ablated = flat.clone();
                for (int e = 0; e < EXAMPLES; e++) {
                    int places = a[e][k].length;
                    Arrays.fill(ablated, (e * 16 + k) * places, (e * 16 + k + 1) * places, 0);
                }
                Tensor without = model.tensors().of(ablated, activation.shape());
                double[] scores = TARGET.score(cut.tail().forward(cut.tailInputs(inputs, without)), new long[] {0, 1})
                        .toDoubleArray();
                Tensor masked = masked(model, inputs.tensor(0), activation, k);
                double[] seen = TARGET.score(model.forward(Inputs.of(masked)), new long[] {0, 1})
                        .toDoubleArray();
                for (int e = 0; e < EXAMPLES; e++) {
                    double weight = (whole[e] - scores[e]) / Math.abs(whole[e]);
                    increases[e][k] = Math.exp(seen[e]);
                    for (int p = 0; p < a[e][k].length; p++) {
                        ablation[e * a[e][k].length + p] += weight * a[e][k][p];
                    }
                }
            }
            assertThat(map(new AblationCam("layer2"), model, inputs)).containsExactly(ablation, within(1e-11));
            double[] score = new double[ablation.length];
            for (int i = 0; i < score.length; i++) {
                int e = i / a[0][0].length;
                for (int k = 0; k < 16; k++) {
                    boolean constant = Arrays.stream(a[e][k]).distinct().count() == 1;
                    assertThat(constant).isFalse();
                    score[i] += increases[e][k] / sum(increases[e]) * a[e][k][i % a[0][0].length];
                }
            }
            assertThat(map(new ScoreCam("layer2"), model, inputs)).containsExactly(score, within(1e-11));
        }
    }

    private static Tensor masked(TorchScriptModel model, Tensor image, Tensor activation, int channel) {
        double[] mask = activation
                .slice(1, channel, channel + 1)
                .interpolate(16, 16, Tensor.Interpolation.BILINEAR)
                .toDoubleArray();
        double[] pixels = image.toDoubleArray();
        for (int e = 0; e < EXAMPLES; e++) {
            double low = Arrays.stream(mask, e * 256, e * 256 + 256).min().orElseThrow();
            double high = Arrays.stream(mask, e * 256, e * 256 + 256).max().orElseThrow();
            for (int i = 0; i < 768; i++) {
                pixels[e * 768 + i] *= (mask[e * 256 + i % 256] - low) / (high - low);
            }
        }
        return model.tensors().of(pixels, image.shape());
    }

    @ParameterizedTest
    @ValueSource(strings = {"scripted", "traced"})
    void fullGrad_isComplete_onAResidualNetworkWithBatchNorm(String form) {
        try (TorchScriptModel model = load(form);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = images(model);
            try (Explanation why = new FullGrad().attribute(model, inputs, TARGET)) {
                assertThat(why.completenessGap()).containsExactly(new double[EXAMPLES], within(1e-10));
                double[] bias = model.weight("fc.bias").toDoubleArray();
                assertThat(why.baselineScores().orElseThrow())
                        .containsExactly(new double[] {bias[3], bias[1]}, within(1e-12));
                assertThat(Math.abs(why.scores()[0])).isGreaterThan(1e-3);
            }
            // Batch norm is what carries the bias here: without it much is missing.
            try (Explanation why = new FullGrad().layers("fc").attribute(model, inputs, TARGET)) {
                assertThat(Math.abs(why.completenessGap()[0])).isGreaterThan(1e-2);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"scripted", "traced"})
    void gradCam_costsOneRowForwardAndOneBackward_andEigenCamNoneBackward(String form) {
        try (TorchScriptModel model = load(form);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = images(model);
            Run run = Run.defaults();
            try (Explanation grad = new GradCam("layer2").attribute(model, inputs, TARGET, run);
                    Explanation eigen = new EigenCam("layer2").attribute(model, inputs, TARGET, run)) {
                assertThat(List.of(grad.counts().forwardRows(), grad.counts().backwardRows()))
                        .containsExactly(2L, 2L);
                assertThat(List.of(eigen.counts().forwardRows(), eigen.counts().backwardRows()))
                        .containsExactly(4L, 0L);
            }
        }
    }
}
