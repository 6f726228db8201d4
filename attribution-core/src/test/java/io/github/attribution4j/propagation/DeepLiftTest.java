// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** DeepLIFT's axioms and settings, and networks small enough to be worked out by hand. */
class DeepLiftTest {
    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    private static double[] attributions(
            Attribution<RuledModel> method, RuledModel model, Inputs inputs, Target target) {
        try (Explanation explanation = method.attribute(model, inputs, target)) {
            return explanation.attribution().toDoubleArray();
        }
    }

    private static Tensor row(double... values) {
        return Tensors.ofJava().of(values, 1, values.length);
    }

    @ParameterizedTest
    @ValueSource(
            longs = {
                1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
                29, 30, 31, 32
            })
    void contributions_add_up_on_networks_that_mix_all_operations(long seed) {
        ReferenceModel model = ReferenceModels.mixed(DataType.FLOAT64, seed);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, seed + 100, 2, 2, 6, 6));
        Baseline baseline = Baseline.of(ReferenceModels.normal(DataType.FLOAT64, seed + 200, 2, 2, 6, 6));
        for (DeepLift.Rule rule : DeepLift.Rule.values()) {
            DeepLift method = new DeepLift().baseline(baseline).rule(rule);
            try (Explanation explanation = method.attribute(model, inputs, Target.index(1))) {
                double[] scores = explanation.scores();
                double[] before = explanation.baselineScores().orElseThrow();
                double[] gap = explanation.completenessGap();
                for (int i = 0; i < gap.length; i++) {
                    assertThat(Math.abs(gap[i]))
                            .as("%s, example %d", rule, i)
                            .isLessThanOrEqualTo(1e-8 * Math.abs(scores[i] - before[i]));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void one_unit_gets_the_slope_between_input_and_reference(Activation activation) {
        ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(2))
                .linear("fc", "x", new double[][] {{2, -1}}, new double[] {0.25})
                .activation("act", "fc", activation)
                .build();
        double up = activation.value(2 * 1.5 + 0.5 + 0.25);
        double before = activation.value(2 * 0.5 - 0.25 + 0.25);
        double slope = (up - before) / (3.75 - 1.0);

        double[] contributions = attributions(
                new DeepLift().baseline(Baseline.of(row(0.5, 0.25))),
                model,
                Inputs.of(row(1.5, -0.5)),
                Target.index(0));

        assertThat(contributions[0]).isCloseTo(2 * slope * 1.0, within(1e-12));
        assertThat(contributions[1]).isCloseTo(-slope * -0.75, within(1e-12));
    }

    @Test
    void where_nothing_changes_the_multiplier_is_the_derivative() {
        ReferenceModel model = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 3, 4, 2);
        Inputs inputs = Inputs.of(row(0.3, -0.2, 0.9));
        DeepLift method =
                new DeepLift().baseline(Baseline.of(row(0.3, -0.2, 0.9))).multiplyByInputs(false);
        double[] multipliers = attributions(method, model, inputs, Target.index(1));
        double[] gradient;
        try (var pullback = model.pullback(inputs)) {
            gradient = pullback.vjp(row(0, 1)).get(0).toDoubleArray();
        }

        assertThat(multipliers).containsExactly(gradient, within(1e-14));
    }

    /**
     * Figure 3 of the paper: min(i1, i2) = i1 − max(0, i1 − i2), of which rescale gives the smaller input everything.
     */
    @Test
    void reveal_cancel_sees_what_cancels() {
        ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("i", Shape.of(2))
                .linear("difference", "i", new double[][] {{1, -1}}, new double[] {0})
                .activation("relu", "difference", Activation.RELU)
                .linear("first", "i", new double[][] {{1, 0}}, new double[] {0})
                .linear("minus", "relu", new double[][] {{-1}}, new double[] {0})
                .add("min", "first", "minus")
                .build();
        Inputs inputs = Inputs.of(row(10, 6));

        double[] rescale = attributions(new DeepLift(), model, inputs, Target.index(0));
        double[] reveal =
                attributions(new DeepLift().rule(DeepLift.Rule.REVEAL_CANCEL), model, inputs, Target.index(0));

        assertThat(rescale).containsExactly(new double[] {0, 6}, within(1e-12));
        assertThat(reveal).containsExactly(new double[] {3, 3}, within(1e-12));
    }

    @Test
    void a_max_pooling_shares_between_the_old_and_the_new_largest() {
        ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(1, 2, 2))
                .maxPool2d("pool", "x", 2, 2, 0)
                .reshape("flat", "pool", Shape.of(1))
                .build();
        // The largest was 4 at position 3 and is 7 at position 1: it all belongs to position 1.
        double[] rising = attributions(
                new DeepLift().baseline(Baseline.of(Tensors.ofJava().of(new double[] {1, 2, 3, 4}, 1, 1, 2, 2))),
                model,
                Inputs.of(Tensors.ofJava().of(new double[] {0, 7, 3, 2}, 1, 1, 2, 2)),
                Target.index(0));
        // The largest was 4 at position 3 and is 3 at position 1: it fell because of position 3.
        double[] falling = attributions(
                new DeepLift().baseline(Baseline.of(Tensors.ofJava().of(new double[] {1, 2, 3, 4}, 1, 1, 2, 2))),
                model,
                Inputs.of(Tensors.ofJava().of(new double[] {0, 3, 1, 2}, 1, 1, 2, 2)),
                Target.index(0));

        assertThat(rising).containsExactly(new double[] {0, 3, 0, 0}, within(1e-12));
        assertThat(falling).containsExactly(new double[] {0, 0, 0, -1}, within(1e-12));
    }

    @Test
    void an_input_that_nothing_uses_gets_nothing_and_equal_inputs_get_the_same() {
        ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(3))
                .linear("fc1", "x", new double[][] {{1, 1, 0}, {-2, -2, 0}}, new double[] {0.1, -0.2})
                .activation("gelu", "fc1", Activation.GELU)
                .softmaxLast("softmax", "gelu")
                .build();
        double[] contributions = attributions(new DeepLift(), model, Inputs.of(row(0.7, 0.7, 5)), Target.index(0));

        assertThat(contributions[2]).isZero();
        assertThat(contributions[0]).isCloseTo(contributions[1], within(1e-15)).isNotZero();
    }

    @Test
    void the_same_function_in_other_layers_gets_the_same() {
        // A linear layer in two, and a ReLU twice in a row.
        double[][] w = {{1, -2}, {0.5, 1.5}, {-1, 1}};
        ReferenceModel one = ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(2))
                .linear("fc", "x", w, new double[] {0.1, 0.2, -0.3})
                .activation("relu", "fc", Activation.RELU)
                .build();
        ReferenceModel two = ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(2))
                .linear("a", "x", new double[][] {{1, 0}, {0, 1}}, new double[] {0, 0})
                .linear("b", "a", w, new double[] {0.1, 0.2, -0.3})
                .activation("relu", "b", Activation.RELU)
                .activation("again", "relu", Activation.RELU)
                .build();
        Inputs inputs = Inputs.of(row(0.8, -0.4));
        for (int k = 0; k < 3; k++) {
            assertThat(attributions(new DeepLift(), two, inputs, Target.index(k)))
                    .containsExactly(attributions(new DeepLift(), one, inputs, Target.index(k)), within(1e-13));
        }
    }

    @Test
    void at_a_layer_multipliers_meet_what_the_layer_changed_by() {
        ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 2, 2, 4, 4));
        Baseline baseline = Baseline.constant(0.2);
        try (Explanation atLayer =
                        new DeepLift().baseline(baseline).at("relu1").attribute(model, inputs, Target.index(1));
                Explanation whole = new DeepLift().baseline(baseline).attribute(model, inputs, Target.index(1))) {
            assertThat(atLayer.names()).containsExactly("relu1");
            assertThat(atLayer.attribution().shape()).isEqualTo(Shape.of(2, 3, 4, 4));
            assertThat(atLayer.completenessGap()).containsExactly(new double[2], within(1e-10));
            assertThat(whole.completenessGap()).containsExactly(new double[2], within(1e-10));
            assertThat(whole.counts().backwardRows()).isEqualTo(2);
            assertThat(whole.counts().forwardRows())
                    .as("inputs, references, and the score of the one that serves both")
                    .isEqualTo(2 + 2 + 1);
        }
        // The identity is bypassed, so the layer has not all of it, which is told and not judged.
        try (Explanation bypassed =
                new DeepLift().baseline(baseline).at("block.bn").attribute(model, inputs, Target.index(1))) {
            assertThat(Arrays.stream(bypassed.completenessGap())
                            .map(Math::abs)
                            .max()
                            .orElseThrow())
                    .isGreaterThan(1e-3);
        }
    }

    @Test
    void towards_a_neuron_the_sum_is_how_much_the_neuron_changed() {
        ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 2, 2, 4, 4));
        try (Explanation explanation =
                new DeepLift().towards("relu2", Target.index(2)).attribute(model, inputs)) {
            double[] now = model.cut("relu2").head().forward(inputs).toDoubleArray();
            assertThat(explanation.scores()).containsExactly(new double[] {now[2], now[8]}, within(1e-14));
            assertThat(explanation.completenessGap()).containsExactly(new double[2], within(1e-12));
            assertThat(explanation.provenance().method()).isEqualTo("deep-lift towards neuron");
            assertThat(explanation.provenance().settings()).containsEntry("layer", "relu2");
        }
    }

    @Test
    void shap_is_the_mean_over_all_pairs() {
        ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
        Tensor samples = ReferenceModels.normal(DataType.FLOAT64, 9, 3, 2, 4, 4);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 2, 2, 4, 4));
        double[] expected = new double[2 * 2 * 4 * 4];
        for (int b = 0; b < 3; b++) {
            double[] one = attributions(
                    new DeepLift().baseline(Baseline.of(samples.rows(b, b + 1))), model, inputs, Target.index(1));
            for (int i = 0; i < one.length; i++) {
                expected[i] += one[i] / 3;
            }
        }
        try (Explanation shap = new DeepLiftShap(Baseline.samples(samples)).attribute(model, inputs, Target.index(1))) {
            assertThat(shap.attribution().toDoubleArray()).containsExactly(expected, within(1e-13));
            assertThat(shap.completenessGap()).containsExactly(new double[2], within(1e-12));
            assertThat(shap.counts().backwardRows()).isEqualTo(6);
            assertThat(shap.counts().forwardRows())
                    .as("inputs once for the mean score")
                    .isEqualTo(3 * 6 + 2);
            assertThat(shap.standardError().max().toDoubleArray()[0]).isPositive();
        }
        try (Explanation atLayer =
                new DeepLiftShap(Baseline.samples(samples)).at("pool1").attribute(model, inputs, Target.index(1))) {
            assertThat(atLayer.attribution().shape()).isEqualTo(Shape.of(2, 3, 2, 2));
            assertThat(atLayer.completenessGap()).containsExactly(new double[2], within(1e-12));
        }
    }

    @Test
    void integer_inputs_are_compared_at_the_layer_that_embeds_them() {
        ReferenceModel model = ReferenceModels.tokens(DataType.FLOAT64, 3, 4, 10, 2);
        Tensor tokens = Tensors.ofJava().of(new long[] {1, 5, 9, 2}, 1, 4);
        Inputs inputs = Inputs.none().attribute("tokens", tokens).fixed("x", row(0.5, -0.5));
        try (Explanation explanation = new DeepLift().at("embedding").attribute(model, inputs, Target.index(0))) {
            assertThat(explanation.attribution().shape()).isEqualTo(Shape.of(1, 4, 3));
            assertThat(explanation.completenessGap()).containsExactly(new double[1], within(1e-12));
        }
        assertThatThrownBy(() -> new DeepLift().attribute(model, inputs, Target.index(0)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("int64");
    }

    @Test
    void a_sum_that_is_off_is_an_error_unless_allowed() {
        ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 4)
                .input("x", Shape.of(3))
                .quadratic("square", "x", 2)
                .build();
        Inputs inputs = Inputs.of(row(1, 2, -1));
        assertThatThrownBy(() -> new DeepLift().attribute(model, inputs, Target.index(0)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContainingAll("square/quadratic#0", "otherwise");
        DeepLift gradient = new DeepLift().unknownAsGradient();
        assertThatThrownBy(() -> gradient.attribute(model, inputs, Target.index(0)))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll("example 0", "allowIncomplete()");
        try (Explanation allowed = gradient.allowIncomplete().attribute(model, inputs, Target.index(0))) {
            // A quadratic form: twice its value for its gradient times input.
            assertThat(allowed.completenessGap()[0]).isCloseTo(allowed.scores()[0], within(1e-12));
        }
    }

    @Test
    void a_target_that_is_not_linear_does_not_add_up() {
        ReferenceModel model = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.RELU, 3, 8, 2);
        Inputs inputs = Inputs.of(row(2, -3, 1));
        assertThatThrownBy(() -> new DeepLift().attribute(model, inputs, Target.probability(0)))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("linear in the output");
    }

    @Test
    void recurrent_cells_are_refused_by_name() {
        ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 4)
                .input("x", Shape.of(5, 2))
                .recurrent("rnn", "x", 3)
                .linear("fc", "rnn", 2)
                .build();
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 2, 5, 2));
        assertThatThrownBy(() -> new DeepLift().attribute(model, inputs, Target.index(0)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContainingAll("rnn/rnn_tanh#0", "RECURRENT");
        // Nothing has to flow through it behind it.
        try (Explanation behind = new DeepLift().at("rnn").attribute(model, inputs, Target.index(0))) {
            assertThat(behind.completenessGap()).containsExactly(new double[2], within(1e-12));
        }
    }

    @Test
    void a_distribution_is_refused_and_settings_are_told() {
        ReferenceModel model = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.RELU, 3, 8, 2);
        assertThatThrownBy(() -> new DeepLift()
                        .baseline(Baseline.uniform(0, 1))
                        .attribute(model, Inputs.of(row(1, 2, 3)), Target.index(0)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("DeepLiftShap");
        assertThatThrownBy(
                        () -> new DeepLift().tolerance(-1).attribute(model, Inputs.of(row(1, 2, 3)), Target.index(0)))
                .hasMessageContaining("tolerance -1.0: must be 0 or more");
        assertThatThrownBy(() -> new DeepLift().near(-1)).hasMessageContaining("near -1");
        assertThat(new DeepLift().settings().keySet())
                .containsExactly(
                        "baseline",
                        "rule",
                        "multiply-by-inputs",
                        "near",
                        "tolerance",
                        "allow-incomplete",
                        "unknown-as-gradient");
        assertThat(new DeepLiftShap(Baseline.zeros()).settings()).containsEntry("draws", 25);
    }
}
