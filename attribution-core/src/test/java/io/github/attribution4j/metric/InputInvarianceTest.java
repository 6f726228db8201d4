// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InputInvarianceTest {
    private static final ReferenceModel MODEL = ReferenceModels.cnn(DataType.FLOAT64, 4, Activation.TANH, 1, 6);
    private static final Target TARGET = Target.index(2);

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor rows() {
        return ReferenceModels.normal(DataType.FLOAT64, 2, 3, 1, 6, 6);
    }

    private static double[] score(Attribution<? super DifferentiableModel> method) {
        return new InputInvariance()
                .judge(MODEL, Inputs.of(rows()), TARGET, method, Run.defaults())
                .scores();
    }

    @Test
    void gradients_are_invariant_and_methods_with_a_fixed_reference_are_not() {
        assertThat(Arrays.stream(score(new Saliency()))).allMatch(score -> score < 1e-12);
        assertThat(Arrays.stream(score(new InputXGradient()))).allMatch(score -> score > 0.05);
        assertThat(Arrays.stream(score(new IntegratedGradients()))).allMatch(score -> score > 0.05);
        // A blurred copy follows the inputs.
        assertThat(Arrays.stream(score(new IntegratedGradients().baseline(Baseline.blurred(2)))))
                .allMatch(score -> score < 1e-12);
    }

    @Test
    void the_score_of_input_times_gradient_is_that_of_the_formula() {
        double[] gradients = explained(Saliency.signed());
        double[] attributions = explained(new InputXGradient());
        double[] judged = new InputInvariance()
                .shift(2.5)
                .judge(MODEL, Inputs.of(rows()), TARGET, new InputXGradient(), Run.defaults())
                .scores();
        for (int example = 0; example < 3; example++) {
            double change = 0;
            double size = 0;
            for (int i = 36 * example; i < 36 * (example + 1); i++) {
                change += Math.pow(2.5 * gradients[i], 2);
                size += Math.pow(attributions[i], 2);
            }
            assertThat(judged[example]).isCloseTo(Math.sqrt(change / size), within(1e-9));
        }
    }

    private static double[] explained(Attribution<? super DifferentiableModel> method) {
        try (Explanation explanation = narrow(method).attribute(MODEL, Inputs.of(rows()), TARGET)) {
            return explanation.attribution().toDoubleArray();
        }
    }

    @SuppressWarnings("unchecked")
    private static Attribution<DifferentiableModel> narrow(Attribution<? super DifferentiableModel> method) {
        return (Attribution<DifferentiableModel>) method;
    }

    @Test
    void a_model_that_only_runs_forward_can_be_shifted() {
        Model forward = Model.of(rows -> {
            double[][] scores = new double[rows.length][1];
            for (int r = 0; r < rows.length; r++) {
                scores[r][0] = rows[r][0] * rows[r][1];
            }
            return scores;
        });
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 2, 2));
        double[] zeros = new InputInvariance()
                .judge(forward, inputs, Target.output(), new FeatureAblation(), Run.defaults())
                .scores();
        assertThat(Arrays.stream(zeros)).allMatch(score -> score > 0.1);
        Judgement judged =
                new InputInvariance().judge(forward, inputs, Target.output(), new FeatureAblation(), Run.defaults());
        // Both explanations are counted, and the rows that decide the target.
        assertThat(judged.counts().forwardRows()).isGreaterThanOrEqualTo(2 * 2 * 3);
    }

    @Test
    void methods_that_look_inside_and_a_shift_of_nothing_are_refused() {
        Inputs inputs = Inputs.of(rows());
        for (Attribution<? super ReferenceModel> method :
                List.<Attribution<? super ReferenceModel>>of(layered(), new DeepLift())) {
            assertThatThrownBy(() -> new InputInvariance().judge(MODEL, inputs, TARGET, method, Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("the shifted model has neither layers nor rules")
                    .hasMessageContaining(method.name() + " needs " + method.need());
        }
        assertThatThrownBy(() ->
                        new InputInvariance().shift(0).judge(MODEL, inputs, TARGET, new Saliency(), Run.defaults()))
                .hasMessageContaining("shift 0.0: must be finite and not 0");
    }

    private static Attribution<LayeredModel> layered() {
        return new GradCam("conv2");
    }
}
