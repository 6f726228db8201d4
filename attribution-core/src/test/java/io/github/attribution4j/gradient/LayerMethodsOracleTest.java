// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Methods at layers against the integrals they stand for, computed otherwise, and the axioms they claim. */
@ExtendWith(LeakExtension.class)
class LayerMethodsOracleTest {
    private static final int FEATURES = 5;
    private static final int EXAMPLES = 3;
    private static final Target CLASSES = Target.indexes(2, 0, 1);
    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Inputs inputs() {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 17, EXAMPLES, FEATURES));
    }

    private static LayeredModel perceptron() {
        return ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, FEATURES, 8, 6, 3);
    }

    private static LayeredModel residual(int seed) {
        return ReferenceModels.residualNetwork(DataType.FLOAT64, seed, 4, FEATURES, 3);
    }

    private static double[] values(Attribution<? super LayeredModel> method, LayeredModel model, Inputs inputs) {
        try (Explanation explanation = method.attribute(model, inputs, CLASSES)) {
            return explanation.attribution().toDoubleArray();
        }
    }

    private static double largestGap(Attribution<? super LayeredModel> method, LayeredModel model, Inputs inputs) {
        try (Explanation explanation = method.attribute(model, inputs, CLASSES)) {
            double[] baseline = explanation.baselineScores().orElseThrow();
            double[] scores = explanation.scores();
            double largest = 0;
            double change = 0;
            for (int i = 0; i < scores.length; i++) {
                largest = Math.max(largest, Math.abs(explanation.completenessGap()[i]));
                change = Math.max(change, Math.abs(scores[i] - baseline[i]));
            }
            return largest / change;
        }
    }

    private static void assertNear(double[] actual, double[] expected, double fraction) {
        double scale = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        assertThat(scale).isPositive();
        assertThat(actual).containsExactly(expected, within(fraction * scale));
    }

    /**
     * Integrates ∂F/∂h(γ(t)) along the inputs' path, weighted by dh/dt from a central difference if asked for,
     * by Simpson.
     */
    private static double[] integral(
            LayeredModel model, String layer, Inputs inputs, boolean stay, boolean timesMotion) {
        Cut cut = model.cut(layer);
        Tensor x = inputs.tensor(0);
        int n = 400;
        double[] total = new double[0];
        for (int k = 0; k <= n; k++) {
            double t = (double) k / n;
            double weight = (k == 0 || k == n ? 1 : k % 2 == 1 ? 4 : 2) / (3.0 * n);
            try (TensorScope step = TensorScope.open()) {
                Tensor value = cut.head().forward(Inputs.of(x.mul(t)));
                Inputs around = stay ? inputs : Inputs.of(x.mul(t));
                double[] gradient;
                try (Explanation slope =
                        Saliency.signed().attribute(cut.tail(), cut.tailInputs(around, value), CLASSES)) {
                    gradient = slope.attribution().toDoubleArray();
                }
                double h = 1e-4;
                double[] motion = cut.head()
                        .forward(Inputs.of(x.mul(t + h)))
                        .sub(cut.head().forward(Inputs.of(x.mul(t - h))))
                        .mul(0.5 / h)
                        .toDoubleArray();
                if (total.length == 0) {
                    total = new double[gradient.length];
                }
                for (int i = 0; i < total.length; i++) {
                    total[i] += weight * gradient[i] * (timesMotion ? motion[i] : 1);
                }
            }
        }
        return total;
    }

    @ParameterizedTest
    @CsvSource({"act1, FOLLOW", "fc2, FOLLOW", "block1.tanh, FOLLOW", "block1.tanh, STAY", "block2.add, STAY"})
    void conductance_is_the_integral_along_the_curve_of_activations(String layer, Path.Bypass bypass) {
        LayeredModel model = layer.startsWith("block") ? residual(5) : perceptron();
        Inputs inputs = inputs();
        double[] expected = integral(model, layer, inputs, bypass == Path.Bypass.STAY, true);
        Conductance coarse = new Conductance(layer).steps(50).bypass(bypass);
        Conductance fine = new Conductance(layer).steps(500).bypass(bypass);

        assertNear(values(coarse, model, inputs), expected, 2e-3);
        assertNear(values(fine, model, inputs), expected, 2e-5);
    }

    @ParameterizedTest
    @CsvSource({"act1, FOLLOW", "block1.tanh, FOLLOW", "block1.tanh, STAY"})
    void internal_influence_is_the_mean_gradient_along_it(String layer, Path.Bypass bypass) {
        LayeredModel model = layer.startsWith("block") ? residual(5) : perceptron();
        Inputs inputs = inputs();
        InternalInfluence method = new InternalInfluence(layer).bypass(bypass);

        assertNear(
                values(method, model, inputs), integral(model, layer, inputs, bypass == Path.Bypass.STAY, false), 1e-8);
    }

    @Test
    void conductance_differs_from_integrated_gradients_at_the_layer() {
        double[] along = values(new Conductance("act1"), perceptron(), inputs());
        double[] straight = values(
                new IntegratedGradients()
                        .baseline(Baseline.zeros().throughHead())
                        .at("act1"),
                perceptron(),
                inputs());
        double largest = 0;
        for (int i = 0; i < along.length; i++) {
            largest = Math.max(largest, Math.abs(along[i] - straight[i]));
        }
        assertThat(largest).isGreaterThan(1e-3);
    }

    @Test
    void conductance_is_complete_where_nothing_bypasses_the_layer() {
        for (String layer : new String[] {"fc1", "act1", "fc2", "act2"}) {
            assertThat(largestGap(new Conductance(layer).steps(1000), perceptron(), inputs()))
                    .as(layer)
                    .isLessThan(1e-5);
        }
    }

    @Test
    void the_error_of_conductance_falls_with_the_square_of_the_steps() {
        double previous = largestGap(new Conductance("act1").steps(10), perceptron(), inputs());
        for (int steps : new int[] {20, 40, 80}) {
            double gap = largestGap(new Conductance("act1").steps(steps), perceptron(), inputs());
            assertThat(gap).isBetween(previous / 5, previous / 3);
            previous = gap;
        }
    }

    @Test
    void captums_conductance_loses_what_lies_outside_its_outermost_nodes() {
        ReferenceModel linear = ReferenceModel.builder(DataType.FLOAT64, 3)
                .input("x", Shape.of(FEATURES))
                .linear("hidden", "x", 4)
                .linear("fc", "hidden", 3)
                .build();
        double[] right = values(new Conductance("hidden"), linear, inputs());
        double[] captum = values(new Conductance("hidden").captum(Quadrature.GAUSS_LEGENDRE), linear, inputs());
        double[] nodes = Quadrature.GAUSS_LEGENDRE.rule(51).nodes();
        double covered = nodes[50] - nodes[0];
        assertThat(covered).isCloseTo(0.9989, within(1e-4));
        for (int i = 0; i < right.length; i++) {
            assertThat(captum[i]).isCloseTo(covered * right[i], within(1e-12));
        }
    }

    /** Random residual networks of a few blocks; every layer, held bypass: the tail's gap is the sum's error alone. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void tails_of_residual_networks_are_complete(int seed) {
        LayeredModel model = residual(seed);
        Inputs inputs = inputs();
        for (String layer : new String[] {"block0.fc1", "block1.tanh", "block1.add", "block2.fc2", "block3.add"}) {
            assertThat(largestGap(
                            new IntegratedGradients()
                                    .steps(100)
                                    .baseline(Baseline.constant(-0.4).throughHead())
                                    .at(layer),
                            model,
                            inputs))
                    .as("integrated gradients at %s", layer)
                    .isLessThan(1e-6);
            assertThat(largestGap(
                            new Conductance(layer)
                                    .steps(200)
                                    .bypass(Path.Bypass.STAY)
                                    .baseline(Baseline.constant(-0.4)),
                            model,
                            inputs))
                    .as("conductance at %s", layer)
                    .isLessThan(1e-3);
        }
    }

    @Test
    void what_bypasses_the_layer_is_missing_from_conductance_that_follows() {
        LayeredModel model = residual(5);
        assertThat(largestGap(new Conductance("block1.fc2").steps(400), model, inputs()))
                .isGreaterThan(0.05);
        assertThat(largestGap(new Conductance("block1.add").steps(400), model, inputs()))
                .as("every way leads through the sum")
                .isLessThan(1e-4);
    }

    @Test
    void neuron_conductances_sum_to_the_units_conductance_over_inputs() {
        LayeredModel model = perceptron();
        Inputs inputs = inputs();
        double[] layer = values(new Conductance("act1").steps(2000), model, inputs);
        for (int unit = 0; unit < 8; unit++) {
            double[] flows = values(new NeuronConductance("act1", Target.index(unit)), model, inputs);
            for (int example = 0; example < EXAMPLES; example++) {
                double sum = Arrays.stream(flows, example * FEATURES, (example + 1) * FEATURES)
                        .sum();
                assertThat(sum).isCloseTo(layer[example * 8 + unit], within(1e-6));
            }
        }
    }

    @Test
    void neuron_conductances_sum_to_integrated_gradients_over_units() {
        LayeredModel model = perceptron();
        Inputs inputs = inputs();
        double[] whole = values(new IntegratedGradients(), model, inputs);
        assertNear(values(new NeuronConductance("act1", Target.slice(":")), model, inputs), whole, 1e-12);
        double[] parts = new double[whole.length];
        for (String half : new String[] {"0:3", "3:"}) {
            double[] part = values(new NeuronConductance("act1", Target.slice(half)), model, inputs);
            Arrays.setAll(parts, i -> parts[i] + part[i]);
        }
        assertNear(parts, whole, 1e-12);
    }

    @Test
    void captums_sum_of_units_counts_what_flows_through_one_and_is_weighted_by_another() {
        LayeredModel model = perceptron();
        NeuronConductance both = new NeuronConductance("act1", Target.slice("2:4"));
        double[] apart = values(both, model, inputs());
        double[] captum = values(both.units(NeuronConductance.Units.CAPTUM), model, inputs());
        double[] one = values(
                new NeuronConductance("act1", Target.index(2)).units(NeuronConductance.Units.CAPTUM), model, inputs());

        assertNear(one, values(new NeuronConductance("act1", Target.index(2)), model, inputs()), 1e-12);
        assertThat(captum).isNotEqualTo(apart);
    }

    @Test
    void a_held_bypass_changes_nothing_where_there_is_none() {
        for (Path.Bypass bypass : Path.Bypass.values()) {
            double[] held =
                    values(new NeuronConductance("act1", Target.index(3)).bypass(bypass), perceptron(), inputs());
            assertNear(held, values(new NeuronConductance("act1", Target.index(3)), perceptron(), inputs()), 1e-12);
        }
    }

    @Test
    void gradient_x_activation_equals_input_x_gradient_at_the_layer() {
        LayeredModel model = residual(5);
        assertNear(
                values(new GradientXActivation("block1.tanh"), model, inputs()),
                values(new InputXGradient().at("block1.tanh"), model, inputs()),
                1e-13);
        assertNear(
                values(new GradientXActivation("block1.tanh").multiplyByInputs(false), model, inputs()),
                values(Saliency.signed().at("block1.tanh"), model, inputs()),
                1e-13);
    }

    @Test
    void layers_that_depend_on_one_another_are_explained_one_by_one() {
        LayeredModel model = perceptron();
        try (Explanation both = new GradientXActivation("act1", "act2").attribute(model, inputs(), CLASSES);
                Explanation raw = new LayerActivation("act1", "act2").attribute(model, inputs())) {
            assertThat(both.names()).containsExactly("act1", "act2");
            assertThat(raw.names()).containsExactly("act1", "act2");
            assertThat(both.attributions().get(0).toDoubleArray())
                    .containsExactly(values(new GradientXActivation("act1"), model, inputs()));
            assertThat(both.attributions().get(1).toDoubleArray())
                    .containsExactly(values(new GradientXActivation("act2"), model, inputs()));
            assertThat(raw.attributions().get(1).toDoubleArray())
                    .containsExactly(model.cut("act2").head().forward(inputs()).toDoubleArray());
        }
        IntegratedGradients path = new IntegratedGradients();
        assertThatThrownBy(() -> path.at("act1", "act2").attribute(model, inputs(), CLASSES))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("is computed from layer 'act1', so the two cannot be cut at once");
    }

    @Test
    void activations_need_no_target_and_take_integers() {
        try (ReferenceModel tokens = ReferenceModels.tokens(DataType.FLOAT64, 3, 4, 10, FEATURES)) {
            Tensor ids = Tensors.ofJava().of(new long[] {1, 2, 3, 4, 9, 0, 1, 1}, 2, 4);
            Inputs inputs = Inputs.none()
                    .attribute("tokens", ids)
                    .attribute("x", ReferenceModels.normal(DataType.FLOAT64, 5, 2, FEATURES));
            try (Explanation raw = new LayerActivation("embedding").attribute(tokens, inputs);
                    Explanation product =
                            new GradientXActivation("embedding").attribute(tokens, inputs, Target.index(1))) {
                assertThat(raw.attribution().shape())
                        .isEqualTo(product.attribution().shape());
                double[] sums = raw.attribution().reshape(2, 12).sum(1).toDoubleArray();
                assertThat(raw.scores()).containsExactly(sums, within(1e-12));
                assertThat(raw.hasCompletenessGap()).isFalse();
                assertThat(raw.provenance().model()).isEqualTo(tokens.identity());
            }
            assertThatThrownBy(() -> new Conductance("embedding").attribute(tokens, inputs, Target.index(0)))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("input 'tokens' is of type int64, and conductance moves inputs");
        }
    }

    @Test
    void costs_are_those_that_the_methods_state() {
        LayeredModel model = residual(5);
        Inputs inputs = inputs();
        try (Explanation activation = new LayerActivation("block1.tanh").attribute(model, inputs);
                Explanation product = new GradientXActivation("block1.tanh").attribute(model, inputs, CLASSES);
                Explanation follow = new Conductance("block1.tanh").steps(10).attribute(model, inputs, CLASSES);
                Explanation stay = new Conductance("block1.tanh")
                        .steps(10)
                        .bypass(Path.Bypass.STAY)
                        .attribute(model, inputs, CLASSES);
                Explanation neuron = new NeuronConductance("block1.tanh", Target.index(0))
                        .steps(10)
                        .attribute(model, inputs, CLASSES)) {
            assertThat(activation.counts().forwardRows()).isEqualTo(EXAMPLES);
            assertThat(product.counts().forwardRows()).isEqualTo(EXAMPLES);
            assertThat(product.counts().backwardRows()).isEqualTo(EXAMPLES);
            assertThat(follow.counts().forwardRows()).isEqualTo(11 * EXAMPLES + EXAMPLES + 1);
            assertThat(follow.counts().backwardRows()).isEqualTo(11 * EXAMPLES);
            assertThat(stay.counts().forwardRows() - follow.counts().forwardRows())
                    .as("the head for each node, the inputs, the baseline, and the tail's two ends")
                    .isBetween(11L * EXAMPLES, 15L * EXAMPLES);
            assertThat(stay.counts().backwardRows()).isEqualTo(11 * EXAMPLES);
            assertThat(neuron.counts().forwardRows()).isEqualTo(20 * EXAMPLES + 2 * EXAMPLES);
            assertThat(neuron.counts().backwardRows()).isEqualTo(20 * EXAMPLES);
        }
    }

    @Test
    void what_a_baseline_of_the_users_own_evaluates_is_counted_once() {
        LayeredModel model = residual(5);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 17, 3, FEATURES));
        Baseline own = new Baseline() {
            @Override
            public List<Tensor> rows(Inputs explained, long[] examples, long[] samples, Run run) {
                run.count(new Counts(1000, 0, 1, 1));
                return Baseline.zeros().rows(explained, examples, samples, run);
            }

            @Override
            public boolean isDistribution() {
                return false;
            }

            @Override
            public void check(Inputs explained, Problems problems) {}

            @Override
            public String describe() {
                return "own";
            }
        };
        List<Attribution<LayeredModel>> methods = List.of(
                Attribution.at("block1.tanh", new IntegratedGradients().baseline(own)),
                Attribution.at("block1.tanh", new FeatureAblation().baseline(own)),
                Attribution.at(
                        "block1.tanh",
                        NoiseTunnel.smoothGrad(new IntegratedGradients().baseline(own))
                                .samples(1)),
                new Conductance("block1.tanh").baseline(own));
        List<Attribution<LayeredModel>> plain = List.of(
                Attribution.at("block1.tanh", new IntegratedGradients()),
                Attribution.at("block1.tanh", new FeatureAblation()),
                Attribution.at(
                        "block1.tanh",
                        NoiseTunnel.smoothGrad(new IntegratedGradients()).samples(1)),
                new Conductance("block1.tanh"));
        for (int i = 0; i < methods.size(); i++) {
            try (Explanation counted = methods.get(i).attribute(model, inputs, Target.index(0));
                    Explanation usual = plain.get(i).attribute(model, inputs, Target.index(0))) {
                assertThat(counted.counts().forwardRows() - usual.counts().forwardRows())
                        .as(methods.get(i).name())
                        .isEqualTo(1000);
            }
        }
    }

    @Test
    void a_lifted_baseline_is_evaluated_in_batches_and_counted() {
        LayeredModel model = residual(5);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 17, 20, FEATURES));
        Tensor references = ReferenceModels.normal(DataType.FLOAT64, 18, 20, FEATURES);
        FeatureAblation method =
                new FeatureAblation().baseline(Baseline.of(references).throughHead());
        FeatureAblation one = new FeatureAblation().baseline(Baseline.zeros().throughHead());
        Run run = Run.defaults().batchRows(7);
        try (Explanation each = method.at("block1.tanh").attribute(model, inputs, Target.index(0), run);
                Explanation shared = one.at("block1.tanh").attribute(model, inputs, Target.index(0), run);
                Explanation plain =
                        new FeatureAblation().at("block1.tanh").attribute(model, inputs, Target.index(0), run)) {
            assertThat(each.counts().largestBatch()).isEqualTo(7);
            assertThat(each.counts().forwardRows()).isEqualTo(plain.counts().forwardRows() + 20);
            assertThat(shared.counts().forwardRows())
                    .as("one row, as nothing differs between examples")
                    .isEqualTo(plain.counts().forwardRows() + 1);
        }
    }

    @Test
    void wrong_requests_are_refused_together() {
        LayeredModel model = perceptron();
        assertThatThrownBy(() -> new Conductance("act1")
                        .steps(0)
                        .baseline(Baseline.normal(0, 1))
                        .attribute(model, inputs(), CLASSES))
                .hasMessageContaining("steps 0: must be at least 1")
                .hasMessageContaining(
                        "is a distribution, and conductance starts from one reference for each example; give"
                                + " Baseline.mean(...) of the samples, or use GradientShap.ofLayer, which averages");
        assertThatThrownBy(() -> new NeuronConductance("act1", Target.index(8)).attribute(model, inputs(), CLASSES))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("8 lies outside 0 to 7");
        assertThatThrownBy(() -> new Conductance("act9").attribute(model, inputs(), CLASSES))
                .hasMessageContaining("act9");
        assertThatThrownBy(() -> new Conductance()).hasMessageContaining("layers: none given");
        assertThatThrownBy(
                        () -> Conductance.DESCRIPTION.read(Map.of("layer", "act1", "rule", "captum"), Sources.none()))
                .hasMessageContaining("choose trapezoid, or captum- and the name of a quadrature");
    }
}
