// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GradCam.Merge;
import io.github.attribution4j.model.Inputs;
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
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the methods share: several layers, layouts, sizes, and what they refuse. */
class CamSettingsTest {
    private final ReferenceModel model = ReferenceModels.cnn(DataType.FLOAT64, 3, Activation.TANH, 2, 5);
    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    private static Inputs images() {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 2, 2, 5, 5));
    }

    private double[] map(ClassActivationMap<?> method) {
        try (Explanation explanation = method.attribute(model, images(), Target.index(1))) {
            return explanation.attribution().toDoubleArray();
        }
    }

    @Test
    void mapsOfSeveralLayers_areMerged_alsoWhereOneDependsOnTheOther() {
        double[] first = map(GradCam.hiRes("act1"));
        double[] second = map(GradCam.hiRes("conv2"));
        double[] mean = map(GradCam.hiRes("act1", "conv2"));
        double[] max = map(GradCam.hiRes("act1", "conv2").merge(Merge.MAX));
        double[] scaled = map(GradCam.hiRes("act1", "conv2").merge(Merge.SCALED_MEAN));
        for (int example = 0; example < 2; example++) {
            double largestFirst = 0;
            double largestSecond = 0;
            for (int i = example * 25; i < example * 25 + 25; i++) {
                largestFirst = Math.max(largestFirst, Math.abs(first[i]));
                largestSecond = Math.max(largestSecond, Math.abs(second[i]));
            }
            for (int i = example * 25; i < example * 25 + 25; i++) {
                assertThat(mean[i]).isCloseTo((first[i] + second[i]) / 2, within(1e-14));
                assertThat(max[i]).isEqualTo(Math.max(first[i], second[i]));
                assertThat(scaled[i])
                        .isCloseTo((first[i] / largestFirst + second[i] / largestSecond) / 2, within(1e-14));
            }
        }
    }

    @Test
    void mapsOfSeveralLayers_canBeKeptApart_evenOfDifferentSizes() {
        GradCam method = new GradCam("act1", "pool").merge(Merge.EACH);
        try (Explanation why = method.attribute(model, images(), Target.index(1))) {
            assertThat(why.names()).containsExactly("act1", "pool");
            assertThat(why.attributions().get(0).toDoubleArray()).isEqualTo(map(new GradCam("act1")));
            assertThat(why.attributions().get(1).shape()).isEqualTo(Shape.of(2, 1));
        }
        try (Explanation why = new GradCam("act1", "act2").attribute(model, images(), Target.index(1))) {
            assertThat(why.names()).containsExactly("act1, act2");
        }
    }

    @Test
    void aMapThatReluCutOff_saysSo_andAnother_doesNot() {
        double[][] weights = new double[2][50];
        Arrays.fill(weights[0], 1);
        Arrays.fill(weights[1], -1);
        ReferenceModel net = ReferenceModel.builder(DataType.FLOAT64, 4)
                .input("x", Shape.of(2, 5, 5))
                .activation("act", "x", Activation.RELU)
                .linear("fc", "act", weights, new double[] {1, 2})
                .build();
        GradCam rectified = new GradCam("act").relu(true);
        try (Explanation why = rectified.attribute(net, images(), Target.index(1))) {
            assertThat(why.attribution().toDoubleArray()).containsOnly(0);
            assertThat(why.notices())
                    .containsExactly("the map of layer 'act' is zero everywhere for examples 0, 1: all its values were "
                            + "negative, and relu cut them off; with relu(false) they are seen");
        }
        try (Explanation why = rectified.attribute(net, images(), Target.index(0))) {
            assertThat(why.notices()).isEmpty();
        }
        try (Explanation why = new GradCam("act").attribute(net, images(), Target.index(1))) {
            assertThat(why.notices()).isEmpty();
        }
        ReferenceModel dead = ReferenceModel.builder(DataType.FLOAT64, 4)
                .input("x", Shape.of(2, 5, 5))
                .activation("act", "x", Activation.RELU)
                .linear("fc", "act", new double[2][50], new double[] {1, 2})
                .build();
        try (Explanation why = new GradCam("act").attribute(dead, images(), Target.index(1))) {
            assertThat(why.notices()).singleElement().asString().contains("what weighs its channels is 0");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2,197,768 | 2,3,224,224 | tokens(1)",
                "2,64,192 | 2,1,64,64 | tokens(1)",
                "2,7,7,768 | 2,3,224,224 | channelsLast()",
                "1,14,28,96 | 1,3,224,448 | channelsLast()",
                "2,16,64 | 2,16 | channelsLast()"
            })
    void aLayoutForgotten_isNoticed(String activation, String input, String remedy) {
        assertThat(ActivationLayout.channelsFirst().doubt(shape(activation), shape(input), "blocks"))
                .get()
                .asString()
                .startsWith("layer 'blocks' gives shape " + shape(activation))
                .contains(remedy);
        for (ActivationLayout chosen : List.of(ActivationLayout.channelsLast(), ActivationLayout.tokens(1))) {
            assertThat(chosen.doubt(shape(activation), shape(input), "blocks")).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2,512,7,7 | 2,3,224,224",
                "2,8,8,8 | 2,3,32,32",
                "2,64,5,80 | 2,1,40,640",
                "2,16,50 | 2,16,100",
                "2,32 | 2,3,32,32",
                "2,64,16 | 2,16",
                "2,4,3,3,3 | 2,1,9,9,9"
            })
    void aLayoutThatFits_isNot(String activation, String input) {
        assertThat(ActivationLayout.channelsFirst().doubt(shape(activation), shape(input), "conv"))
                .isEmpty();
    }

    private static Shape shape(String dims) {
        return Shape.of(Arrays.stream(dims.strip().split(","))
                .mapToLong(Long::parseLong)
                .toArray());
    }

    @Test
    void oneLayer_canBeScaledToo_andAMapOfZerosStays() {
        double[] scaled = map(new GradCam("act1").merge(Merge.SCALED_MEAN));
        double largest = 0;
        for (int i = 0; i < 25; i++) {
            largest = Math.max(largest, Math.abs(scaled[i]));
        }
        assertThat(largest).isEqualTo(1);
        ReferenceModel dead = ReferenceModel.builder(DataType.FLOAT64, 4)
                .input("x", Shape.of(2, 5, 5))
                .activation("act", "x", Activation.RELU)
                .linear("fc", "act", new double[2][50], new double[] {1, 2})
                .build();
        GradCam method = new GradCam("act").merge(Merge.SCALED_MEAN);
        try (Explanation why = method.attribute(dead, images(), Target.index(1))) {
            assertThat(why.attribution().toDoubleArray()).containsOnly(0);
        }
    }

    @Test
    void volumes_areResampledAlongThreeAxes() {
        ReferenceModel volumes = ReferenceModel.builder(DataType.FLOAT64, 4)
                .input("x", Shape.of(2, 2, 3, 2))
                .activation("act", "x", Activation.SOFTPLUS)
                .linear("fc", "act", 3)
                .build();
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 1, 2, 2, 3, 2));
        try (Explanation plain = GradCam.hiRes("act").attribute(volumes, inputs, Target.index(0));
                Explanation same = GradCam.hiRes("act")
                        .upsample(Tensor.Interpolation.BILINEAR)
                        .attribute(volumes, inputs, Target.index(0));
                Explanation large = GradCam.hiRes("act")
                        .upsample(Tensor.Interpolation.BILINEAR, 4, 5, 3)
                        .attribute(volumes, inputs, Target.index(0));
                Explanation near = GradCam.hiRes("act")
                        .upsample(Tensor.Interpolation.NEAREST, 4, 3, 4)
                        .attribute(volumes, inputs, Target.index(0))) {
            double[] map = plain.attribution().toDoubleArray();
            assertThat(same.attribution().toDoubleArray()).containsExactly(map, within(1e-15));
            assertThat(large.attribution().shape()).isEqualTo(Shape.of(1, 1, 4, 5, 3));
            double[] actual = large.attribution().toDoubleArray();
            double[] nearest = near.attribution().toDoubleArray();
            for (int z = 0; z < 4; z++) {
                for (int y = 0; y < 5; y++) {
                    for (int x = 0; x < 3; x++) {
                        assertThat(actual[(z * 5 + y) * 3 + x])
                                .isCloseTo(
                                        trilinear(
                                                map, (z + 0.5) / 2 - 0.5, (y + 0.5) * 0.6 - 0.5, (x + 0.5) / 1.5 - 0.5),
                                        within(1e-14));
                    }
                }
                for (int y = 0; y < 3; y++) {
                    for (int x = 0; x < 4; x++) {
                        assertThat(nearest[(z * 3 + y) * 4 + x]).isEqualTo(map[(z / 2 * 3 + y) * 2 + x / 2]);
                    }
                }
            }
        }
    }

    /** Of a map of 2 × 3 × 2. */
    private static double trilinear(double[] map, double z, double y, double x) {
        double sum = 0;
        for (int k = 0; k < 2; k++) {
            for (int j = 0; j < 3; j++) {
                for (int i = 0; i < 2; i++) {
                    sum += map[(k * 3 + j) * 2 + i] * hat(z, k, 1) * hat(y, j, 2) * hat(x, i, 1);
                }
            }
        }
        return sum;
    }

    private static double hat(double at, int node, int last) {
        double clamped = Math.min(Math.max(at, 0), last);
        return Math.max(0, 1 - Math.abs(clamped - node));
    }

    @Test
    void tokens_comeBackToTheirGrid_andAreResampledToTheImage() {
        ReferenceModel transformer = ReferenceModel.builder(DataType.FLOAT64, 4)
                .input("tokens", Shape.of(7, 3))
                .activation("block", "tokens", Activation.SOFTPLUS)
                .linear("fc", "block", 3)
                .build();
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 1, 7, 3));
        GradCam method = GradCam.hiRes("block")
                .layout(ActivationLayout.tokens(1, 2, 3))
                .upsample(Tensor.Interpolation.NEAREST, 4, 6);
        try (Explanation why = method.attribute(transformer, inputs, Target.index(0))) {
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(1, 1, 4, 6));
        }
        assertThat(method.settings())
                .containsEntry("layout", ActivationLayout.tokens(1, 2, 3))
                .containsEntry("size", Shape.of(4, 6));
        refused(
                transformer,
                inputs,
                GradCam.hiRes("block").layout(ActivationLayout.tokens(0)),
                "layer 'block' gives an activation of shape (1, 7, 3); layout tokens:0 needs 7 tokens after the first"
                        + " 0 in the grid (a square); choose another layer or layout");
        refused(
                transformer,
                inputs,
                GradCam.hiRes("block").layout(ActivationLayout.tokens(7, 1)),
                "layer 'block' gives an activation of shape (1, 7, 3); layout tokens:7:1 needs tokens on axis 1, more"
                        + " than 7, and channels on axis 2; choose another layer or layout");
        refused(
                transformer,
                inputs,
                GradCam.hiRes("fc").layout(ActivationLayout.channelsLast()),
                "layer 'fc' gives an activation of shape (1, 3); layout channels-last needs positions between axis 0"
                        + " and the channels on the last axis; choose another layer or layout");
    }

    private static void refused(ReferenceModel model, Inputs inputs, ClassActivationMap<?> method, String message) {
        assertThatThrownBy(() -> method.attribute(model, inputs, Target.index(0)))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        failure -> assertThat(failure.problems()).containsExactly(message));
    }

    @Test
    void layouts_areValues() {
        assertThat(ActivationLayout.tokens(1, 14, 14))
                .isEqualTo(ActivationLayout.tokens(1, 14, 14))
                .hasSameHashCodeAs(ActivationLayout.tokens(1, 14, 14))
                .isNotEqualTo(ActivationLayout.tokens(1))
                .isNotEqualTo(ActivationLayout.tokens(2, 14, 14))
                .isNotEqualTo(ActivationLayout.channelsLast())
                .hasToString("tokens:1:14x14");
        assertThat(ActivationLayout.tokens(5)).hasToString("tokens:5");
        assertThat(ActivationLayout.channelsFirst()).hasToString("channels-first");
        assertThat(ActivationLayout.channelsLast()).hasToString("channels-last");
        assertThatThrownBy(() -> ActivationLayout.tokens(-1)).hasMessage("leading: -1 tokens; give 0 or more");
        assertThatThrownBy(() -> ActivationLayout.tokens(1, 0, 3))
                .hasMessage("grid: [0, 3]; every extent must be at least 1");
    }

    @Test
    void wrongSettings_areRefused() {
        assertThatThrownBy(() -> new GradCam()).hasMessage("layers: none given; name at least one");
        assertThatThrownBy(() -> new GradCam("a", "b", "a"))
                .hasMessage("layers: [a, b, a] names one twice; name each once");
        assertThatThrownBy(() -> new ScoreCam("a").channels(0)).hasMessage("channels: 0; evaluate at least 1");
        assertThatThrownBy(() -> new AblationCam("a").channels(-2)).hasMessage("channels: -2; evaluate at least 1");
        refused(
                model,
                images(),
                new GradCam("act1", "pool"),
                "merge: the map of layer 'pool' has shape (2, 1), that of 'act1' (2, 1, 5, 5); bring them to one size"
                        + " with upsample(...), or keep them apart with merge(Merge.EACH)");
        refused(
                model,
                images(),
                new ScoreCam("act1").baseline(Baseline.normal(0, 1)),
                "baseline normal(0.0, 1.0) is a distribution, and score-cam masks with one reference; give "
                        + "Baseline.mean(...), or one draw with Baseline.of(...)");
    }

    @Test
    void scoreCam_masksOneInput() {
        ReferenceModel two = ReferenceModels.twoInputs(DataType.FLOAT64, 1, 3, 3, 2);
        Tensor x = ReferenceModels.normal(DataType.FLOAT64, 1, 1, 3);
        refused(
                two,
                Inputs.of(x, x),
                new ScoreCam("left"),
                "inputs: 2 are attributed, and score-cam masks one; mark the others fixed");
    }

    @Test
    void settings_sayEverything() {
        assertThat(new ScoreCam("a").settings().toString())
                .isEqualTo("{layer=a, baseline=0.0, channels=all, softmax=true, layout=channels-first, relu=false, "
                        + "upsample=none, size=input, merge=mean}");
        assertThat(new AblationCam("a", "b")
                        .channels(7)
                        .relative(false)
                        .relu(true)
                        .merge(Merge.SCALED_MEAN)
                        .layout(ActivationLayout.tokens(1))
                        .settings()
                        .toString())
                .isEqualTo("{layer=a, b, channels=7, relative=false, layout=tokens:1, relu=true, upsample=none, "
                        + "size=input, merge=scaled-mean}");
        assertThat(new EigenCam("a").centered(true).settings()).containsEntry("centered", true);
        assertThat(List.of(
                        new GradCam("a").name(),
                        GradCam.plusPlus("a").name(),
                        GradCam.xGrad("a").name(),
                        GradCam.hiRes("a").name(),
                        GradCam.layerCam("a").name(),
                        GradCam.elementwise("a").name(),
                        new EigenCam("a").name(),
                        EigenCam.ofGradients("a").name(),
                        new ScoreCam("a").name(),
                        new AblationCam("a").name()))
                .containsExactly(
                        "grad-cam",
                        "grad-cam-plus-plus",
                        "x-grad-cam",
                        "hi-res-cam",
                        "layer-cam",
                        "grad-cam-elementwise",
                        "eigen-cam",
                        "eigen-grad-cam",
                        "score-cam",
                        "ablation-cam");
    }
}
