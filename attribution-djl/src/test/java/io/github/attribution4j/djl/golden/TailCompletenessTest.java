// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * On residual networks, whose input bypasses their layers, attributions at a layer sum to what the tail's score
 * changes, to a thousandth of it.
 */
@ExtendWith(LeakExtension.class)
class TailCompletenessTest {
    private static final double ALLOWED = 1e-3;
    /**
     * Rectifiers and max pools have kinks, at which the error of any quadrature falls with the steps alone, not faster.
     */
    private static final int STEPS = 5000;

    @ParameterizedTest
    @CsvSource({
        "residual/scripted, tanh conv1 conv2:in gelu",
        "residual/traced, tanh conv1 conv2:in gelu",
        "cnn/scripted, layer1 layer2.0.conv2 layer2.0",
        "cnn/traced, layer1 layer2.0.conv2 layer2.0",
        "segmentation/scripted, encode2 relu2",
        "transformer_encoder/traced, encoder.layers.0"
    })
    void attributionsAtALayerSumToTheChangeOfTheTail(String archive, String layers) {
        try (GoldenModel<TorchScriptModel> model = TorchGolden.load(GoldenData.entry(archive))) {
            Target target = archive.startsWith("segmentation") ? Target.at(2, 5, 6) : Target.index(1);
            for (String layer : layers.split(" ", -1)) {
                IntegratedGradients straight = new IntegratedGradients()
                        .steps(STEPS)
                        .baseline(Baseline.constant(0.3).throughHead());
                Conductance curved = new Conductance(layer)
                        .steps(STEPS)
                        .baseline(Baseline.constant(0.3))
                        .bypass(Path.Bypass.STAY);
                for (Attribution<LayeredModel> method : List.of(straight.at(layer), curved)) {
                    assertThat(gap(model, method, target))
                            .as("%s at %s of %s", method.name(), layer, archive)
                            .isLessThanOrEqualTo(ALLOWED);
                }
            }
        }
    }

    /** Returns the largest gap, as a fraction of the largest change of the score. */
    private static double gap(GoldenModel<TorchScriptModel> model, Attribution<LayeredModel> method, Target target) {
        try (Explanation why = method.attribute(model.model(), model.inputs(), target)) {
            double[] baseline = why.baselineScores().orElseThrow();
            double[] scores = why.scores();
            double[] gaps = why.completenessGap();
            double change = 0;
            double gap = 0;
            for (int i = 0; i < gaps.length; i++) {
                change = Math.max(change, Math.abs(scores[i] - baseline[i]));
                gap = Math.max(gap, Math.abs(gaps[i]));
            }
            assertThat(change).isPositive();
            return gap / change;
        }
    }
}
