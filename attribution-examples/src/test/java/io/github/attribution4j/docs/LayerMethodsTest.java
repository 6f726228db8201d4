// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.GradientXActivation;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.InternalInfluence;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.NeuronConductance;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Methods that follow the inputs into a layer. */
class LayerMethodsTest {
    private static final Shape LAYER = Shape.of(1, 32, 4, 4);
    private static TorchScriptModel model;
    private TensorScope scope;
    private Tensor image;
    private Tensor references;

    @BeforeAll
    static void load() {
        model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @BeforeEach
    void read() throws IOException {
        scope = TensorScope.open();
        image = Demo.digit(3, model.tensors());
        references = model.tensors().concat(List.of(image.mul(0), image.mul(0.2), image.mul(0.4)), 0);
    }

    @AfterEach
    void free() {
        scope.close();
    }

    @Test
    void activation() {
        // tag::layer-activation
        Explanation values = new LayerActivation("conv1", "relu3").attribute(model, Inputs.of(image));
        Tensor relu3 = values.attributions().get(1); // shape (1, 32, 4, 4)
        // end::layer-activation
        try (values) {
            assertThat(relu3.shape()).isEqualTo(LAYER);
        }
    }

    @Test
    void gradientXActivation() {
        // tag::gradient-x-activation
        GradientXActivation method = new GradientXActivation("relu3");
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 32, 4, 4)
        // end::gradient-x-activation
        try (why) {
            assertThat(why.attribution().shape()).isEqualTo(LAYER);
        }
    }

    @Test
    void internalInfluence() {
        // tag::internal-influence
        InternalInfluence method = new InternalInfluence("relu3").baseline(Baseline.zeros());
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 32, 4, 4)
        // end::internal-influence
        try (why) {
            assertThat(why.attribution().shape()).isEqualTo(LAYER);
        }
    }

    @Test
    void conductance() {
        // tag::conductance
        Conductance method = new Conductance("relu3").steps(100);
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 32, 4, 4)
        double[] gap = why.completenessGap(); // nothing bypasses relu3
        // end::conductance
        try (why) {
            assertThat(gap[0]).isCloseTo(0, within(0.05));
        }
    }

    @Test
    void bypass() {
        // tag::bypass
        Conductance published = new Conductance("relu3"); // Path.Bypass.FOLLOW
        Conductance ofTheTail = new Conductance("relu3").bypass(Path.Bypass.STAY);
        // end::bypass
        try (Explanation first = published.attribute(model, Inputs.of(image), Target.index(3));
                Explanation second = ofTheTail.attribute(model, Inputs.of(image), Target.index(3))) {
            assertThat(first.attribution().toDoubleArray())
                    .containsExactly(second.attribution().toDoubleArray(), within(1e-4));
        }
    }

    @Test
    void captum() {
        // tag::captum-conductance
        Conductance captum = new Conductance("relu3").captum(Quadrature.GAUSS_LEGENDRE);
        // end::captum-conductance
        assertThat(captum.settings()).containsEntry("rule", "captum-gauss-legendre");
    }

    @Test
    void neuronConductance() {
        // tag::neuron-conductance
        NeuronConductance method = new NeuronConductance("relu3", Target.slice("17")); // channel 17, all positions
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::neuron-conductance
        try (why) {
            assertThat(why.attribution().shape()).isEqualTo(image.shape());
        }
    }

    @Test
    void gradientShap() {
        // tag::layer-gradient-shap
        Attribution<LayeredModel> method = new GradientShap()
                .baseline(Baseline.samples(references))
                .samples(20)
                .ofLayer("relu3");
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3)); // shape (1, 32, 4, 4)
        // end::layer-gradient-shap
        try (why) {
            assertThat(why.standardError().shape()).isEqualTo(LAYER);
        }
    }

    @Test
    void addresses() {
        // tag::addresses
        Attribution<LayeredModel> output = new Saliency().at("conv2"); // what the module gives
        Attribution<LayeredModel> input = new Saliency().at("conv2:in"); // what it is given
        // end::addresses
        for (Attribution<LayeredModel> method : List.of(output, input)) {
            method.attribute(model, Inputs.of(image), Target.index(3)).close();
        }
    }

    @Test
    void units() {
        // tag::units
        Target one = Target.at(17, 2, 2); // channel, row, column
        Target channel = Target.slice("17"); // axes that are not named are taken whole, and all is summed
        Target window = Target.slice("17, 0:2, :"); // as NumPy selects
        Target typed = Target.slice(Target.Slice.at(17), Target.Slice.range(0, 2), Target.Slice.all());
        Target energy = Target.of(
                "half the sum of squares",
                layer -> layer.mul(layer)
                        .mul(0.5)
                        .reshape(layer.shape().dim(0), 512)
                        .sum(1), // for each row
                layer -> layer); // its derivative
        Explanation why = new IntegratedGradients().towards("relu3", channel).attribute(model, Inputs.of(image));
        // end::units
        why.close();
        assertThat(typed).isEqualTo(window);
        for (Target unit : List.of(one, energy)) {
            Saliency.signed()
                    .towards("relu3", unit)
                    .attribute(model, Inputs.of(image))
                    .close();
        }
    }
}
