// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit;

import static io.github.attribution4j.testkit.ExplanationAssert.assertThat;
import static io.github.attribution4j.testkit.ExplanationAssert.random;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.metric.Concentration;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.metric.Sensitivity;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakExtension.class)
class ExplanationAssertTest {
    private static final DifferentiableModel MODEL = ReferenceModels.classifier(DataType.FLOAT64, 1, 6, 8, 3);
    private static final Target TARGET = Target.index(1);
    private static final IntegratedGradients METHOD = new IntegratedGradients();

    private static void fails(ThrowingCallable assertion, String... words) {
        assertThatThrownBy(assertion).isInstanceOf(AssertionError.class).hasMessageContainingAll(words);
    }

    private static Tensor rows() {
        return ReferenceModels.normal(DataType.FLOAT64, 2, 12, 6);
    }

    @Test
    void completeness_is_held_to_a_share_of_the_change() {
        try (TensorScope scope = TensorScope.open();
                Explanation exact = METHOD.attribute(MODEL, Inputs.of(rows()), TARGET);
                Explanation coarse = METHOD.steps(1)
                        .quadrature(Quadrature.RIEMANN_LEFT)
                        .attribute(MODEL, Inputs.of(rows()), TARGET);
                Explanation none = new Saliency().attribute(MODEL, Inputs.of(rows()), TARGET)) {
            assertThat(exact).isCompleteWithin(0.001);
            fails(
                    () -> assertThat(coarse).isCompleteWithin(0.001),
                    "the attributions of integrated-gradients miss the change of the score",
                    "limit",
                    "evaluate more steps");
            fails(() -> assertThat(none).isCompleteWithin(10), "saliency does not claim");
        }
    }

    @Test
    void an_explanation_must_be_better_than_chance() {
        try (TensorScope scope = TensorScope.open();
                Explanation good = METHOD.attribute(MODEL, Inputs.of(rows()), TARGET);
                Explanation chance = random().attribute(MODEL, Inputs.of(rows()), TARGET, Run.defaults())) {
            Inputs inputs = Inputs.of(rows());
            PerturbationCurve deletion = PerturbationCurve.deletion();
            assertThat(good)
                    .of(MODEL, inputs, TARGET)
                    .isMoreFaithfulThan(random(), deletion)
                    .isMoreFaithfulThan(random(), PerturbationCurve.insertion());
            fails(
                    () -> assertThat(chance).of(MODEL, inputs, TARGET).isMoreFaithfulThan(METHOD, deletion),
                    "deletion of random is",
                    "(lower is better)",
                    "over 12 examples");
            fails(
                    () -> assertThat(chance)
                            .of(MODEL, inputs, TARGET)
                            .with(Run.defaults())
                            .isMoreFaithfulThan(random(), deletion),
                    "better by 0.0");
        }
    }

    @Test
    void one_example_is_not_enough() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs one = Inputs.of(rows().rows(0, 1));
            try (Explanation explanation = METHOD.attribute(MODEL, one, TARGET)) {
                fails(
                        () -> assertThat(explanation)
                                .of(MODEL, one, TARGET)
                                .isMoreFaithfulThan(random(), PerturbationCurve.deletion()),
                        "one example cannot tell chance from skill");
            }
        }
    }

    @Test
    void limits_of_metrics_go_both_ways() {
        try (TensorScope scope = TensorScope.open();
                Explanation good = METHOD.attribute(MODEL, Inputs.of(rows()), TARGET)) {
            Inputs inputs = Inputs.of(rows());
            assertThat(good)
                    .of(MODEL, inputs, TARGET)
                    .scoresNoWorseThan(0.9, PerturbationCurve.deletion())
                    .scoresNoWorseThan(0.1, Concentration.sparseness());
            fails(
                    () -> assertThat(good)
                            .of(MODEL, inputs, TARGET)
                            .scoresNoWorseThan(0.01, PerturbationCurve.deletion()),
                    "deletion of integrated-gradients",
                    "limit 0.01 (lower is better)");
            fails(
                    () -> assertThat(good)
                            .of(MODEL, inputs, TARGET)
                            .scoresNoWorseThan(0.99, Concentration.sparseness()),
                    "limit 0.99 (higher is better)");
        }
    }

    @Test
    void robustness_is_asked_of_the_method() {
        try (TensorScope scope = TensorScope.open();
                Explanation good = METHOD.attribute(MODEL, Inputs.of(rows()), TARGET)) {
            Inputs inputs = Inputs.of(rows());
            assertThat(good).of(MODEL, inputs, TARGET).isRobustWithin(1, METHOD, Sensitivity.max());
            fails(
                    () -> assertThat(good).of(MODEL, inputs, TARGET).isRobustWithin(1e-4, METHOD, Sensitivity.max()),
                    "example 0: sensitivity-max of integrated-gradients is",
                    "limit 1.0E-4 (lower is better)",
                    "smoothGrad");
            fails(
                    () -> assertThat(good)
                            .of(MODEL, inputs, TARGET)
                            .isRobustWithin(1, new Saliency(), Sensitivity.max()),
                    "made by integrated-gradients, and not by saliency");
            fails(
                    () -> assertThat(good)
                            .of(MODEL, inputs, TARGET)
                            .isRobustWithin(1, METHOD, PerturbationCurve.deletion()),
                    "deletion judges single explanations");
        }
    }

    @Test
    void explanations_agree_by_the_ranks_of_their_features() {
        try (TensorScope scope = TensorScope.open();
                Explanation paths = METHOD.attribute(MODEL, Inputs.of(rows()), TARGET);
                Explanation shapley = new ShapleyValues().attribute(MODEL, Inputs.of(rows()), TARGET);
                Explanation chance = random().attribute(MODEL, Inputs.of(rows()), TARGET);
                Explanation fewer = new InputXGradient().attribute(MODEL, Inputs.of(rows().rows(0, 3)), TARGET)) {
            assertThat(paths).agreesWith(shapley, 0.5).agreesWith(paths, 1 - 1e-9);
            fails(
                    () -> assertThat(paths).agreesWith(chance, 0.5),
                    "the ranks of the features by integrated-gradients and by random have a correlation of",
                    "at least 0.5 is wanted");
            fails(() -> assertThat(paths).agreesWith(fewer, 0.5), "of 12 examples, and the other has 3");
        }
    }
}
