// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.DeepLiftShap;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.visual.Caption;
import io.github.attribution4j.visual.MapGrid;
import io.github.attribution4j.visual.Picture;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PropagationTest {
    private static TorchScriptModel digits;
    private static TorchScriptModel cancer;
    private Tensor image;
    private Tensor patients;
    private Tensor average;

    @BeforeAll
    static void load() {
        digits = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"));
        cancer = TorchScriptModel.load(Demo.FILES.resolve("breast-cancer.pt"));
    }

    @AfterAll
    static void close() {
        digits.close();
        cancer.close();
    }

    @BeforeEach
    void read() throws IOException {
        image = Demo.digit(3, digits.tensors());
        patients = Demo.table("patients.csv", cancer.tensors());
        average = Demo.table("patient-baseline.csv", cancer.tensors());
    }

    @AfterEach
    void free() {
        image.close();
        patients.close();
        average.close();
    }

    private static void shaped(Explanation why, long... dims) {
        try (why) {
            assertThat(why.attribution().shape()).isEqualTo(Shape.of(dims));
            assertThat(why.attribution().isFinite()).isTrue();
            assertThat(why.attribution().abs().toFloatArray())
                    .isNotEqualTo(new float[(int) Shape.of(dims).size()]);
        }
    }

    @Test
    void guidedBackprop() {
        // tag::guided-backprop
        GuidedBackprop method = new GuidedBackprop();
        Explanation why = method.attribute(digits, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        Explanation unit = method.towards("relu2", Target.at(5, 3, 3))
                .attribute(digits, Inputs.of(image)); // what excites one unit
        // end::guided-backprop
        unit.close();
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void deconvolution() {
        // tag::deconvolution
        GuidedBackprop method = GuidedBackprop.deconvolution();
        Explanation why = method.attribute(digits, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::deconvolution
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void guidedGradCam() {
        // tag::guided-grad-cam
        GuidedGradCam method = new GuidedGradCam("relu2").interpolation(Tensor.Interpolation.BILINEAR);
        Explanation why = method.attribute(digits, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::guided-grad-cam
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void deepLift() {
        // tag::deep-lift
        DeepLift method = new DeepLift().baseline(Baseline.of(average));
        Explanation why = method.attribute(cancer, Inputs.of(patients), Target.index(0));
        double[] gaps = why.completenessGap(); // one for each patient: rounding
        Explanation inside = method.at("fc2").attribute(cancer, Inputs.of(patients), Target.index(0));
        // end::deep-lift
        try (why;
                inside) {
            assertThat(gaps).hasSize(5).containsExactly(new double[5], within(1e-4));
            assertThat(inside.attribution().isFinite()).isTrue();
        }
    }

    @Test
    void deepLiftShap() {
        // tag::deep-lift-shap
        DeepLiftShap method = new DeepLiftShap(Baseline.samples(patients)); // every patient, compared with all
        Explanation why = method.attribute(cancer, Inputs.of(patients), Target.index(0));
        // end::deep-lift-shap
        try (why) {
            assertThat(why.completenessGap()).hasSize(5).containsExactly(new double[5], within(1e-4));
        }
    }

    @Test
    void lrp() {
        // tag::lrp
        Lrp method = new Lrp(Composites.epsilonGammaBox(0, 1)); // pixels lie between 0 and 1
        Explanation why = method.attribute(digits, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        double lost = why.completenessGap()[0]; // sum of relevance - score: what biases and stabilizers took
        // end::lrp
        assertThat(lost).isFinite();
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void ownRules() {
        // tag::own-rules
        RuleSet rules = RuleSet.of(Operation.Selector.first(Operation.Kind.WEIGHTED), Rules.zBox(0, 1))
                .rule(Operation.Selector.module("conv2"), Rules.alphaBeta(2, 1))
                .rule(Operation.Selector.kind(Operation.Kind.WEIGHTED), Rules.epsilon(0.01))
                .rule(Operation.Selector.kind(Operation.Kind.ACTIVATION, Operation.Kind.MAX_POOLING), Rules.pass())
                .rule(Operation.Selector.kind(Operation.Kind.AVERAGE_POOLING, Operation.Kind.LINEAR), Rules.norm());
        RuleSet changed = Composites.epsilonPlus()
                .override(Operation.Selector.module("fc"), Rules.epsilon(0.25)); // wins over what stands there
        Explanation why = new Lrp(rules).attribute(digits, Inputs.of(image), Target.index(3));
        // end::own-rules
        new Lrp(changed).attribute(digits, Inputs.of(image), Target.index(3)).close();
        shaped(why, 1, 1, 8, 8);
    }

    @Test
    void operations() {
        // tag::operations
        List<Operation> operations = digits.operations();
        Operation first = operations.get(0); // conv1/conv2d#0 (WEIGHTED)
        // end::operations
        assertThat(first.kind()).isEqualTo(Operation.Kind.WEIGHTED);
        assertThat(operations.stream().filter(one -> one.kind() == Operation.Kind.WEIGHTED))
                .hasSize(4);
    }

    @Test
    void compare() throws IOException {
        // tag::compare
        Map<String, Attribution<? super RuledModel>> methods = new LinkedHashMap<>();
        methods.put("epsilon", new Lrp(Composites.epsilon(1e-6)));
        methods.put("epsilon-plus", new Lrp(Composites.epsilonPlus()));
        methods.put("epsilon-plus-flat", new Lrp(Composites.epsilonPlusFlat()));
        methods.put("epsilon-alpha2-beta1", new Lrp(Composites.epsilonAlpha2Beta1()));
        methods.put("epsilon-alpha2-beta1-flat", new Lrp(Composites.epsilonAlpha2Beta1Flat()));
        methods.put("epsilon-gamma-box", new Lrp(Composites.epsilonGammaBox(0, 1)));
        methods.put("deep-lift", new DeepLift());
        methods.put("guided-backprop", new GuidedBackprop());
        methods.put("deconvolution", GuidedBackprop.deconvolution());
        MapGrid grid = MapGrid.empty().scaling(MapGrid.Scaling.OWN).columns(5).cellSize(150);
        grid = grid.add("input", image.toDoubleArray(), 8, 8);
        for (String name : methods.keySet()) {
            try (Explanation why = methods.get(name).attribute(digits, Inputs.of(image), Target.index(3))) {
                grid = grid.add(name, why.attribution().toDoubleArray(), 8, 8);
            }
        }
        Picture picture = grid.caption(Caption.of("Why is this a 3?")).picture();
        // end::compare
        Demo.assertShown(picture, "rules-and-composites.png");
        assertThat(List.copyOf(methods.keySet())).hasSize(9);
    }
}
