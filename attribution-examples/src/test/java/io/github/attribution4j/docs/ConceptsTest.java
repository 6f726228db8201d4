// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConceptsTest {
    private static TorchScriptModel model;
    private Tensor image;

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
        image = Demo.digit(3, model.tensors());
    }

    @AfterEach
    void free() {
        image.close();
    }

    @Test
    void methodsAreValues() {
        // tag::method
        IntegratedGradients method = new IntegratedGradients().steps(20);
        Explanation why = method.attribute(model, Inputs.of(image), Target.index(3));
        Explanation whyNot = method.attribute(model, Inputs.of(image), Target.index(8));
        // end::method
        try (why;
                whyNot) {
            assertThat(why.attribution().toFloatArray())
                    .isNotEqualTo(whyNot.attribution().toFloatArray());
        }
    }

    @Test
    void capabilities() {
        // tag::capability
        Model anything = Model.of(rows -> new double[rows.length][1]);
        Attribution<Model> forwardOnly = new FeatureAblation(); // runs on any of them
        Attribution<DifferentiableModel> gradients = new IntegratedGradients(); // does not compile with `anything`
        Attribution<LayeredModel> inside = new IntegratedGradients().at("relu3"); // needs a model that can be cut
        // end::capability
        assertThat(anything.identity().name()).isNotEmpty();
        assertThat(List.of(forwardOnly.name(), gradients.name(), inside.name())).doesNotHaveDuplicates();
    }

    @Test
    void pullbacks() {
        // tag::pullback
        try (TensorScope scope = TensorScope.open();
                Pullback run = model.pullback(Inputs.of(image))) {
            Tensor logits = run.output(); // shape (1, 10)
            Tensor cotangent = Target.index(3).cotangent(logits, new long[] {0}); // one at class 3, zero elsewhere
            Tensor gradient = run.vjp(cotangent).get(0); // shape (1, 1, 8, 8)
            assertThat(gradient.shape()).isEqualTo(image.shape()); // hidden
            assertThat(scope.owns(gradient)).isTrue(); // hidden
        }
        // end::pullback
    }

    @Test
    void cuts() {
        // tag::cut
        try (TensorScope scope = TensorScope.open()) {
            Cut cut = model.cut("relu3");
            Inputs inputs = Inputs.of(image);
            Tensor activation = cut.head().forward(inputs); // shape (1, 32, 4, 4)
            Tensor output = cut.tail().forward(cut.tailInputs(inputs, activation)); // what model.forward(inputs) gives
            assertThat(output.toFloatArray()).isEqualTo(model.forward(inputs).toFloatArray()); // hidden
            assertThat(scope.owns(output)).isTrue(); // hidden
        }
        // end::cut
    }

    @Test
    void paths() {
        // tag::path
        try (TensorScope scope = TensorScope.open()) {
            Tensor zeros = image.mul(0);
            Path path = Path.straight(List.of(zeros), List.of(image));
            Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule(20);
            List<Tensor> points = path.at(0, 1, rule.nodes()); // 20 images between black and the digit
            assertThat(points.get(0).shape().dim(0)).isEqualTo(20); // hidden
            assertThat(scope.owns(zeros)).isTrue(); // hidden
        }
        // end::path
    }

    @Test
    void baselinesAreOfOneSpace() {
        // tag::baseline
        IntegratedGradients zeroActivation = new IntegratedGradients();
        IntegratedGradients zeroImage =
                new IntegratedGradients().baseline(Baseline.zeros().throughHead());
        Explanation first = zeroActivation.at("relu3").attribute(model, Inputs.of(image), Target.index(3));
        Explanation second = zeroImage.at("relu3").attribute(model, Inputs.of(image), Target.index(3));
        // end::baseline
        try (first;
                second) {
            assertThat(first.attribution().toFloatArray())
                    .isNotEqualTo(second.attribution().toFloatArray());
        }
    }

    @Test
    void oneRunner() {
        List<Double> seen = new ArrayList<>();
        // tag::run
        Run run = Run.defaults()
                .seed(7)
                .memoryBudget(512L << 20)
                .deadline(Duration.ofSeconds(20))
                .progress(progress -> seen.add(progress.fraction()));
        Explanation why = new FeatureAblation().attribute(model, Inputs.of(image), Target.index(3), run);
        // end::run
        try (why) {
            assertThat(seen).isSorted().endsWith(1.0);
            assertThat(why.counts().forwardRows()).isEqualTo(65);
        }
    }

    @Test
    void proof() {
        // tag::proof
        try (Explanation why = new IntegratedGradients().attribute(model, Inputs.of(image), Target.argmax())) {
            double score = why.scores()[0];
            double missing = why.completenessGap()[0];
            long forward = why.counts().forwardRows();
            String digest = why.provenance().model().digest();
            String target = why.provenance().target(); // argmax, decided: the class it found
            Explanation copy = Explanation.fromJson(why.toJson()); // every bit of it
            assertThat(score).isPositive(); // hidden
            assertThat(Math.abs(missing)).isLessThan(0.1); // hidden
            assertThat(forward).isEqualTo(52); // hidden
            assertThat(digest).hasSize(64); // hidden
            assertThat(target).contains("3"); // hidden
            assertThat(copy.attribution().toFloatArray())
                    .isEqualTo(why.attribution().toFloatArray()); // hidden
            copy.close(); // hidden
        }
        // end::proof
    }

    @Test
    void refusals() {
        // tag::refusal
        try {
            new IntegratedGradients()
                    .attribute(model, Inputs.of(image), Target.index(12))
                    .close();
            throw new AssertionError("not refused"); // hidden
        } catch (InvalidRequestException e) {
            List<String> all = e.problems(); // everything that is wrong, each with value, rule and remedy
            assertThat(all).hasSize(1); // hidden
            assertThat(all.get(0)).contains("12 lies outside 0 to 9"); // hidden
        }
        // end::refusal
        assertThatThrownBy(() -> model.cut("relu33")).hasMessageContaining("relu3");
    }
}
