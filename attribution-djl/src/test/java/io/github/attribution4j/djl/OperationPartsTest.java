// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Operators that are made of simpler operations are explained as the same program with these written out. */
class OperationPartsTest {
    private static final Lrp LRP = new Lrp(Composites.epsilon(0));

    /** Steps of recurrent layers, written by hand. GATE is replaced by the function that makes a gate of a value. */
    private static final String STEPS = """
            def lstm(x: Tensor, h: Tensor, c: Tensor, w: List[Tensor], biases: bool) -> Tuple[Tensor, Tensor]:
              z = torch.add(torch.linear(x, w[0]), torch.linear(h, w[1]))
              if biases:
                z = torch.add(z, torch.add(w[2], w[3]))
              i = GATE(torch.sigmoid(torch.narrow(z, 1, 0, 4)))
              f = GATE(torch.sigmoid(torch.narrow(z, 1, 4, 4)))
              g = torch.tanh(torch.narrow(z, 1, 8, 4))
              o = GATE(torch.sigmoid(torch.narrow(z, 1, 12, 4)))
              d = torch.add(torch.mul(f, c), torch.mul(i, g))
              y = torch.mul(o, torch.tanh(d))
              if torch.eq(torch.remainder(torch.len(w), 2), 1):
                y = torch.linear(y, w[-1])
              return (y, d)
            def gru(x: Tensor, h: Tensor, c: Tensor, w: List[Tensor], biases: bool) -> Tuple[Tensor, Tensor]:
              a = torch.linear(x, w[0])
              b = torch.linear(h, w[1])
              if biases:
                a = torch.add(a, w[2])
                b = torch.add(b, w[3])
              r = GATE(torch.sigmoid(torch.add(torch.narrow(a, 1, 0, 4), torch.narrow(b, 1, 0, 4))))
              u = GATE(torch.sigmoid(torch.add(torch.narrow(a, 1, 4, 4), torch.narrow(b, 1, 4, 4))))
              n = torch.tanh(torch.add(torch.narrow(a, 1, 8, 4), torch.mul(r, torch.narrow(b, 1, 8, 4))))
              y = torch.add(torch.mul(torch.rsub(u, 1.), n), torch.mul(u, h))
              return (y, y)
            def rnn_tanh(x: Tensor, h: Tensor, c: Tensor, w: List[Tensor], biases: bool) -> Tuple[Tensor, Tensor]:
              z = torch.add(torch.linear(x, w[0]), torch.linear(h, w[1]))
              if biases:
                z = torch.add(z, torch.add(w[2], w[3]))
              y = torch.tanh(z)
              return (y, y)
            def rnn_relu(x: Tensor, h: Tensor, c: Tensor, w: List[Tensor], biases: bool) -> Tuple[Tensor, Tensor]:
              z = torch.add(torch.linear(x, w[0]), torch.linear(h, w[1]))
              if biases:
                z = torch.add(z, torch.add(w[2], w[3]))
              y = torch.relu(z)
              return (y, y)
            def weight(seed: int, rows: int, columns: int) -> Tensor:
              i = torch.to(torch.arange(torch.mul(rows, columns)), 7)
              return torch.mul(torch.reshape(torch.sin(torch.add(torch.mul(i, 1.7), seed)), [rows, columns]), 0.6)
            """;

    private static TorchScriptModel model(String definitions, String body) {
        String forward = "def forward(self: __torch__.M, x: Tensor) -> Tensor:\n" + body.indent(2);
        return TorchScriptModel.load(
                new ByteArrayInputStream(TestModels.archive(definitions, forward)), TestModels.options());
    }

    private static double[] explained(RuledModel model, Attribution<? super RuledModel> method, Inputs inputs) {
        try (Explanation explanation = method.attribute(model, inputs, Target.output())) {
            return explanation.attribution().toDoubleArray();
        }
    }

