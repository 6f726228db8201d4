// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;
import java.util.function.Function;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Relevance through single operations, and what refuses to pass it. */
class RelevanceTest {
    private static final RuleSet CONSERVING = RuleSet.of(
                    Operation.Selector.kind(Operation.Kind.WEIGHTED), Rules.epsilon(0))
            .rule(
                    Operation.Selector.kind(Operation.Kind.LINEAR, Operation.Kind.AVERAGE_POOLING),
                    new BackwardRule.Norm(0))
            .rule(
                    Operation.Selector.kind(
                            Operation.Kind.ACTIVATION, Operation.Kind.MAX_POOLING, Operation.Kind.SOFTMAX),
                    Rules.pass())
            .rule(Operation.Selector.kind(Operation.Kind.NORMALIZATION), new BackwardRule.ConstantDeviation(0))
            .rule(Operation.Selector.kind(Operation.Kind.PRODUCT), new BackwardRule.Uniform(0));

    private static TorchScriptModel model(String expression) {
        String body = expression.contains("return ") ? expression : "return " + expression;
        return TestModels.script("def forward(self: __torch__.M, x: Tensor) -> Tensor:\n" + body.indent(2));
    }

    private static Inputs inputs(TorchScriptModel model) {
        return Inputs.of(TestModels.normal(model, DataType.FLOAT64, 2, 5, 6, 8));
    }

