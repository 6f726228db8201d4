// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.internal.numeric.Noise;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.Lime;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Noise tunnels around methods other than gradients, and what they pass on. */
@ExtendWith(LeakExtension.class)
class NoiseTunnelTest {
    /** Score Σ rows[r][i]²; its ablation with baseline 0 is x². */
    private final Model squares = Model.of(rows -> Arrays.stream(rows)
            .map(row -> new double[] {Arrays.stream(row).map(v -> v * v).sum()})
            .toArray(double[][]::new));

    private static Inputs table() {
        return Inputs.of(Tensors.ofJava().of(new double[] {1, -2, 3, 0.5, 0, -1}, 2, 3));
    }

    @Test
    void perturbationMethods_areSmoothedToo() {
        Run run = Run.defaults().seed(5);
        NoiseTunnel<Model> method =
                NoiseTunnel.smoothGrad(new FeatureAblation()).samples(4).stdev(0.3);
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = method.attribute(squares, table(), Target.output(), run)) {
            double[] expected = new double[6];
            for (int e = 0; e < 2; e++) {
                for (int s = 0; s < 4; s++) {
                    Tensor x = table().tensor(0).rows(e, e + 1);
                    double[] noisy = Noise.of(0.3)
                            .addTo(x, 0, new long[] {e}, new long[] {s}, run)
                            .toDoubleArray();
                    for (int i = 0; i < 3; i++) {
                        expected[e * 3 + i] += noisy[i] * noisy[i] / 4;
                    }
                }
            }
            assertThat(explanation.attribution().toDoubleArray()).containsExactly(expected, within(1e-12));
            assertThat(explanation.scores()).containsExactly(new double[] {14, 1.25}, within(1e-12));
            assertThat(explanation.hasCompletenessGap()).isFalse();
        }
    }

    @Test
    void measures_areMeansOverCopies() {
        Model linear = Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {3 + row[0] - 2 * row[1]})
                .toArray(double[][]::new));
        Lime lime = new Lime().samples(40).fit(Lime.Fit.LEAST_SQUARES);
        for (NoiseTunnel<Model> tunnel :
                List.of(NoiseTunnel.smoothGrad(lime), NoiseTunnel.varGrad(lime), NoiseTunnel.smoothGradSquared(lime))) {
            try (TensorScope scope = TensorScope.open();
                    Explanation explanation = tunnel.attribute(
                            linear, Inputs.of(Tensors.ofJava().of(new double[] {1, 2, -1, 4}, 2, 2)))) {
                assertThat(explanation.measures().get("intercept")).containsExactly(new double[] {3, 3}, within(1e-9));
                assertThat(explanation.measures().get("r-squared")).containsExactly(new double[] {1, 1}, within(1e-9));
            }
        }
    }

    @Test
    void eachCopy_drawsAnew() {
        // Without noise all copies are alike, so what varies are the permutations drawn.
        Model product = Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {row[0] * row[1] * row[2]})
                .toArray(double[][]::new));
        NoiseTunnel<Model> method = NoiseTunnel.varGrad(new ShapleySampling().samples(2))
                .samples(30)
                .stdev(0);
        try (TensorScope scope = TensorScope.open();
                Explanation explanation = method.attribute(
                        product, Inputs.of(Tensors.ofJava().of(new double[] {1, 2, 3}, 1, 3)), Target.output())) {
            assertThat(explanation.attribution().toDoubleArray()[0]).isGreaterThan(0.1);
        }
    }

    @Test
    void methodsThatCompareExamples_refuseCopies() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = table();
            assertThatThrownBy(() ->
                            NoiseTunnel.smoothGrad(new FeaturePermutation()).attribute(squares, inputs))
                    .isInstanceOf(InvalidRequestException.class);
        }
    }

    @Test
    void argmax_isDecidedWithoutNoise() {
        try (TensorScope scope = TensorScope.open()) {
            ReferenceModel model = ReferenceModels.linear(DataType.FLOAT64, 3, 4, 3);
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 2, 4));
            // A linear model: the gradient is the chosen class's row of weights, whatever the noise.
            try (Explanation smooth = NoiseTunnel.smoothGrad(Saliency.signed())
                            .stdev(50)
                            .attribute(model, inputs, Target.argmax());
                    Explanation plain = Saliency.signed().attribute(model, inputs, Target.argmax())) {
                assertThat(smooth.attribution().toDoubleArray())
                        .containsExactly(plain.attribution().toDoubleArray(), within(1e-12));
                assertThat(smooth.provenance().target())
                        .isEqualTo(plain.provenance().target());
            }
        }
    }

    @Test
    void noiseOfEachInput_isItsOwn_andFixedInputsGetNone() {
        List<double[]> seen = new ArrayList<>();
        Model recorder = Model.ofTensors(Tensors.ofJava(), tensors -> {
            seen.add(tensors.get(2).toDoubleArray());
            return tensors.get(0)
                    .sum(1)
                    .add(tensors.get(1).sum(1))
                    .add(tensors.get(2).sum(1));
        });
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.none()
                    .attribute("a", Tensors.ofJava().of(new double[] {1, 2}, 1, 2))
                    .attribute("b", Tensors.ofJava().of(new double[] {3, 4}, 1, 2))
                    .fixed("c", Tensors.ofJava().of(new double[] {5, 6}, 1, 2));
            NoiseTunnel<Model> method =
                    NoiseTunnel.varGrad(new FeatureAblation()).samples(400).stdev(0, 2);
            try (Explanation explanation = method.attribute(recorder, inputs)) {
                assertThat(explanation.attributions().get(0).toDoubleArray())
                        .containsExactly(new double[] {0, 0}, within(1e-28));
                assertThat(explanation.attributions().get(1).toDoubleArray())
                        .containsExactly(new double[] {4, 4}, within(1.2));
            }
        }
        assertThat(seen)
                .isNotEmpty()
                .allSatisfy(values -> assertThat(Arrays.stream(values)).allMatch(value -> value == 5 || value == 6));
    }

    @Test
    void settings_holdThoseOfTheMethod() {
        assertThat(NoiseTunnel.smoothGrad(new IntegratedGradients().steps(9))
                        .samples(20)
                        .stdev(0.1, 0.2)
                        .settings()
                        .toString())
                .isEqualTo(
                        "{samples=20, budget=samples, stdev=[0.1, 0.2], method=integrated-gradients, method.steps=9, "
                                + "method.quadrature=gauss-legendre, method.spacing=even, method.tolerance=0.0, "
                                + "method.baseline=0.0, method.multiply-by-inputs=true}");
        assertThat(NoiseTunnel.smoothGradSquared(new Saliency()).name()).isEqualTo("smooth-grad-squared");
        assertThat(NoiseTunnel.varGrad(new Saliency()).settings().toString())
                .isEqualTo("{samples=5, budget=samples, stdev=1.0, method=saliency, method.absolute=true}");
    }

    @Test
    void progressAndDeadline_areShared() {
        try (TensorScope scope = TensorScope.open()) {
            List<Run.Progress> events = new ArrayList<>();
            NoiseTunnel.smoothGrad(new FeatureAblation())
                    .attribute(squares, table(), Target.output(), Run.defaults().progress(events::add))
                    .close();
            assertThat(events).extracting(Run.Progress::method).containsOnly("smooth-grad");
            long last = 0;
            for (Run.Progress event : events) {
                assertThat(event.elapsedNanos()).as("one clock").isGreaterThanOrEqualTo(last);
                last = event.elapsedNanos();
            }
        }
    }
}