    private static void assertAlike(
            TorchScriptModel fused, TorchScriptModel written, TorchScriptModel gated, Inputs x) {
        double[] value = written.forward(x).toDoubleArray();
        assertThat(fused.forward(x).toDoubleArray()).containsExactly(value, Offset.offset(1e-12));
        // At zeros a quotient of norms has no value.
        DeepLift deepLift = new DeepLift().baseline(Baseline.constant(0.25));
        double[] multipliers = explained(fused, deepLift, x);
        assertThat(multipliers).containsExactly(explained(written, deepLift, x), Offset.offset(1e-9));
        double[] relevance = explained(fused, LRP, x);
        assertThat(relevance).containsExactly(explained(gated, LRP, x), Offset.offset(1e-8));
        assertThat(Arrays.stream(relevance).map(Math::abs).sum()).isGreaterThan(1e-3);
        assertThat(Arrays.stream(multipliers).map(Math::abs).sum()).isGreaterThan(1e-3);
    }

    @DisplayName("DeepLIFT and LRP explain an operator as its parts")
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "torch.norm(a, 2, [2], True) | torch.sqrt(torch.sum(torch.mul(a, a), [2], True))",
                "torch.linalg_vector_norm(a, 2, [1], False) | torch.sqrt(torch.sum(torch.mul(a, a), [1]))",
                "torch.linalg_vector_norm(a, 1, [-1], True) | torch.sum(torch.abs(a), [2], True)",
                "torch.norm(a, inf, [2]) | torch.amax(torch.abs(a), [2])",
                "torch.frobenius_norm(a, [1, 2], False) | torch.sqrt(torch.sum(torch.mul(a, a), [1, 2]))",
                "torch.div(a, torch.expand_as(torch.clamp_min(torch.norm(a, 2, [1], True), 1.0e-12), a)) "
                        + "| torch.div(a, torch.expand_as(torch.sqrt(torch.sum(torch.mul(a, a), [1], True)), a))",
                "torch.var(a, [2], True, True) | torch.div(torch.sum(torch.mul(torch.sub(a, torch.mean(a, [2], True)), "
                        + "torch.sub(a, torch.mean(a, [2], True))), [2], True), 3)",
                "torch.var(a, [1], correction=0, keepdim=False) | torch.div(torch.sum(torch.mul(torch.sub(a,"
                        + " torch.mean(a, [1], True)), torch.sub(a, torch.mean(a, [1], True))), [1]), 3)",
                "torch.std(a, [1, 2], False, True) | torch.sqrt(torch.mean(torch.mul(torch.sub(a, torch.mean(a, [1,"
                        + " 2], True)), torch.sub(a, torch.mean(a, [1, 2], True))), [1, 2], True))",
                "torch.maximum(a, b) | torch.amax(torch.stack([a, b], 0), [0])",
                "torch.max(a, torch.slice(b, 1, 0, 1)) | torch.amax(torch.stack([a, torch.expand_as(torch.slice(b, 1,"
                        + " 0, 1), a)], 0), [0])",
                "torch.minimum(a, b) | torch.neg(torch.amax(torch.stack([torch.neg(a), torch.neg(b)], 0), [0]))",
                "torch.fmin(a, b) | torch.neg(torch.amax(torch.stack([torch.neg(a), torch.neg(b)], 0), [0]))",
                "torch.amin(a, [1], True) | torch.neg(torch.amax(torch.neg(a), [1], True))",
                "(torch.min(a, 2))[0] | torch.neg(torch.amax(torch.neg(a), [2]))",
                "(torch.max(a, 1, True))[0] | torch.amax(a, [1], True)",
                "torch.clamp(a, b, torch.add(b, 0.5)) |"
                        + " torch.neg(torch.amax(torch.stack([torch.neg(torch.amax(torch.stack([a, b], 0), [0])),"
                        + " torch.neg(torch.add(b, 0.5))], 0), [0]))",
                "torch.clamp_min(a, b) | torch.amax(torch.stack([a, b], 0), [0])",
                "torch.cosine_similarity(a, b, 2) | torch.sum(torch.mul(torch.div(a, torch.sqrt(torch.sum(torch.mul(a,"
                        + " a), [2], True))), torch.div(b, torch.sqrt(torch.sum(torch.mul(b, b), [2], True)))), [2])",
                "torch.lerp(a, b, 0.3) | torch.add(torch.mul(a, 0.7), torch.mul(b, 0.3))",
                "torch.lerp(a, b, torch.sigmoid(b)) | torch.add(a, torch.mul(torch.sigmoid(b), torch.sub(b, a)))",
                "torch.addcmul(a, a, b, value=0.5) | torch.add(a, torch.mul(torch.mul(a, b), 0.5))",
                "torch.conv1d(a, torch.reshape(torch.cos(torch.to(torch.arange(18), 7)), [2, 3, 3]), None, [1],"
                        + " \"same\", [1], 1) "
                        + "| torch.conv1d(a, torch.reshape(torch.cos(torch.to(torch.arange(18), 7)), [2, 3, 3]),"
                        + " None, [1], [1], [1], 1)",
                "torch.conv1d(a, torch.reshape(torch.cos(torch.to(torch.arange(12), 7)), [2, 3, 2]), None, [1],"
                        + " \"same\", [3], 1) "
                        + "| torch.conv1d(torch.constant_pad_nd(a, [1, 2]),"
                        + " torch.reshape(torch.cos(torch.to(torch.arange(12), 7)), [2, 3, 2]), None, [1], [0],"
                        + " [3], 1)",
                "torch.conv1d(a, torch.reshape(torch.cos(torch.to(torch.arange(12), 7)), [2, 3, 2]), None, [2],"
                        + " \"valid\") "
                        + "| torch.conv1d(a, torch.reshape(torch.cos(torch.to(torch.arange(12), 7)), [2, 3, 2]),"
                        + " None, [2], [0], [1], 1)",
                "torch.addcdiv(a, b, torch.exp(a), value=-0.5) | torch.add(a, torch.mul(torch.div(b, torch.exp(a)),"
                        + " -0.5))"
            })
    void parts(String operator, String written) {
        String body = """
                a = torch.sub(x, torch.mul(torch.flip(x, [1]), 0.3))
                b = torch.add(torch.mul(torch.flip(x, [2]), 0.8), torch.mul(x, 0.1))
                y = %s
                return torch.sum(torch.mul(torch.reshape(y, [2, -1]), 1.5), [1])
                """;
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel fused = model("", body.formatted(operator.strip()));
                TorchScriptModel plain = model("", body.formatted(written.strip()))) {
            assertAlike(fused, plain, plain, Inputs.of(TestModels.normal(plain, DataType.FLOAT64, 2, 7, 3, 4)));
        }
    }

    @DisplayName("A soft maximum shares relevance by its weights, and its multipliers add up as those of its parts do")
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"[2], True | [2], True", "[1, 2] | [1, 2], False", "[-2] | [1], False"})
    void softMaximum(String axes, String written) {
        String body = "a = torch.mul(x, 1.3)\ny = %s\nreturn torch.sum(torch.reshape(y, [2, -1]), [1])\n";
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel fused = model("", body.formatted("torch.logsumexp(a, " + axes + ")"));
                TorchScriptModel plain =
                        model("", body.formatted("torch.log(torch.sum(torch.exp(a), " + written + "))"))) {
            Inputs inputs = Inputs.of(TestModels.normal(plain, DataType.FLOAT64, 2, 7, 3, 4));
            double[] value = plain.forward(inputs).toDoubleArray();
            assertThat(explained(fused, new DeepLift(), inputs))
                    .containsExactly(explained(plain, new DeepLift(), inputs), Offset.offset(1e-10));
            // The logarithm and the exponential pass, and the sum shares in proportion: exp(a_i) / sum exp(a).
            double[] relevance = explained(fused, LRP, inputs);
            assertThat(relevance).containsExactly(explained(plain, LRP, inputs), Offset.offset(1e-10));
            assertThat(Arrays.stream(relevance).sum())
                    .isCloseTo(Arrays.stream(value).sum(), Offset.offset(1e-10));
        }
    }

    @DisplayName("A picture sampled at constant positions is a linear map; positions that depend on the input refuse")
    @Test
    void sampling() {
        String fixed = """
                g = torch.reshape(torch.mul(torch.cos(torch.to(torch.arange(12), 7)), 0.8), [1, 2, 3, 2])
                y = torch.grid_sampler(torch.reshape(x, [2, 1, 3, 4]), torch.expand(g, [2, 2, 3, 2]), 0, 0, True)
                return torch.sum(torch.reshape(y, [2, -1]), [1])
                """;
        String moving = fixed.replace("torch.expand(g, [2, 2, 3, 2])", "torch.reshape(torch.tanh(x), [2, 2, 3, 2])");
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = model("", fixed);
                TorchScriptModel other = model("", moving)) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT64, 2, 7, 3, 4));
            double value = Arrays.stream(model.forward(inputs).toDoubleArray()).sum();
            assertThat(Arrays.stream(explained(model, LRP, inputs)).sum()).isCloseTo(value, Offset.offset(1e-9));
            assertThat(explained(model, new DeepLift(), inputs))
                    .containsExactly(explained(model, LRP, inputs), Offset.offset(1e-9));
            for (Attribution<? super RuledModel> method :
                    List.<Attribution<? super RuledModel>>of(LRP, new DeepLift())) {
                assertThatThrownBy(() -> explained(other, method, inputs))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessageContaining("grid_sampler")
                        .hasMessageContaining("grid depends");
            }
        }
    }

    /** A recurrent layer: the operator and the same by steps. */
    private static String[] layer(String cell, int layers, boolean both, boolean first, int size, boolean biases) {
        int gates = cell.equals("lstm") ? 4 : cell.equals("gru") ? 3 : 1;
        int out = size > 0 ? size : 4;
        int ways = both ? 2 : 1;
        StringBuilder weights =
                new StringBuilder("w = annotate(List[Tensor], [])\nws = annotate(List[List[Tensor]], [])\n");
        int seed = 0;
        for (int i = 0; i < layers * ways; i++) {
            int in = i < ways ? 4 : out * ways;
            weights.append("v = [__torch__.weight(%d, %d, %d, ), __torch__.weight(%d, %d, %d, )]\n"
                    .formatted(seed, 4 * gates, in, seed + 1, 4 * gates, out));
            seed += 2;
            for (int b = 0; biases && b < 2; b++) {
                weights.append("torch.append(v, torch.reshape(__torch__.weight(%d, 1, %d, ), [-1]))\n"
                        .formatted(seed++, 4 * gates));
            }
            if (size > 0) {
                weights.append("torch.append(v, __torch__.weight(%d, %d, 4, ))\n".formatted(seed++, size));
            }
            weights.append("torch.extend(w, v)\ntorch.append(ws, v)\n");
        }
        String start = ("h = torch.expand(torch.reshape(torch.tanh(torch.slice(torch.select(x, 1, 0), 1, 0, %d)), "
                        + "[1, 2, %d]), [%d, 2, %d])\nc = torch.zeros([%d, 2, 4], dtype=7)\n")
                .formatted(out, out, layers * ways, out, layers * ways);
        String given = first ? "x" : "torch.transpose(x, 0, 1)";
        String flags = "w, %s, %d, 0.5, False, %s, %s)"
                .formatted(biases ? "True" : "False", layers, both ? "True" : "False", first ? "True" : "False");
        String end = "return torch.sum(torch.mul(torch.reshape(z, [2, -1]), torch.cos(torch.arange(%d))), [1])\n";
        String operator = cell.equals("lstm")
                ? "y, n, m, = torch.lstm(" + given + ", [h, c], " + flags
                : "y, n, = torch." + cell + "(" + given + ", h, " + flags + "\nm = n";
        String fused = weights + start + operator + "\n" + (first ? "" : "y = torch.transpose(y, 0, 1)\n")
                + "z = torch.cat([torch.flatten(y, 1), torch.flatten(torch.transpose(n, 0, 1), 1), "
                + "torch.flatten(torch.transpose(m, 0, 1), 1)], 1)\n";
        StringBuilder steps = new StringBuilder(weights + start + "xs = torch.unbind(x, 1)\n"
                + "ns = annotate(List[Tensor], [])\nms = annotate(List[Tensor], [])\n");
        for (int l = 0; l < layers; l++) {
            for (int d = 0; d < ways; d++) {
                int q = l * ways + d;
                steps.append("p = torch.select(h, 0, %d)\ns = torch.select(c, 0, %d)\n".formatted(q, q));
                steps.append("o%d = annotate(List[Tensor], [])\nfor t in range(3):\n".formatted(d));
                steps.append("  p, s, = __torch__.%s(xs[%s], p, s, ws[%d], %s, )\n"
                        .formatted(cell, d == 0 ? "t" : "torch.sub(2, t)", q, biases ? "True" : "False"));
                steps.append(d == 0 ? "  torch.append(o0, p)\n" : "  torch.insert(o1, 0, p)\n");
                steps.append("torch.append(ns, p)\ntorch.append(ms, s)\n");
            }
            steps.append(both ? """
                              xs = annotate(List[Tensor], [])
                              for t in range(3):
                                torch.append(xs, torch.cat([o0[t], o1[t]], 1))
                              """ : "xs = o0\n");
        }
        steps.append("z = torch.cat([torch.flatten(torch.stack(xs, 1), 1), torch.flatten(torch.stack(ns, 1), 1), "
                + "torch.flatten(torch.stack(ms, 1), 1)], 1)\n");
        int width = 3 * out * ways + layers * ways * (out + (cell.equals("lstm") ? 4 : out));
        return new String[] {fused + end.formatted(width), steps + end.formatted(width)};
    }

    @DisplayName("A recurrent layer is explained as its steps written by hand, gates as constants in LRP")
    @ParameterizedTest(name = "{0}, layers {1}, both ways {2}, batch first {3}, projection {4}, biases {5}")
    @CsvSource({
        "lstm, 1, false, true, 0, true",
        "lstm, 2, true, false, 0, true",
        "lstm, 2, true, true, 3, true",
        "lstm, 1, false, true, 2, false",
        "gru, 1, false, true, 0, true",
        "gru, 2, true, false, 0, false",
        "rnn_tanh, 2, true, true, 0, true",
        "rnn_relu, 2, false, false, 0, true",
        "rnn_relu, 1, true, true, 0, false"
    })
    void recurrent(String cell, int layers, boolean both, boolean first, int size, boolean biases) {
        String[] bodies = layer(cell, layers, both, first, size, biases);
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel fused = model(STEPS.replace("GATE", ""), bodies[0]);
                TorchScriptModel written = model(STEPS.replace("GATE", ""), bodies[1]);
                TorchScriptModel gated = model(STEPS.replace("GATE", "torch.detach"), bodies[1])) {
            assertAlike(fused, written, gated, Inputs.of(TestModels.normal(fused, DataType.FLOAT64, 2, 7, 3, 4)));
        }
    }

    @DisplayName("A recurrent cell is explained as its step written by hand, gates as constants in LRP")
    @ParameterizedTest
    @CsvSource({"lstm, 16", "gru, 12", "rnn_tanh, 4", "rnn_relu, 4"})
    void cells(String cell, int rows) {
        String body =
                "w = [__torch__.weight(5, %d, 4, ), __torch__.weight(7, %d, 4, ), torch.reshape(__torch__.weight(3, 1,"
                        + " %d, ), [-1]), torch.reshape(__torch__.weight(4, 1, %d, ), [-1])]\n"
                        + "h = torch.tanh(torch.select(x, 1, 1))\n"
                        + "c = torch.select(x, 1, 2)\n"
                        + "x0 = torch.select(x, 1, 0)\n";
        String operator = cell.equals("lstm")
                ? "y, d, = torch.lstm_cell(x0, [h, c], w[0], w[1], w[2], w[3])\n"
                : "y = torch." + cell + "_cell(x0, h, w[0], w[1], w[2], w[3])\nd = y\n";
        String end = "return torch.sum(torch.add(torch.mul(y, 2.), d), [1])\n";
        String start = body.formatted(rows, rows, rows, rows);
        String step = "y, d, = __torch__." + cell + "(x0, h, c, w, True, )\n";
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel fused = model(STEPS.replace("GATE", ""), start + operator + end);
                TorchScriptModel written = model(STEPS.replace("GATE", ""), start + step + end);
                TorchScriptModel gated = model(STEPS.replace("GATE", "torch.detach"), start + step + end)) {
            assertAlike(fused, written, gated, Inputs.of(TestModels.normal(fused, DataType.FLOAT64, 2, 7, 3, 4)));
        }
    }

    @DisplayName("A packed sequence is explained as each of its sequences alone, in both directions")
    @ParameterizedTest
    @CsvSource({"lstm, 16", "gru, 12", "rnn_tanh, 4"})
    void packed(String cell, int rows) {
        String weights =
                "w = [__torch__.weight(1, %d, 4, ), __torch__.weight(2, %d, 4, ), __torch__.weight(3, %d, 4, ),"
                                .formatted(rows, rows, rows)
                        + " __torch__.weight(4, %d, 4, )]\n".formatted(rows)
                        + "h = torch.mul(torch.ones([2, 2, 4], dtype=7), 0.3)\nl = torch.slice(h, 1, 0, 1)\n";
        String state = cell.equals("lstm") ? "[h, h]" : "h";
        String alone = cell.equals("lstm") ? "[l, l]" : "l";
        String results = cell.equals("lstm") ? "%s, n%s, m%s, = torch." : "%s, n%s, = torch.";
        String end = "return torch.reshape(torch.add(torch.sum(y), torch.mul(torch.sum(n), 2.)), [1])\n";
        String packed = weights
                + "d = torch.cat([torch.select(x, 1, 0), torch.select(x, 1, 1), torch.slice(torch.select(x, 1, 2), 0,"
                + " 0, 1)])\n"
                + results.formatted("y", "", "") + cell + "(d, torch.tensor([2, 2, 1]), " + state
                + ", w, False, 1, 0., False, True)\n" + end;
        String tail = ", " + alone + ", w, False, 1, 0., False, True, True)\n";
        String each = weights + results.formatted("y0", "0", "0") + cell + "(torch.slice(x, 0, 0, 1)" + tail
                + results.formatted("y1", "1", "1") + cell + "(torch.slice(torch.slice(x, 0, 1, 2), 1, 0, 2)" + tail
                + "y = torch.add(torch.sum(y0), torch.sum(y1))\nn = torch.add(torch.sum(n0), torch.sum(n1))\n" + end;
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel together = model(
                        STEPS.replace("GATE", ""),
                        packed.replace("x, ", "v, ").replaceFirst("^", "v = torch.reshape(x, [2, 3, 4])\n"));
                TorchScriptModel apart = model(
                        STEPS.replace("GATE", ""),
                        each.replace("(x, ", "(v, ").replaceFirst("^", "v = torch.reshape(x, [2, 3, 4])\n"))) {
            Inputs inputs = Inputs.of(TestModels.normal(apart, DataType.FLOAT64, 1, 7, 2, 3, 4));
            assertAlike(together, apart, apart, inputs);
        }
    }

    @DisplayName("Operators without a sound rule are refused by name, and the model still works")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.norm(x, 0, [2], True)",
                "torch.prod(x, 2, True)",
                "torch.cumprod(x, 2)",
                "torch.atan2(x, torch.tanh(x))",
                "torch.remainder(x, 0.7)",
                "torch.quantile(x, 0.3, 2, True)",
                "torch.median(x)"
            })
    void withoutRule(String operator) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = model("", "return torch.sum(torch.mul(x, " + operator + "), [1, 2])")) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT64, 2, 7, 3, 4));
            String name = operator.substring(6, operator.indexOf('('));
            for (Attribution<? super RuledModel> method :
                    List.<Attribution<? super RuledModel>>of(LRP, new DeepLift())) {
                assertThatThrownBy(() -> explained(model, method, inputs))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessageContaining(name + "#0");
            }
            assertThat(model.forward(inputs).shape().dim(0)).isEqualTo(2);
        }
    }

    @DisplayName("A constant that a condition on a value puts in its place passes its relevance to that value")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.where(torch.lt(x, 0.2), -1.5, x)",
                "torch.masked_fill(x, torch.lt(x, 0.2), -1.5)",
                "torch.masked_fill_(torch.mul(x, 1), torch.logical_and(torch.lt(x, 0.2), torch.gt(x, -9.)), -1.5)",
                "torch.threshold(x, 0.2, -1.5)"
            })
    void constantsOfConditions(String operator) {
        boolean inPlace = operator.contains("fill_");
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model =
                        model("", "return torch.sum(torch.mul(" + operator + ", torch.arange(4)), [1, 2])")) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT64, 2, 7, 3, 4));
            double[] x = inputs.tensor(0).toDoubleArray();
            double[] relevance = explained(model, LRP, inputs);
            for (int i = 0; i < x.length; i++) {
                double value = x[i] < 0.2 || (x[i] == 0.2 && operator.contains("threshold")) ? -1.5 : x[i];
                // The condition is on another value than the one that is written to: what the constant gets stays
                // there.
                double expected = inPlace && value == -1.5 ? 0 : value * (i % 4);
                assertThat(relevance[i]).isCloseTo(expected, Offset.offset(1e-12));
            }
        }
    }

    @DisplayName("Rules that a recurrent layer cannot follow, and dropout while training, are refused by name")
    @Test
    void refusals() {
        String[] bodies = layer("lstm", 2, false, true, 0, true);
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = model(STEPS.replace("GATE", ""), bodies[0]);
                TorchScriptModel training =
                        model(STEPS.replace("GATE", ""), bodies[0].replace("0.5, False", "0.5, True"))) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT64, 2, 7, 3, 4));
            Operation.Selector recurrent = Operation.Selector.kind(Operation.Kind.RECURRENT);
            Lrp plus = new Lrp(Composites.epsilon(0).override(recurrent, Rules.zPlus()));
            assertThatThrownBy(() -> explained(model, plus, inputs))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("lstm#0")
                    .hasMessageContaining("signals");
            Lrp derivative = new Lrp(Composites.epsilon(0).override(recurrent, Rules.gradient()));
            assertThatThrownBy(() -> explained(model, derivative, inputs))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("lstm#0")
                    .hasMessageContaining("Norm or epsilon");
            for (Attribution<? super RuledModel> method :
                    List.<Attribution<? super RuledModel>>of(LRP, new DeepLift())) {
                assertThatThrownBy(() -> explained(training, method, inputs))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessageContaining("lstm#0")
                        .hasMessageContaining("at random");
            }
            assertThat(model.forward(inputs).shape().dim(0)).isEqualTo(2);
        }
    }

    @Test
    @DisplayName("Eight threads get the bits that one thread gets")
    void threads() throws Exception {
        String[] bodies = layer("gru", 2, true, true, 0, true);
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = model(STEPS.replace("GATE", ""), bodies[0])) {
            Tensor x = TestModels.normal(model, DataType.FLOAT64, 2, 7, 3, 4);
            Inputs inputs = Inputs.of(x);
            double[] relevance = explained(model, LRP, inputs);
            double[] multipliers = explained(model, new DeepLift(), inputs);
            ExecutorService pool = Executors.newFixedThreadPool(8);
            try {
                Callable<Boolean> task = () -> Arrays.equals(relevance, explained(model, LRP, inputs))
                        && Arrays.equals(multipliers, explained(model, new DeepLift(), inputs));
                for (Future<Boolean> done : pool.invokeAll(Collections.nCopies(16, task))) {
                    assertThat(done.get()).isTrue();
                }
            } finally {
                pool.shutdownNow();
            }
        }
    }
}
