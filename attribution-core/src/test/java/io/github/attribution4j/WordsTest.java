// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.EigenCam;
import io.github.attribution4j.cam.FullGrad;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a user holds says what it is when it is printed. */
class WordsTest {
    static Stream<Object> held() {
        return Stream.of(
                new Saliency(),
                new IntegratedGradients(),
                new GradientShap(Baseline.zeros()),
                new Conductance("fc1"),
                new GradCam("conv"),
                new EigenCam("conv"),
                new FullGrad(),
                new DeepLift(),
                new Lrp(),
                new Occlusion(2),
                new KernelShap(),
                NoiseTunnel.smoothGrad(new Saliency()),
                new Saliency().at("fc1"),
                new Saliency().towards("fc1", Target.index(2)),
                Target.index(3),
                Target.at(1, 2),
                Target.output(),
                Target.argmax(),
                Target.probability(1),
                Target.sigmoid(Target.output()),
                Target.detection(Target.BoxLayout.CORNERS, 4, new double[] {0, 0, 1, 1}, 0.5),
                Baseline.zeros(),
                Baseline.constant(1),
                new Cancellation(),
                Run.defaults().seed(7));
    }

    @ParameterizedTest
    @MethodSource("held")
    void nothingIsPrintedAsAnAddress(Object one) {
        assertThat(one.toString())
                .doesNotContain("@")
                .doesNotContain("INSTANCE")
                .isNotBlank();
    }

    @Test
    void methodsSayTheirNameAndSettings() {
        assertThat(new FullGrad()).hasToString("full-grad " + new FullGrad().settings());
        assertThat(new IntegratedGradients().steps(7).toString())
                .startsWith("integrated-gradients {")
                .contains("steps=7");
        assertThat(Target.index(3)).hasToString("index 3");
        assertThat(Run.defaults().seed(7).toString()).startsWith("Run[seed 7, ");
    }

    @Test
    void explanationsSayWhatTheyExplain() {
        try (TensorScope scope = TensorScope.open();
                Explanation why = new Saliency()
                        .attribute(
                                ReferenceModels.mlp(DataType.FLOAT32, 3, Activation.TANH, 4, 3),
                                Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 1, 2, 4)),
                                Target.index(1))) {
            assertThat(why).hasToString("Explanation[saliency, target index 1, 2 examples, attributions of input0]");
            assertThat(List.of(why).toString()).doesNotContain("@");
        }
    }
}
