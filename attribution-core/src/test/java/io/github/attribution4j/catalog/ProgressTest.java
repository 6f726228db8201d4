// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import io.github.attribution4j.text.TokenAttribution;
import io.github.attribution4j.view.LayerInspector;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever an explanation is made of, its listener hears of one progress that rises to the whole. */
class ProgressTest {
    private static final RuledModel MODEL = ReferenceModels.residualCnn(DataType.FLOAT64, 3, 6);

    static Stream<Attribution<? super RuledModel>> methods() {
        IntegratedGradients few = new IntegratedGradients().steps(3);
        List<Attribution<? super RuledModel>> wrapped = List.of(
                few.at("relu1"),
                few.towards("relu1", Target.at(1, 2, 2)),
                new DeepLift().at("block.relu"),
                NoiseTunnel.smoothGrad(few).samples(3).stdev(0.1),
                NoiseTunnel.smoothGrad(few.at("relu1")).samples(3).stdev(0.1),
                NoiseTunnel.smoothGrad(few.towards("relu1", Target.at(1, 2, 2))).samples(3),
                NoiseTunnel.varGrad(
                                NoiseTunnel.smoothGradSquared(Saliency.signed()).samples(2))
                        .samples(3),
                Attribution.<RuledModel>at("relu1", NoiseTunnel.varGrad(few).samples(2)),
                NoiseTunnel.varGrad(new FeatureAblation()).samples(2),
                new GradCam("relu1", "block.relu").upsample(Tensor.Interpolation.NEAREST),
                new ScoreCam("relu1", "block.relu").upsample(Tensor.Interpolation.NEAREST),
                new LayerActivation("relu1", "block.relu", "pool1"));
        return Stream.concat(Methods.all().stream().map(MethodsTest::cheap), wrapped.stream());
    }

    @ParameterizedTest
    @MethodSource("methods")
    void progress_rises_to_the_whole(Attribution<? super RuledModel> method) {
        Target target = method.ownScore().isPresent() ? Target.output() : Target.argmax();
        for (int rows : new int[] {1, 3, 1000}) {
            List<Run.Progress> heard = new ArrayList<>();
            try (TensorScope scope = TensorScope.open()) {
                Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 2, 2, 6, 6));
                Run run = Run.defaults().batchRows(rows).progress(heard::add);
                try (Explanation why = method.attribute(MODEL, inputs, target, run)) {
                    assertRises(heard);
                    // Nothing of weight comes after the whole was told.
                    assertThat(2 * heard.get(heard.size() - 1).rowsDone())
                            .isGreaterThanOrEqualTo(why.counts().forwardRows());
                }
            }
        }
    }

    @Test
    void progress_rises_by_token() {
        RuledModel words = ReferenceModels.tokens(DataType.FLOAT64, 3, 4, 9, 2);
        List<Run.Progress> heard = new ArrayList<>();
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.none()
                    .attribute("tokens", Tensors.ofJava().of(new long[] {1, 2, 3, 4}, 1, 4))
                    .fixed("x", ReferenceModels.normal(DataType.FLOAT64, 1, 1, 2));
            TokenAttribution.of(new IntegratedGradients().steps(5))
                    .at("embedding")
                    .attribute(
                            words,
                            inputs,
                            Target.index(0),
                            Run.defaults().batchRows(1).progress(heard::add))
                    .close();
        }
        assertRises(heard);
    }

    @Test
    void progress_rises_over_the_layers_of_a_view() {
        List<Run.Progress> heard = new ArrayList<>();
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 2, 2, 6, 6));
            new LayerInspector("relu1", "block.relu", "pool1")
                    .inspect(
                            MODEL,
                            inputs,
                            Target.index(1),
                            Run.defaults().batchRows(1).progress(heard::add))
                    .close();
        }
        assertRises(heard);
        assertThat(heard).hasSize(6);
    }

    @Test
    void a_run_that_is_given_twice_starts_anew() {
        List<Run.Progress> heard = new ArrayList<>();
        Run run = Run.defaults().batchRows(1).progress(heard::add);
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 2, 2, 6, 6));
            for (int i = 0; i < 2; i++) {
                new Saliency().attribute(MODEL, inputs, Target.index(0), run).close();
            }
        }
        assertThat(heard).extracting(Run.Progress::fraction).containsExactly(0.5, 1.0, 0.5, 1.0);
    }

    /** One method, never back, the whole once and last, and of many reports none that brings more than half of it. */
    private static void assertRises(List<Run.Progress> heard) {
        assertThat(heard).isNotEmpty();
        assertThat(heard.stream().map(Run.Progress::method).distinct()).hasSize(1);
        double fraction = 0;
        long rows = 0;
        double jump = 0;
        for (Run.Progress progress : heard) {
            assertThat(progress.fraction()).isBetween(fraction, 1.0);
            assertThat(progress.rowsDone()).isGreaterThanOrEqualTo(rows);
            jump = Math.max(jump, progress.fraction() - fraction);
            fraction = progress.fraction();
            rows = progress.rowsDone();
        }
        Run.Progress last = heard.get(heard.size() - 1);
        assertThat(heard.stream().filter(progress -> progress.fraction() == 1)).containsExactly(last);
        if (heard.size() > 10) {
            assertThat(jump).isLessThanOrEqualTo(0.51);
        }
    }
}
