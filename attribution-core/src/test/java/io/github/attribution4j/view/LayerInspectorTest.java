// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import io.github.attribution4j.view.LayerView.Quantity;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakExtension.class)
class LayerInspectorTest {
    private static final Target TARGET = Target.indexes(2, 0);
    private final ReferenceModel model = ReferenceModels.cnn(DataType.FLOAT64, 3, Activation.RELU, 2, 4);

    private static Inputs images() {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 2, 2, 4, 4));
    }

    @Test
    void activationsAndGradients_areThoseOfTheCut() {
        try (TensorScope scope = TensorScope.open();
                LayerInspector.Views views = new LayerInspector("act1", "conv2").inspect(model, images(), TARGET)) {
            for (LayerView view : views.all()) {
                try (Pullback run = model.cut(view.point().toString()).pullback(images())) {
                    double[] gradient = run.vjp(TARGET.cotangent(run.output(), new long[] {0, 1}))
                            .get(0)
                            .toDoubleArray();
                    assertThat(view.activation().toDoubleArray())
                            .isEqualTo(run.activations().get(0).toDoubleArray());
                    assertThat(view.gradient().toDoubleArray()).isEqualTo(gradient);
                    assertThat(views.scores())
                            .isEqualTo(TARGET.score(run.output(), new long[] {0, 1})
                                    .toDoubleArray());
                }
            }
            assertThat(views.counts().forwardRows()).isEqualTo(4);
            assertThat(views.counts().backwardRows()).isEqualTo(4);
            assertThat(views.get("conv2").point().kind()).isEqualTo("Conv2d");
        }
    }

    @Test
    void channels_haveTheirOwnStatistics() {
        try (TensorScope scope = TensorScope.open();
                LayerInspector.Views views = new LayerInspector("act1").inspect(model, images(), TARGET)) {
            LayerView view = views.get("act1");
            double[] a = view.activation().toDoubleArray();
            double[] g = view.gradient().toDoubleArray();
            assertThat(view.channels()).isEqualTo(4);
            assertThat(view.positionShape()).containsExactly(4, 4);
            for (int k = 0; k < 4; k++) {
                double sum = 0;
                double zeros = 0;
                double squares = 0;
                double max = Double.NEGATIVE_INFINITY;
                for (int e = 0; e < 2; e++) {
                    for (int p = 0; p < 16; p++) {
                        int i = (e * 4 + k) * 16 + p;
                        sum += a[i];
                        zeros += a[i] == 0 ? 1 : 0;
                        squares += g[i] * g[i];
                        max = Math.max(max, a[i] * g[i]);
                    }
                    double[] product = view.channel(Quantity.PRODUCT, e, k);
                    assertThat(product[5]).isEqualTo(a[(e * 4 + k) * 16 + 5] * g[(e * 4 + k) * 16 + 5]);
                }
                LayerView.Statistics activation =
                        view.channelStatistics(Quantity.ACTIVATION).get(k);
                assertThat(activation.count()).isEqualTo(32);
                assertThat(activation.mean()).isCloseTo(sum / 32, within(1e-14));
                assertThat(activation.zeros()).isEqualTo(zeros / 32);
                assertThat(view.channelStatistics(Quantity.GRADIENT).get(k).norm())
                        .isCloseTo(Math.sqrt(squares), within(1e-14));
                assertThat(view.channelStatistics(Quantity.PRODUCT).get(k).max())
                        .isEqualTo(max);
            }
            assertThat(view.statistics(Quantity.ACTIVATION).zeros()).isBetween(0.05, 0.95);
        }
    }

    @Test
    void channelsLast_areFoundWhereTheyAre() {
        try (TensorScope scope = TensorScope.open();
                LayerInspector.Views views =
                        new LayerInspector("act1").channelAxis(-1).inspect(model, images())) {
            LayerView view = views.get("act1");
            double[] a = view.activation().toDoubleArray();
            assertThat(view.positionShape()).containsExactly(4, 4);
            assertThat(view.channel(Quantity.ACTIVATION, 1, 2)[6]).isEqualTo(a[64 + 6 * 4 + 2]);
            assertThat(view.hasGradient()).isFalse();
            assertThatThrownBy(view::gradient)
                    .hasMessage("layer 'act1' was inspected without a target, so there is no gradient; call "
                            + "inspect(model, inputs, target)");
            assertThat(views.scores()).isEmpty();
            assertThat(views.counts().backwardRows()).isZero();
        }
    }

    @Test
    void withoutNames_allLayersAreSeen() {
        try (TensorScope scope = TensorScope.open();
                LayerInspector.Views views = new LayerInspector()
                        .inspect(model, images(), TARGET, Run.defaults().batchRows(1))) {
            assertThat(views.all().stream().map(view -> view.point().toString()))
                    .containsExactly("conv1", "act1", "conv2", "act2", "pool", "fc");
            assertThat(views.get("fc").channels()).isEqualTo(3);
            assertThat(views.get("fc").positionShape()).isEmpty();
            assertThat(views.get("fc").gradient().toDoubleArray()).containsExactly(0, 0, 1, 1, 0, 0);
        }
    }

    @Test
    void refusals() {
        try (TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> new LayerInspector("conv9").inspect(model, images()))
                    .isInstanceOf(UnknownLayerException.class);
            assertThatThrownBy(() -> new LayerInspector().channelAxis(0))
                    .hasMessage("axis 0 counts examples; channels are on another, such as 1 or -1");
            try (LayerInspector.Views views = new LayerInspector("conv1").inspect(model, images())) {
                assertThatThrownBy(() -> views.get("conv2"))
                        .hasMessage("layer 'conv2' was not inspected; there are [conv1]");
                assertThatThrownBy(() -> views.get("conv1").channel(Quantity.ACTIVATION, 2, 0))
                        .hasMessage(
                                "example 2, channel 0: layer 'conv1' has 2 examples and 4 channels, counted from 0");
            }
        }
    }

    @Test
    void statistics_byHand() {
        LayerView.Statistics some = LayerView.Statistics.of(3, 0, -1, Double.NaN, 2, 0);
        assertThat(some.count()).isEqualTo(5);
        assertThat(some.notFinite()).isEqualTo(1);
        assertThat(some.mean()).isCloseTo(0.8, within(1e-15));
        assertThat(some.standardDeviation()).isCloseTo(Math.sqrt(2.16), within(1e-15));
        assertThat(some.min()).isEqualTo(-1);
        assertThat(some.lowerQuartile()).isEqualTo(0);
        assertThat(some.median()).isEqualTo(0);
        assertThat(some.upperQuartile()).isEqualTo(2);
        assertThat(some.max()).isEqualTo(3);
        assertThat(some.zeros()).isCloseTo(0.4, within(1e-15));
        assertThat(some.norm()).isCloseTo(Math.sqrt(14), within(1e-15));
        assertThat(LayerView.Statistics.of().count()).isZero();
        assertThat(LayerView.Statistics.quantile(new double[] {4, 1, 2}, 0.25)).isEqualTo(1.5);
        assertThat(LayerView.Statistics.quantile(new double[] {7}, 0.9)).isEqualTo(7);
        assertThatThrownBy(() -> LayerView.Statistics.quantile(new double[0], 0.5))
                .hasMessage("quantile 0.5 of 0 values: needs 0 to 1, and at least one value");
        assertThat(Arrays.stream(new double[] {0, 1})
                        .map(fraction -> LayerView.Statistics.quantile(new double[] {5, 3, 9}, fraction)))
                .containsExactly(3.0, 9.0);
    }
}
