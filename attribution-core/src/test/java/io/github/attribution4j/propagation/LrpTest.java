// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
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
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Relevance rules written down once more for one layer, as the papers have them, and what composites conserve. */
class LrpTest {
    private static final double[][] W = {{1, -2, 0.5}, {-1.5, 0.25, 2}};
    private static final double[] B = {0.4, -0.3};
    private static final double[] X = {0.8, -0.6, 1.2};
    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor row(double... values) {
        return Tensors.ofJava().of(values, 1, values.length);
    }

    private static ReferenceModel layer() {
        return ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(3))
                .linear("fc", "x", W, B)
                .build();
    }

    private static double[] relevance(BackwardRule rule, RuledModel model, Inputs inputs, Target target) {
        RuleSet rules = RuleSet.of(Operation.Selector.kind(Operation.Kind.WEIGHTED), rule);
        return relevance(rules, model, inputs, target);
    }

    private static double[] relevance(RuleSet rules, RuledModel model, Inputs inputs, Target target) {
        try (Explanation explanation = new Lrp(rules).attribute(model, inputs, target)) {
            return explanation.attribution().toDoubleArray();
        }
    }

    /** A rule for one layer: what output k gives to input j. */
    private interface Share {
        double of(double x, double[] w, double b, int j);
    }

    private static void check(BackwardRule rule, Share share) {
        for (int k = 0; k < 2; k++) {
            double[] z = {B[0], B[1]};
            for (int j = 0; j < 3; j++) {
                z[k] += W[k][j] * X[j];
            }
            double[] expected = new double[3];
            for (int j = 0; j < 3; j++) {
                expected[j] = share.of(X[j], W[k], B[k], j) * z[k];
            }
            assertThat(relevance(rule, layer(), Inputs.of(row(X)), Target.index(k)))
                    .as("%s, output %d", rule, k)
                    .containsExactly(expected, within(1e-9));
        }
    }

    private static double sum(double[] w, IntToDoubleFunction term) {
        double sum = 0;
        for (int j = 0; j < w.length; j++) {
            sum += term.applyAsDouble(j);
        }
        return sum;
    }

    private static double stab(double z, double epsilon) {
        return z + (z >= 0 ? epsilon : -epsilon);
    }

    @Test
    void epsilon() {
        check(Rules.epsilon(0.1), (x, w, b, j) -> x * w[j] / stab(sum(w, i -> w[i] * X[i]) + b, 0.1));
        check(Rules.epsilon(0), (x, w, b, j) -> x * w[j] / (sum(w, i -> w[i] * X[i]) + b));
    }

    @Test
    void gamma() {
        double gamma = 0.25;
        check(Rules.gamma(gamma), (x, w, b, j) -> {
            double z = sum(w, i -> X[i] * (w[i] + gamma * Math.max(0, w[i]))) + b + gamma * Math.max(0, b);
            return x * (w[j] + gamma * Math.max(0, w[j])) / stab(z, 1e-6);
        });
    }

    @Test
    void alpha_beta_and_z_plus() {
        for (double beta : new double[] {0, 1, 0.5}) {
            check(Rules.alphaBeta(1 + beta, beta), (x, w, b, j) -> {
                double up = sum(w, i -> Math.max(0, X[i] * w[i])) + Math.max(0, b);
                double down = sum(w, i -> Math.min(0, X[i] * w[i])) + Math.min(0, b);
                return (1 + beta) * Math.max(0, x * w[j]) / stab(up, 1e-6)
                        - (beta == 0 ? 0 : beta * Math.min(0, x * w[j]) / stab(down, 1e-6));
            });
        }
        assertThat(relevance(Rules.zPlus(), layer(), Inputs.of(row(X)), Target.index(0)))
                .containsExactly(
                        relevance(Rules.alphaBeta(1, 0), layer(), Inputs.of(row(X)), Target.index(0)), within(0.0));
        assertThatThrownBy(() -> Rules.alphaBeta(2, 0.5)).hasMessageContainingAll("alpha 2.0", "beta 0.5");
    }

    @Test
    void z_box() {
        double low = -1;
        double high = 2;
        check(Rules.zBox(low, high), (x, w, b, j) -> {
            double z = sum(w, i -> X[i] * w[i] - low * Math.max(0, w[i]) - high * Math.min(0, w[i]));
            return (x * w[j] - low * Math.max(0, w[j]) - high * Math.min(0, w[j])) / stab(z, 1e-6);
        });
        double[] lows = {-1, -2, -3};
        double[] highs = {2, 1, 4};
        check(Rules.zBox(lows, highs), (x, w, b, j) -> {
            double z = sum(w, i -> X[i] * w[i] - lows[i] * Math.max(0, w[i]) - highs[i] * Math.min(0, w[i]));
            return (x * w[j] - lows[j] * Math.max(0, w[j]) - highs[j] * Math.min(0, w[j])) / stab(z, 1e-6);
        });
        assertThatThrownBy(() -> Rules.zBox(1, 1)).hasMessageContaining("low must be below high");
    }

    @Test
    void w_square_and_flat() {
        check(Rules.wSquare(), (x, w, b, j) -> w[j] * w[j] / stab(sum(w, i -> w[i] * w[i]), 1e-6));
        check(Rules.flat(), (x, w, b, j) -> 1 / stab(3, 1e-6));
    }

    @Test
    void batch_norm_is_merged_with_its_convolution() {
        ReferenceModel apart = ReferenceModel.builder(DataType.FLOAT64, 7)
                .input("x", Shape.of(2, 3, 3))
                .conv2d("conv", "x", 2)
                .batchNorm("bn", "conv")
                .build();
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 3, 1, 2, 3, 3));
        // The pair as one linear map: its matrix by columns, its offset at zero.
        double[] offset = apart.forward(Inputs.of(Tensors.ofJava().of(new double[18], 1, 2, 3, 3)))
                .toDoubleArray();
        double[][] matrix = new double[18][18];
        for (int j = 0; j < 18; j++) {
            double[] unit = new double[18];
            unit[j] = 1;
            double[] column = apart.forward(Inputs.of(Tensors.ofJava().of(unit, 1, 2, 3, 3)))
                    .toDoubleArray();
            for (int k = 0; k < 18; k++) {
                matrix[k][j] = column[k] - offset[k];
            }
        }
        ReferenceModel merged = ReferenceModel.builder(DataType.FLOAT64, 7)
                .input("x", Shape.of(2, 3, 3))
                .linear("both", "x", matrix, offset)
                .build();
        for (RuleSet rules : new RuleSet[] {Composites.epsilon(1e-6), Composites.epsilonAlpha2Beta1()}) {
            RuleSet asConvolution = rules.override(
                    Operation.Selector.kind(Operation.Kind.WEIGHTED),
                    rules.ruleFor(apart.operations().get(0), apart.operations()).orElseThrow());
            double[] expected = relevance(asConvolution, merged, inputs, Target.index(4));
            double[] actual = relevance(rules, apart, inputs, Target.at(0, 1, 1));
            assertThat(actual).containsExactly(expected, within(1e-9));
        }
    }

    @Test
    void residual_additions_share_in_proportion() {
        ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 7)
                .input("x", Shape.of(2))
                .linear("fc", "x", new double[][] {{3, 0}, {0, -2}}, new double[] {0, 0})
                .add("sum", "x", "fc")
                .build();
        try (Explanation atBranch =
                new Lrp(Composites.epsilon(0)).at("fc").attribute(model, Inputs.of(row(1, 5)), Target.index(0))) {
            // 1 + 3: three quarters of the relevance 4 go through the layer.
            assertThat(atBranch.attribution().toDoubleArray()).containsExactly(new double[] {3, 0}, within(1e-12));
            assertThat(atBranch.completenessGap()).containsExactly(new double[] {-1}, within(1e-12));
        }
        assertThat(relevance(Composites.epsilon(0), model, Inputs.of(row(1, 5)), Target.index(0)))
                .containsExactly(new double[] {4, 0}, within(1e-12));
    }

    @Test
    void rules_for_transformers() {
        ReferenceModel product = ReferenceModel.builder(DataType.FLOAT64, 7)
                .input("x", Shape.of(2))
                .linear("a", "x", new double[][] {{1, 0}}, new double[] {0})
                .linear("b", "x", new double[][] {{0, 1}}, new double[] {0})
                .multiply("ab", "a", "b")
                .build();
        assertThat(relevance(Composites.attnLrp(), product, Inputs.of(row(3, 4)), Target.index(0)))
                .containsExactly(new double[] {6, 6}, within(1e-4));

        ReferenceModel softmax = ReferenceModel.builder(DataType.FLOAT64, 7)
                .input("x", Shape.of(3))
                .softmax("s", "x")
                .build();
        Inputs inputs = Inputs.of(row(0.5, -1, 2));
        double[] s = softmax.forward(inputs).toDoubleArray();
        double[] expected = {0.5 * (s[0] - s[0] * s[0]), -1 * (-s[1] * s[0]), 2 * (-s[2] * s[0])};
        assertThat(relevance(Composites.attnLrp(), softmax, inputs, Target.index(0)))
                .containsExactly(expected, within(1e-12));
        assertThat(relevance(Composites.conservativeTransformer(), softmax, inputs, Target.index(0)))
                .containsOnly(0.0);

        ReferenceModel norm = ReferenceModel.builder(DataType.FLOAT64, 7)
                .input("x", Shape.of(3))
                .layerNorm("ln", "x")
                .build();
        double[] y = norm.forward(inputs).toDoubleArray();
        assertThat(relevance(Composites.attnLrp(), norm, inputs, Target.index(2)))
                .containsExactly(new double[] {0, 0, y[2]}, within(1e-12));
        double[] zero = norm.forward(Inputs.of(row(0, 0, 0))).toDoubleArray();
        // y = w (x − mean) / σ + b, of which σ is held: shares of each x in the third element.
        double factor = (y[2] - zero[2]) / (2 - 0.5);
        double[] held = {0.5 * -factor / 3, -1 * -factor / 3, 2 * factor * 2 / 3};
        assertThat(relevance(Composites.conservativeTransformer(), norm, inputs, Target.index(2)))
                .containsExactly(held, within(1e-5));
    }

    @Test
    void composites_conserve_what_biases_do_not_take() {
        ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 1, 6);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 3, 2, 6, 6));
        // A channel that is all zero has nothing to share relevance by.
        double[] means = model.cut("avgpool").head().forward(inputs).toDoubleArray();
        assertThat(Arrays.stream(means).min().orElseThrow()).isPositive();
        RuleSet flat = Composites.epsilonPlusFlat()
                .override(Operation.Selector.kind(Operation.Kind.WEIGHTED), Rules.wSquare());
        try (Explanation explanation = new Lrp(flat).attribute(model, inputs, Target.argmax())) {
            double[] scores = explanation.scores();
            double[] gap = explanation.completenessGap();
            for (int i = 0; i < gap.length; i++) {
                assertThat(Math.abs(gap[i])).isLessThan(1e-3 * Math.abs(scores[i]));
            }
            assertThat(explanation.notices()).noneMatch(notice -> notice.contains("biases"));
        }
        try (Explanation explanation = new Lrp().attribute(model, inputs, Target.argmax())) {
            assertThat(explanation.notices())
                    .anyMatch(notice -> notice.contains("biases take their part")
                            && notice.contains("z-plus at 2 operations")
                            && notice.contains("epsilon(1.0E-6) at 2 operations"));
        }
    }

    @Test
    void relevance_is_linear_in_the_score() {
        ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 1, 2, 4, 4));
        double[] first = relevance(Composites.epsilonPlus(), model, inputs, Target.index(0));
        double[] second = relevance(Composites.epsilonPlus(), model, inputs, Target.index(2));
        double[] both =
                relevance(Composites.epsilonPlus(), model, inputs, Target.difference(Target.index(0), Target.index(2)));
        double largest = Arrays.stream(first).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < both.length; i++) {
            assertThat(both[i]).isCloseTo(first[i] - second[i], within(1e-12 * largest));
        }
    }

    @Test
    void at_the_last_layer_relevance_is_the_score() {
        ReferenceModel model = ReferenceModels.residualCnn(DataType.FLOAT64, 5, 4);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 2, 2, 4, 4));
        try (Explanation explanation = new Lrp().at("fc2").attribute(model, inputs, Target.index(1))) {
            double[] scores = explanation.scores();
            assertThat(explanation.attribution().toDoubleArray())
                    .containsExactly(new double[] {0, scores[0], 0, 0, scores[1], 0}, within(1e-15));
        }
        try (Explanation neuron = new Lrp().towards("relu2", Target.index(3)).attribute(model, inputs)) {
            assertThat(neuron.attribution().shape()).isEqualTo(Shape.of(2, 2, 4, 4));
            assertThat(neuron.provenance().settings()).containsKey("rules");
        }
    }

    @Test
    void refusals() {
        ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 4)
                .input("x", Shape.of(4))
                .quadratic("square", "x", 3)
                .linear("fc", "square", 2)
                .build();
        Inputs inputs = Inputs.of(row(1, 2, -1, 0.5));
        assertThatThrownBy(() -> new Lrp().attribute(model, inputs, Target.index(0)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContainingAll("square/quadratic#0", "UNKNOWN");
        RuleSet allowed = Composites.epsilonPlus().otherwise(Rules.gradient());
        assertThat(relevance(allowed, model, inputs, Target.index(0))).doesNotContain(Double.NaN);
        assertThatThrownBy(() -> new Lrp(RuleSet.relus(new BackwardRule.GuidedRelu())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("GUIDED");
        RuleSet misplaced =
                Composites.epsilonPlus().override(Operation.Selector.kind(Operation.Kind.ACTIVATION), Rules.flat());
        ReferenceModel net = ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.RELU, 4, 5, 2);
        assertThatThrownBy(() -> new Lrp(misplaced).attribute(net, inputs, Target.index(0)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("act1/relu#0");
    }
}