    /** What comes back for relevance of the output that is the output times weights, or for the weights themselves. */
    private static double[] back(Function<Inputs, ? extends BackwardRun> runs, Inputs inputs, boolean relevance) {
        try (TensorScope scope = TensorScope.open();
                BackwardRun run = runs.apply(inputs)) {
            Tensor output = run.output();
            double[] values = output.toDoubleArray();
            double[] weights = new double[values.length];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = Math.cos(1.3 * i) * (relevance ? values[i] : 1);
            }
            return run.back(output.tensors().of(weights, output.shape()).to(output.dataType()))
                    .get(0)
                    .toDoubleArray();
        }
    }

    private static double sum(double[] values, int row) {
        double sum = 0;
        for (int i = row * values.length / 2; i < (row + 1) * values.length / 2; i++) {
            sum += values[i];
        }
        return sum;
    }

    @DisplayName("An operation passes back the relevance of each example in full, and its value is the model's")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.add(x, torch.tanh(x), alpha=2)",
                "torch.sub(x, torch.sigmoid(x))",
                "torch.neg(torch.mul(x, 3.))",
                "torch.mean(x, [1])",
                "torch.sum(x, [2], True)",
                "torch.cumsum(x, 2)",
                "torch.avg_pool1d(x, [3], [2], [1])",
                "torch.adaptive_avg_pool1d(x, [3])",
                "torch.upsample_nearest1d(x, [16])",
                "torch.relu(x)",
                "torch.gelu(x)",
                "torch.exp(x)",
                "torch.max_pool1d(x, [3], [2], [1])",
                "torch.amax(x, [1])",
                "y, i, = torch.max(x, 1)\nreturn y",
                "y, i, = torch.adaptive_max_pool1d(x, [3])\nreturn y",
                "torch.softmax(x, 2)",
                "torch.log_softmax(x, 1)",
                "torch.layer_norm(x, [8], None, None, 1.0e-05)",
                "torch.group_norm(x, 3, None, None, 1.0e-05)",
                "torch.instance_norm(x, None, None, None, None, True, 0.1, 1.0e-05, False)",
                "torch.rms_norm(x, [8])",
                "torch.mul(x, torch.sigmoid(x))",
                "torch.mul(x, torch.ones([6, 8], dtype=7))",
                "torch.div(x, torch.exp(x))",
                "torch.glu(x, 1)",
                "torch.matmul(x, torch.transpose(x, 1, 2))",
                "torch.bmm(x, torch.transpose(torch.tanh(x), 1, 2))",
                "torch.baddbmm(torch.matmul(x, torch.transpose(x, 1, 2)), x, torch.transpose(x, 1, 2), beta=0.5,"
                        + " alpha=2)",
                "torch.addcmul(x, x, torch.sigmoid(x), value=2.)",
                "torch.einsum(\"bij,bkj->bik\", [x, x])",
                "torch.conv1d(x, torch.ones([4, 6, 3], dtype=7), None, [2], [1])",
                "torch.linear(x, torch.ones([5, 8], dtype=7))",
                "torch.addmm(torch.zeros([5], dtype=7), torch.flatten(x, 1), torch.ones([48, 5], dtype=7))",
                "torch.cat([x, torch.relu(x)], 1)",
                "torch.constant_pad_nd(torch.flip(x, [1]), [1, 2], 0.)",
                "torch.expand(torch.slice(x, 1, 0, 1), [2, 6, 8])",
                "torch.masked_fill(x, torch.gt(torch.zeros([8], dtype=7), 1), 0.)",
                "torch.dropout(torch.contiguous(x), 0.5, False)",
                "y = torch.clone(x)\n_0 = torch.relu_(torch.mul_(y, 2.))\nreturn torch.add_(y, x)",
                "torch.softmax(torch.masked_fill(x, torch.gt(torch.arange(8), 5), -inf), 2)",
                "torch.scaled_dot_product_attention(x, torch.tanh(x), torch.sigmoid(x))"
            })
    void conserves(String expression) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = model(expression)) {
            Inputs inputs = inputs(model);
            RuledModel.Copy ruled = model.with(CONSERVING);
            double[] output = model.forward(inputs).toDoubleArray();
            try (BackwardRun run = ruled.run(inputs)) {
                assertThat(run.output().toDoubleArray()).containsExactly(output, Offset.offset(1e-12));
            }
            double[] relevance = back(ruled::run, inputs, true);
            for (int row = 0; row < 2; row++) {
                double given = 0;
                double size = 0;
                for (int i = row * output.length / 2; i < (row + 1) * output.length / 2; i++) {
                    given += Math.cos(1.3 * i) * output[i];
                    size += Math.abs(output[i]);
                }
                assertThat(sum(relevance, row)).isCloseTo(given, Offset.offset(1e-9 * size));
            }
        }
    }

    @DisplayName("Where the rules are derivatives, relevance is gradient times input")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.softmax(torch.mul(torch.gelu(x), torch.exp(x)), 2)",
                "torch.log_softmax(torch.div(torch.layer_norm(x, [8], None, None, 1.0e-05), torch.add(torch.exp(x),"
                        + " 1.)), 1)",
                "torch.logsumexp(torch.group_norm(x, 2, None, None, 1.0e-05), [2])",
                "torch.scaled_dot_product_attention(x, torch.tanh(x), torch.sigmoid(x), None, 0., True)",
                "torch.rms_norm(torch.matmul(x, torch.transpose(torch.sin(x), 1, 2)), [6])"
            })
    void derivatives(String expression) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = model("torch.linear(" + expression + ", torch.ones([2, "
                        + (expression.contains("[6]") || expression.contains("logsumexp") ? 6 : 8) + "], dtype=7))")) {
            assertInputTimesGradient(model);
        }
    }

    @Test
    @DisplayName("Flat, w-square and box rules give relevance to inputs that are zero")
    void zeros() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model =
                        model("torch.linear(x, torch.ones([5, 8], dtype=7), torch.ones([5], dtype=7))")) {
            Inputs inputs = Inputs.of(model.tensors().of(new double[96], 2, 6, 8));
            for (BackwardRule rule : List.of(Rules.flat(), Rules.wSquare(), Rules.zBox(-1, 1))) {
                RuleSet set = RuleSet.of(Operation.Selector.any(), rule);
                assertThat(back(model.with(set)::run, inputs, true)[0]).isNotZero();
            }
        }
    }

    @DisplayName("What no rule is for, or not this rule, is refused by name with the remedy")
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "torch.cumprod(x, 1)   | conserving | there is no RELEVANCE rule for it",
                "torch.nuclear_norm(x) | conserving | there is no RELEVANCE rule for it",
                "torch.conv1d(x, x)    | conserving | weights depend on what is attributed",
                "torch.batch_norm(x, None, None, None, None, True, 0.1, 1.0e-05, False) | conserving | of the batch",
                "torch.scaled_dot_product_attention(x, x, x, None, 0.5) | conserving | at random",
                "torch.mean(x, [1])    | pass       | does not have the shape of its only operand",
                "torch.linear(x, torch.ones([5, 8], dtype=7)) | box | than its input has channels",
                "torch.softmax(x, 1)   | weights    | there is no RELEVANCE rule for it",
                "torch.relu(x)         | plus       | it takes Pass",
                "torch.mean(x, [1])    | plus       | it has no weights",
                "torch.mul(x, x)       | plus       | it takes Uniform",
                "torch.softmax(x, 1)   | plus       | it takes SoftmaxTaylor"
            })
    void refuses(String expression, String rules, String message) {
        RuleSet set = switch (rules) {
            case "pass" -> RuleSet.of(Operation.Selector.any(), Rules.pass());
            case "box" -> RuleSet.of(Operation.Selector.any(), Rules.zBox(new double[] {-1, -1}, new double[] {1, 1}));
            case "plus" -> RuleSet.of(Operation.Selector.any(), Rules.zPlus());
            case "weights" ->
                RuleSet.of(Operation.Selector.kind(Operation.Kind.WEIGHTED), Rules.zPlus())
                        .rule(Operation.Selector.kind(Operation.Kind.ACTIVATION), Rules.pass());
            default -> CONSERVING;
        };
        String text = rules.equals("weights") ? "torch.relu(" + expression + ")" : expression;
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = model(text)) {
            Inputs inputs = inputs(model);
            assertThatThrownBy(() -> back(model.with(set)::run, inputs, true))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining(expression.strip().substring(6, expression.indexOf('(')))
                    .hasMessageContaining(message);
            assertThat(model.forward(inputs).shape().dim(0)).isEqualTo(2);
        }
    }

    @DisplayName("A batch norm behind an activation in place is not taken for one behind the operation whose result was"
            + " overwritten")
    @ParameterizedTest
    @ValueSource(strings = {"torch.relu(y)", "torch.relu_(y)"})
    void activationsInPlace(String activation) {
        String text = """
                y = torch.linear(x, torch.sub(torch.mul(torch.eye(8, dtype=7), 2.), 0.5))
                z = %s
                m = torch.arange(1, 7, dtype=7)
                return torch.batch_norm(z, m, torch.neg(m), torch.mul(m, 0.1), m, False, 0.1, 1.0e-05, False)
                """.formatted(activation);
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = model(text)) {
            assertInputTimesGradient(model);
        }
    }

    @DisplayName("The rules for transformers pass relevance unchanged through a root mean square norm, in one operator"
            + " or spelled out")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.mul(x, torch.rsqrt(torch.add(torch.mean(torch.pow(x, 2), [2], True), 1.0e-06)))",
                "torch.rms_norm(x, [8])"
            })
    void rootMeanSquare(String expression) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = model(expression)) {
            Inputs inputs = inputs(model);
            double[] given = model.forward(inputs).toDoubleArray();
            for (int i = 0; i < given.length; i++) {
                given[i] *= Math.cos(1.3 * i);
            }
            assertThat(back(model.with(Composites.attnLrp())::run, inputs, true))
                    .containsExactly(given, Offset.offset(1e-4));
        }
    }

    @Test
    @DisplayName("A recurrent layer in one operator is refused, even where the rest is to be treated as a gradient")
    void recurrent() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(Zoo.file("lstm_script.pt"))) {
            RuleSet set = CONSERVING.otherwise(Rules.gradient());
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 2, 5, 6, 3));
            assertThatThrownBy(() -> back(model.with(set)::run, inputs, true))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("recurrent layer");
        }
    }

    /**
     * Epsilon 0 at weighted operations and the gradient elsewhere give input × gradient, where nothing adds a constant.
     */
    private static void assertInputTimesGradient(TorchScriptModel model) {
        Inputs inputs = inputs(model);
        RuleSet plain = RuleSet.of(Operation.Selector.kind(Operation.Kind.WEIGHTED), Rules.epsilon(0))
                .otherwise(Rules.gradient());
        double[] x = inputs.attributed().get(0).toDoubleArray();
        double[] expected = back(model::pullback, inputs, false);
        for (int i = 0; i < x.length; i++) {
            expected[i] *= x[i];
        }
        assertThat(back(model.with(plain)::run, inputs, true)).containsExactly(expected, Offset.offset(1e-9));
    }
}
