// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests that make no sense, and what their messages say. */
class RefusalsTest {
    private final TensorScope scope = TensorScope.open();
    private final ReferenceModel model = ReferenceModels.mlp(DataType.FLOAT32, 3, Activation.TANH, 4, 8, 3);
    private final Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 1, 2, 4));

    @AfterEach
    void close() {
        scope.close();
    }

    private void refused(Attribution<? super LayeredModel> method, String... messages) {
        refused(method, inputs, messages);
    }

    private void refused(Attribution<? super LayeredModel> method, Inputs explained, String... messages) {
        assertThatThrownBy(() -> method.attribute(model, explained, Target.index(0)))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        failure -> assertThat(failure.problems()).containsExactly(messages));
    }

    /** The unit is what is explained. */
    @Test
    void aTargetThatWouldNotBeUsed() {
        String message =
                "target index 0: is not used, since the unit of layer 'fc1' is what is explained; leave the target out";
        refused(new Saliency().towards("fc1", Target.index(5)), message);
        refused(new FeatureAblation().towards("fc1", Target.index(5)), message);
        assertThatThrownBy(() ->
                        new GuidedBackprop().towards("fc1", Target.index(5)).attribute(model, inputs, Target.index(0)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(message);
        assertThatThrownBy(() ->
                        new Saliency().towards("fc1", Target.slice()).attribute(model, inputs, Target.index(9999)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("target index 9999: is not used");
        String values =
                "target index 0: is not used, since layer-activation shows a layer's values, whatever is made of"
                        + " them; leave the target out";
        refused(new LayerActivation("fc1"), values);
        refused(NoiseTunnel.smoothGrad(new LayerActivation("fc1")), values);
        refused(NoiseTunnel.varGrad(new Saliency().towards("fc1", Target.index(5))), message);
        try (Explanation why =
                NoiseTunnel.smoothGrad(new LayerActivation("fc1")).stdev(0).attribute(model, inputs)) {
            assertThat(why.attribution().toDoubleArray())
                    .containsExactly(model.cut("fc1").head().forward(inputs).toDoubleArray(), within(1e-6));
        }
        try (Explanation why = new Saliency().towards("fc1", Target.index(5)).attribute(model, inputs)) {
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(2, 4));
        }
    }

    @Test
    void integratedGradients() {
        refused(new IntegratedGradients().steps(0), "steps 0: must be at least 1 with quadrature gauss-legendre");
        refused(
                new IntegratedGradients().steps(1).quadrature(Quadrature.CAPTUM_TRAPEZOID),
                "steps 1: must be at least 2 with quadrature captum-trapezoid");
        refused(
                new IntegratedGradients().steps(-3).baseline(Baseline.uniform(0, 1)),
                "steps -3: must be at least 1 with quadrature gauss-legendre",
                "baseline uniform(0.0, 1.0) is a distribution, and integrated-gradients starts from one reference for"
                        + " each example; give Baseline.mean(...) of the samples, or use GradientShap, which averages"
                        + " over the distribution");
        refused(
                new IntegratedGradients().baseline(Baseline.of(ReferenceModels.normal(DataType.FLOAT32, 1, 1, 5))),
                "baseline for input 'input0' has shape (1, 5) and the input has shape (2, 4); all axes but the first"
                        + " must be equal");
        refused(
                new IntegratedGradients().baseline(Baseline.of(ReferenceModels.normal(DataType.FLOAT32, 1, 3, 4))),
                "baseline for input 'input0' has 3 rows for 2 examples; give one row for all or one for each, or "
                        + "Baseline.samples(...) for a set");
        refused(
                new IntegratedGradients().baseline(Baseline.zeros().throughHead()),
                "baseline 0.0 through head is lifted through the head of a cut, but the method is not applied at a"
                        + " layer; use it with method.at(layer), or give the baseline without throughHead()");
    }

    @Test
    void gradientShap() {
        refused(
                new GradientShap().samples(0).stdev(-1),
                "samples 0: must be at least 1",
                "stdev -1.0: a standard deviation must be finite and 0 or more");
        refused(
                new GradientShap().stdev(1, 2),
                "stdev [1.0, 2.0]: 2 values for 1 attributed inputs; give one for all, or one for each");
        refused(
                new GradientShap().baseline(Baseline.samples(ReferenceModels.normal(DataType.FLOAT32, 1, 6, 3))),
                "baseline for input 'input0' has shape (6, 3) and the input has shape (2, 4); all axes but the first"
                        + " must be equal");
    }

    @Test
    void noiseTunnel() {
        NoiseTunnel<DifferentiableModel> tunnel = NoiseTunnel.smoothGrad(new Saliency());
        refused(tunnel.samples(0), "samples 0: must be at least 1");
        refused(
                tunnel.stdev(Double.POSITIVE_INFINITY),
                "stdev Infinity: a standard deviation must be finite and 0 or more");
        refused(tunnel.stdev(), "stdev []: 0 values for 1 attributed inputs; give one for all, or one for each");
    }

    @Test
    void integerInputs() {
        Inputs tokens = Inputs.none().attribute("tokens", Tensors.ofJava().of(new long[] {1, 2, 3, 4}, 1, 4));
        String remedy = "input 'tokens' is of type int64, which has no gradient; attribute by token, at the vectors"
                + " that the model looks up for it (TokenAttribution.of(method)), at a layer"
                + " (method.at(\"embedding\")), by a perturbation method, or pass it with fixed(...)";

        refused(new Saliency(), tokens, remedy);
        refused(new InputXGradient(), tokens, remedy);
        refused(
                new IntegratedGradients().steps(0),
                tokens,
                remedy,
                "steps 0: must be at least 1 with " + "quadrature gauss-legendre");
        refused(
                NoiseTunnel.smoothGrad(new Saliency()),
                tokens,
                "input 'tokens' is of type int64, to which noise cannot be added; apply the method at the layer that"
                        + " embeds it, with Attribution.at(layer, method), or pass it with fixed(...)");
    }

    @Test
    void integerInputs_canBeExplainedWhereTheyAreEmbedded() {
        ReferenceModel words = ReferenceModels.tokens(DataType.FLOAT32, 3, 4, 9, 2);
        Inputs question = Inputs.none()
                .attribute("tokens", Tensors.ofJava().of(new long[] {1, 2, 3, 8}, 1, 4))
                .fixed("x", ReferenceModels.normal(DataType.FLOAT32, 1, 1, 2));
        Attribution<LayeredModel> noisy =
                Attribution.at("embedding", NoiseTunnel.smoothGrad(new IntegratedGradients()));

        for (Attribution<LayeredModel> method : List.of(new IntegratedGradients().at("embedding"), noisy)) {
            try (Explanation explanation = method.attribute(words, question, Target.index(1))) {
                assertThat(explanation.attribution().shape().dims()).containsExactly(1, 4, 3);
                assertThat(explanation.names()).containsExactly("embedding");
            }
        }
    }
}
