// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CompletenessNoticeTest {
    private static final Tensors JAVA = Tensors.ofJava();

    private static String told(double gap, double change, double... attributions) {
        try (TensorScope scope = TensorScope.open()) {
            return CompletenessNotice.of(
                    new double[] {gap},
                    new double[] {change},
                    List.of(JAVA.of(attributions, 1, attributions.length)),
                    Map.of(),
                    () -> List.of("a detached value at \"head/detach\""));
        }
    }

    @Test
    void a_gap_is_told_from_five_percent_of_the_change_on() {
        assertThat(told(0.049, 1, 0.5, 0.549)).isEmpty();
        assertThat(told(-0.049, -1, -0.5, -0.549)).isEmpty();
        assertThat(told(0.051, 1, 0.5, 0.551))
                .isEqualTo(
                        "the attributions of example 0 miss the change of its score, 1.000, by 0.05100, 5 %; gradients"
                                + " are lost, or are not those of what is computed, at: a detached value at"
                                + " \"head/detach\"; a method that perturbs sees through them");
        assertThat(told(-1, 1, 0, 0)).contains("by -1.000, 100 %");
    }

    @Test
    void beside_a_change_of_nearly_nothing_rounding_is_no_gap() {
        assertThat(told(1e-6, 0, 3, -3)).isEmpty();
        assertThat(told(1e-6, 1e-9, 3, -3)).isEmpty();
        assertThat(told(0, 0, 0, 0)).isEmpty();
        assertThat(told(0.5, 0, 3, -2.5))
                .contains("change of its score, 0.000, by 0.5000")
                .doesNotContain("%");
    }

    @Test
    void the_worst_example_and_the_number_of_others_are_named() {
        try (TensorScope scope = TensorScope.open()) {
            assertThat(CompletenessNotice.of(
                            new double[] {0.1, 0, -0.7},
                            new double[] {1, 1, 1},
                            List.of(JAVA.of(new double[] {1.1, 1, 0.3}, 3, 1)),
                            Map.of("steps", 20),
                            List::of))
                    .isEqualTo(
                            "the attributions of example 2 miss the change of its score, 1.000, by -0.7000, 70 % (more"
                                    + " than 5 % at 2 of 3 examples); no cause is known: more steps than the 20 here"
                                    + " close a gap of the sum");
        }
    }

    /** f(x) = round(x) + x: half of the change passes by the gradient. */
    @Test
    void integrated_gradients_of_a_rounding_say_so() {
        DifferentiableModel model = DifferentiableModel.of(
                Model.of(rows -> {
                    double[][] outputs = new double[rows.length][1];
                    for (int i = 0; i < rows.length; i++) {
                        outputs[i][0] = Math.rint(rows[i][0]) + rows[i][0];
                    }
                    return outputs;
                }),
                (inputs, cotangent) -> List.of(cotangent.mul(1)));
        try (TensorScope scope = TensorScope.open();
                Explanation why = new IntegratedGradients()
                        .attribute(model, Inputs.of(JAVA.of(new double[] {3}, 1, 1)), Target.index(0))) {
            assertThat(why.completenessGap()[0]).isEqualTo(-3);
            assertThat(why.notices()).anyMatch(notice -> notice.contains("6.000, by -3.000, 50 %"));
        }
    }

    @Test
    void a_sum_with_too_few_steps_says_so() {
        DifferentiableModel square = DifferentiableModel.of(
                Model.ofTensor("square", "1", x -> x.mul(x)),
                (inputs, cotangent) ->
                        List.of(cotangent.mul(inputs.attributed().get(0)).mul(2)));
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(JAVA.of(new double[] {3}, 1, 1));
            IntegratedGradients left = new IntegratedGradients().quadrature(Quadrature.RIEMANN_LEFT);
            try (Explanation few = left.steps(4).attribute(square, inputs, Target.index(0));
                    Explanation many = left.steps(400).attribute(square, inputs, Target.index(0))) {
                assertThat(few.notices()).anyMatch(notice -> notice.contains("more steps than the 4 here"));
                assertThat(many.notices()).isEmpty();
            }
        }
    }
}
