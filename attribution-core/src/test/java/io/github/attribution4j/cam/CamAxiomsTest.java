// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the papers prove of their maps. */
class CamAxiomsTest {
    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    private static Inputs images() {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 8, 1, 2, 4, 4));
    }

    private static double[] map(ClassActivationMap<?> method, ReferenceModel model, Target target) {
        try (Explanation explanation = method.attribute(model, images(), target)) {
            return explanation.attribution().toDoubleArray();
        }
    }

    /** A convolution, a rectifier, and one linear layer on all its elements. */
    private static ReferenceModel linearHead(int seed) {
        return ReferenceModel.builder(DataType.FLOAT64, seed)
                .input("image", Shape.of(2, 4, 4))
                .conv2d("conv", "image", 5)
                .activation("relu", "conv", Activation.RELU)
                .linear("fc", "relu", 3)
                .build();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void mapsWithoutRectifier_areLinearInTheScore(int seed) {
        ReferenceModel model = ReferenceModels.cnn(DataType.FLOAT64, seed, Activation.SOFTPLUS, 2, 4);
        for (ClassActivationMap<?> method :
                List.of(new GradCam("act1"), GradCam.xGrad("act1"), GradCam.hiRes("act1"))) {
            double[] first = map(method, model, Target.index(0));
            double[] second = map(method, model, Target.index(2));
            double[] difference = map(method, model, Target.difference(Target.index(0), Target.index(2)));
            for (int p = 0; p < first.length; p++) {
                assertThat(difference[p]).isCloseTo(first[p] - second[p], within(1e-12));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void hiResCam_isComplete_beforeOneLinearLayer(int seed) {
        ReferenceModel model = linearHead(seed);
        try (Explanation why = GradCam.hiRes("relu").attribute(model, images(), Target.index(1))) {
            double sum = Arrays.stream(why.attribution().toDoubleArray()).sum();
            assertThat(sum).isCloseTo(why.scores()[0] - model.bias("fc")[1], within(1e-12));
        }
        double averaged =
                Arrays.stream(map(new GradCam("relu"), model, Target.index(1))).sum();
        double exact = Arrays.stream(map(GradCam.hiRes("relu"), model, Target.index(1)))
                .sum();
        assertThat(Math.abs(averaged - exact)).isGreaterThan(1e-3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void behindPooling_gradCamHiResCamAndXGradCamAgree(int seed) {
        ReferenceModel model = ReferenceModels.cnn(DataType.FLOAT64, seed, Activation.RELU, 2, 4);
        double[] expected = map(new GradCam("act2"), model, Target.index(0));
        assertThat(map(GradCam.hiRes("act2"), model, Target.index(0))).containsExactly(expected, within(1e-13));
        assertThat(map(GradCam.xGrad("act2"), model, Target.index(0))).containsExactly(expected, within(1e-13));
        double[][] weights = model.weights("fc");
        double[] a = model.cut("act2").activations(images()).get(0).toDoubleArray();
        for (int p = 0; p < 16; p++) {
            // The original class activation map of Zhou et al., 2016, over the number of positions.
            double byHand = 0;
            for (int k = 0; k < 5; k++) {
                byHand += weights[0][k] * a[k * 16 + p] / 16;
            }
            assertThat(expected[p]).isCloseTo(byHand, within(1e-14));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void xGradCam_conservesTheScore_andIsSensitiveToChannels(int seed) {
        ReferenceModel model = linearHead(seed);
        try (Explanation why = GradCam.xGrad("relu").attribute(model, images(), Target.index(1))) {
            double sum = Arrays.stream(why.attribution().toDoubleArray()).sum();
            assertThat(sum).isCloseTo(why.scores()[0] - model.bias("fc")[1], within(1e-12));
        }
        // Each channel's part of the map sums to what the score loses without the channel.
        double[] a = model.cut("relu").activations(images()).get(0).toDoubleArray();
        double[] lost = new double[5];
        for (int k = 0; k < 5; k++) {
            for (int p = 0; p < 16; p++) {
                lost[k] += model.weights("fc")[1][k * 16 + p] * a[k * 16 + p];
            }
        }
        double[] expected = new double[16];
        for (int k = 0; k < 5; k++) {
            double total = Arrays.stream(a, k * 16, k * 16 + 16).sum();
            for (int p = 0; p < 16 && total > 0; p++) {
                expected[p] += lost[k] / total * a[k * 16 + p];
            }
        }
        assertThat(map(GradCam.xGrad("relu"), model, Target.index(1))).containsExactly(expected, within(1e-13));
    }

    @Test
    void eigenCam_doesNotDependOnTheTarget_andEigenGradCamDoes() {
        ReferenceModel model = linearHead(4);
        assertThat(map(new EigenCam("relu"), model, Target.index(0)))
                .isEqualTo(map(new EigenCam("relu"), model, Target.index(2)));
        assertThat(map(EigenCam.ofGradients("relu"), model, Target.index(0)))
                .isNotEqualTo(map(EigenCam.ofGradients("relu"), model, Target.index(2)));
    }

    @Test
    void fem_doesNotDependOnTheTarget_andFewerDeviationsShowMore() {
        ReferenceModel model = linearHead(4);
        Fem method = new Fem("relu").deviations(1);
        double[] map = map(method, model, Target.index(0));
        assertThat(map(method, model, Target.index(2))).isEqualTo(map);
        assertThat(Arrays.stream(map)).allMatch(value -> value >= 0).anyMatch(value -> value > 0);
        double[] more = map(method.deviations(0), model, Target.index(0));
        for (int p = 0; p < map.length; p++) {
            assertThat(more[p]).isGreaterThanOrEqualTo(map[p]);
        }
    }

    @Test
    void fem_withoutUnusualPositions_isZeroAndSaysSo() {
        try (Explanation why = new Fem("relu").deviations(4).attribute(linearHead(4), images(), Target.index(0))) {
            assertThat(why.attribution().toDoubleArray()).containsOnly(0);
            assertThat(why.notices())
                    .anyMatch(notice -> notice.startsWith("layer 'relu': no value lies 4.0 standard deviations above"));
        }
        assertThatThrownBy(() -> new Fem("relu")
                        .deviations(-1)
                        .attribute(linearHead(4), images(), Target.index(0))
                        .close())
                .hasMessageContaining("deviations -1.0: must be finite and at least 0");
    }

    @Test
    void eigenCam_behindARectifier_isNotNegative() {
        for (int seed = 0; seed < 10; seed++) {
            for (double value : map(new EigenCam("relu"), linearHead(seed), Target.index(0))) {
                assertThat(value).isGreaterThanOrEqualTo(0);
            }
        }
    }

    @Test
    void layerCamBehindARectifier_needsNoRectifier() {
        GradCam rectified = GradCam.layerCam("relu").relu(true);
        assertThat(map(rectified, linearHead(5), Target.index(0)))
                .isEqualTo(map(GradCam.layerCam("relu"), linearHead(5), Target.index(0)));
    }

    @Test
    void ablationCam_withFewerChannels_leavesOutTheWeakest() {
        ReferenceModel model = linearHead(6);
        double[] a = model.cut("relu").activations(images()).get(0).toDoubleArray();
        double[] expected = new double[16];
        int strongest = 0;
        double[] squares = new double[5];
        for (int k = 0; k < 5; k++) {
            for (int p = 0; p < 16; p++) {
                squares[k] += a[k * 16 + p] * a[k * 16 + p];
            }
            strongest = squares[k] > squares[strongest] ? k : strongest;
        }
        double lost = 0;
        for (int p = 0; p < 16; p++) {
            lost += model.weights("fc")[1][strongest * 16 + p] * a[strongest * 16 + p];
        }
        for (int p = 0; p < 16; p++) {
            expected[p] = lost * a[strongest * 16 + p];
        }
        AblationCam method = new AblationCam("relu").channels(1).relative(false);
        assertThat(map(method, model, Target.index(1))).containsExactly(expected, within(1e-12));
    }

    @Test
    void scoreCam_withOneChannel_givesItAllTheWeight_andCountsItsRows() {
        ReferenceModel model = linearHead(7);
        double[] a = model.cut("relu").activations(images()).get(0).toDoubleArray();
        int mostVaried = 0;
        double[] variances = new double[5];
        for (int k = 0; k < 5; k++) {
            double mean = Arrays.stream(a, k * 16, k * 16 + 16).average().orElseThrow();
            variances[k] = Arrays.stream(a, k * 16, k * 16 + 16)
                    .map(value -> (value - mean) * (value - mean))
                    .sum();
            mostVaried = variances[k] > variances[mostVaried] ? k : mostVaried;
        }
        ScoreCam method = new ScoreCam("relu").channels(1);
        try (Explanation why = method.attribute(model, images(), Target.index(1))) {
            assertThat(why.attribution().toDoubleArray())
                    .containsExactly(Arrays.copyOfRange(a, mostVaried * 16, mostVaried * 16 + 16), within(1e-15));
            assertThat(why.counts().forwardRows()).isEqualTo(3);
        }
    }

    @Test
    void costs_areThoseDocumented() {
        ReferenceModel model = linearHead(8);
        long alive = aliveChannels(model);
        costs(new GradCam("relu"), 1, 1);
        costs(new GradCam("relu", "conv"), 2, 2);
        costs(new EigenCam("relu"), 2, 0);
        costs(new Fem("relu"), 2, 0);
        costs(new ScoreCam("relu"), 2 + alive, 0);
        costs(new ScoreCam("relu").softmax(false), 3 + alive, 0);
        costs(new AblationCam("relu"), 3 + alive, 0);
    }

    private static long aliveChannels(ReferenceModel model) {
        double[] a = model.cut("relu").activations(images()).get(0).toDoubleArray();
        long alive = 0;
        for (int k = 0; k < 5; k++) {
            alive += Arrays.stream(a, k * 16, k * 16 + 16).anyMatch(value -> value > 0) ? 1 : 0;
        }
        return alive;
    }

    private static void costs(ClassActivationMap<?> method, long forward, long backward) {
        try (Explanation why = method.attribute(linearHead(8), images(), Target.index(1))) {
            assertThat(why.counts().forwardRows()).as(method.name()).isEqualTo(forward);
            assertThat(why.counts().backwardRows()).as(method.name()).isEqualTo(backward);
        }
    }

    @Test
    void zeroScores_cannotDivide() {
        ReferenceModel zero = ReferenceModel.builder(DataType.FLOAT64, 3)
                .input("x", Shape.of(2, 4, 4))
                .activation("act", "x", Activation.RELU)
                .linear("fc", "act", new double[1][32], new double[1])
                .build();
        assertThatThrownBy(() -> new AblationCam("act").attribute(zero, images(), Target.index(0)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(
                        "relative: the score of example 0 is 0, and ablation-cam at layer 'act' divides by "
                                + "it; set relative(false)");
    }
}
