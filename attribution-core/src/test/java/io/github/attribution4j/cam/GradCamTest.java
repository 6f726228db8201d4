// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
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

class GradCamTest {
    private static final int SIZE = 5;
    private static final Target TARGET = Target.indexes(2, 0);

    private final ReferenceModel model = ReferenceModels.cnn(DataType.FLOAT64, 3, Activation.TANH, 2, SIZE);
    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    private static Inputs images() {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 2, 2, SIZE, SIZE));
    }

    /** Returns the map by loops over (example, channel, position), from activation and gradient. */
    private double[] byHand(String layer) {
        Cut cut = model.cut(layer);
        Tensor activation = cut.head().forward(images());
        Inputs tailInputs = cut.tailInputs(images(), activation);
        Tensor gradient;
        try (Pullback pullback = cut.tail().pullback(tailInputs)) {
            long[] examples = {0, 1};
            gradient =
                    pullback.vjp(TARGET.cotangent(pullback.output(), examples)).get(0);
        }
        int channels = Math.toIntExact(activation.shape().dim(1));
        double[] a = activation.toDoubleArray();
        double[] g = gradient.toDoubleArray();
        int positions = a.length / 2 / channels;
        double[] map = new double[2 * positions];
        for (int e = 0; e < 2; e++) {
            for (int c = 0; c < channels; c++) {
                int start = (e * channels + c) * positions;
                double weight = 0;
                for (int p = 0; p < positions; p++) {
                    weight += g[start + p] / positions;
                }
                for (int p = 0; p < positions; p++) {
                    map[e * positions + p] += weight * a[start + p];
                }
            }
        }
        return map;
    }

    @Test
    void map_isTheWeightedSumOfChannels() {
        try (Explanation explanation = new GradCam("conv2").attribute(model, images(), TARGET)) {
            double[] expected = byHand("conv2");

            assertThat(Arrays.stream(expected).min().orElseThrow()).isNegative();
            assertThat(Arrays.stream(expected).max().orElseThrow()).isPositive();
            assertThat(explanation.attribution().shape()).isEqualTo(Shape.of(2, 1, SIZE, SIZE));
            assertThat(explanation.attribution().toDoubleArray()).containsExactly(expected, within(1e-13));
            assertThat(explanation.names()).containsExactly("conv2");
            assertThat(explanation.hasCompletenessGap()).isFalse();
            assertThat(explanation.counts().backwardRows()).isEqualTo(2);
            assertThat(explanation.provenance().inputs()).hasSize(1);
        }
    }

    @Test
    void relu_cutsOffNegativeValues() {
        GradCam method = new GradCam("act1").relu(true);
        try (Explanation explanation = method.attribute(model, images(), TARGET)) {
            double[] expected = byHand("act1");
            for (int i = 0; i < expected.length; i++) {
                expected[i] = Math.max(0, expected[i]);
            }
            assertThat(explanation.attribution().toDoubleArray()).containsExactly(expected, within(1e-13));
        }
    }

    @Test
    void unitsWithoutPositions_areWeightedByTheirOwnGradients() {
        try (Explanation explanation = new GradCam("pool").attribute(model, images(), TARGET)) {
            assertThat(explanation.attribution().shape()).isEqualTo(Shape.of(2, 1));
            assertThat(explanation.attribution().toDoubleArray()).containsExactly(byHand("pool"), within(1e-13));
        }
    }

    @Test
    void batches_areJoined() {
        try (Explanation one = new GradCam("conv2")
                        .attribute(model, images(), TARGET, Run.defaults().batchRows(1));
                Explanation all = new GradCam("conv2").attribute(model, images(), TARGET)) {
            assertThat(one.attribution().toDoubleArray())
                    .isEqualTo(all.attribution().toDoubleArray());
        }
    }

    @Test
    void upsampling_givesTheSizeOfTheInput_orTheSizeGiven() {
        ReferenceModel small = ReferenceModel.builder(DataType.FLOAT64, 4)
                .input("image", Shape.of(1, 2, 2))
                .input("other", Shape.of(3))
                .conv2d("conv", "image", 2)
                .linear("fc", "conv", 2)
                .build();
        Inputs inputs = Inputs.none()
                .attribute("image", ReferenceModels.normal(DataType.FLOAT64, 1, 1, 1, 2, 2))
                .fixed("other", ReferenceModels.normal(DataType.FLOAT64, 1, 1, 3));
        try (Explanation plain = new GradCam("conv").attribute(small, inputs, Target.index(0));
                Explanation same = new GradCam("conv")
                        .upsample(Tensor.Interpolation.NEAREST)
                        .attribute(small, inputs, Target.index(0));
                Explanation nearest = new GradCam("conv")
                        .upsample(Tensor.Interpolation.NEAREST, 4, 4)
                        .attribute(small, inputs, Target.index(0));
                Explanation bilinear = new GradCam("conv")
                        .upsample(Tensor.Interpolation.BILINEAR, 3, 4)
                        .attribute(small, inputs, Target.index(0))) {
            double[] map = plain.attribution().toDoubleArray();
            assertThat(same.attribution().toDoubleArray()).isEqualTo(map);
            assertThat(nearest.attribution().shape()).isEqualTo(Shape.of(1, 1, 4, 4));
            double[] large = nearest.attribution().toDoubleArray();
            for (int i = 0; i < 16; i++) {
                assertThat(large[i]).isEqualTo(map[i / 8 * 2 + i % 4 / 2]);
            }
            double[] smooth = bilinear.attribution().toDoubleArray();
            // Row 1 of 3 lies half-way between the two rows, column 1 of 4 at a quarter.
            double left = (map[0] + map[2]) / 2;
            double right = (map[1] + map[3]) / 2;
            assertThat(smooth[5]).isCloseTo(0.75 * left + 0.25 * right, within(1e-14));
        }
    }

    @Test
    void settings_sayEverything() {
        assertThat(new GradCam("conv2").settings().toString())
                .isEqualTo("{layer=conv2, layout=channels-first, relu=false, upsample=none, size=input, merge=mean}");
        assertThat(new GradCam("conv2")
                        .relu(true)
                        .upsample(Tensor.Interpolation.BILINEAR, 7, 9)
                        .settings()
                        .toString())
                .isEqualTo(
                        "{layer=conv2, layout=channels-first, relu=true, upsample=bilinear, size=(7, 9), merge=mean}");
    }

    @Test
    void unknownLayers_areRefusedWithNearNames() {
        assertThatThrownBy(() -> new GradCam("conv3").attribute(model, images(), TARGET))
                .isInstanceOf(UnknownLayerException.class)
                .hasMessageContaining("conv3")
                .hasMessageContaining("conv2");
    }

    @Test
    void whatCannotBeResampled_isRefused() {
        refused(
                new GradCam("pool").upsample(Tensor.Interpolation.NEAREST),
                "upsample: the map of layer 'pool' has 0 axes of positions, and only one to three can be resampled;"
                        + " leave upsample out");
        refused(
                new GradCam("conv2").upsample(Tensor.Interpolation.NEAREST, 7),
                "upsample: 1 extents given for the map of layer 'conv2', which has 2 axes of positions; give one for"
                        + " each");
        assertThatThrownBy(() -> new GradCam("conv2").upsample(Tensor.Interpolation.NEAREST, 7, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("upsample: extent 0 must be at least 1");
    }

    private void refused(GradCam method, String message) {
        assertThatThrownBy(() -> method.attribute(model, images(), TARGET))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        failure -> assertThat(failure.problems()).isEqualTo(List.of(message)));
    }
}
