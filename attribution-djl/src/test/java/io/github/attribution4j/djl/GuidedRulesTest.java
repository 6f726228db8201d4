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
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.propagation.Rules;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rules that are not linear in what flows backwards: graphs in pieces. */
@ExtendWith(LeakExtension.class)
class GuidedRulesTest {
    private static final RuleSet GUIDED = RuleSet.relus(new BackwardRule.GuidedRelu());
    private static final RuleSet DECONVOLUTION = RuleSet.relus(new BackwardRule.DeconvolutionRelu());

    private static Inputs image(TorchScriptModel model, int rows) {
        return Inputs.of(TestModels.normal(model, DataType.FLOAT32, rows, 7, 1, 8, 8));
    }

    private static Tensor weights(Tensor output) {
        float[] values = new float[(int) output.shape().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.cos(i);
        }
        return output.tensors().of(values, output.shape().dims());
    }

    private static float[] gradient(Function<Inputs, ? extends BackwardRun> runs, Inputs inputs) {
        try (TensorScope scope = TensorScope.open();
                BackwardRun run = runs.apply(inputs)) {
            return run.back(weights(run.output())).get(0).toFloatArray();
        }
    }

    private static void close(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], Offset.offset(1e-5f * Math.max(1, Math.abs(expected[i]))));
        }
    }

    @Test
    @DisplayName("A rule for a module that is not there is refused, in a frozen archive for having no modules")
    void missingModules() {
        RuleSet rules = RuleSet.of(Operation.Selector.module("layer1"), Rules.epsilon(1e-6))
                .otherwise(new BackwardRule.Gradient());
        try (TorchScriptModel frozen = TorchScriptModel.load(Zoo.file("cnn_frozen.pt"));
                TorchScriptModel mlp = TorchScriptModel.load(Zoo.file("mlp_script.pt"))) {
            assertThatThrownBy(() -> frozen.with(rules))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("rule epsilon(1.0E-6) is for operations in 'layer1'")
                    .hasMessageContaining("a frozen archive has no modules")
                    .hasMessageContaining("choose them by kind, by name or by address");
            assertThatThrownBy(() -> mlp.with(rules))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("its operations are in fc1");
        }
    }

    @Test
    @DisplayName("A frozen archive, its script and its trace give the same, as does every call of a pullback")
    void forms() {
        for (RuleSet rules : List.of(GUIDED, DECONVOLUTION)) {
            float[] expected = null;
            for (String file : List.of("cnn_script.pt", "cnn_trace.pt", "cnn_frozen.pt")) {
                try (TorchScriptModel model = TorchScriptModel.load(Zoo.file(file));
                        TensorScope scope = TensorScope.open()) {
                    RuledModel.Copy copy = model.with(rules);
                    float[] all = gradient(copy::run, image(model, 2));
                    expected = expected == null ? all : expected;
                    close(all, expected);
                    assertThat(all).isNotEqualTo(gradient(model::pullback, image(model, 2)));
                    try (BackwardRun run = copy.run(image(model, 2))) {
                        Tensor weights = weights(run.output());
                        assertThat(run.back(weights).get(0).toFloatArray()).isEqualTo(all);
                        assertThat(run.back(weights).get(0).toFloatArray()).isEqualTo(all);
                        assertThat(run.backLast(weights).get(0).toFloatArray()).isEqualTo(all);
                        assertThat(run.output().toFloatArray())
                                .isEqualTo(model.forward(image(model, 2)).toFloatArray());
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("Behind, at and before a cut the rules compose to those of the whole")
    void cuts() {
        for (String file : List.of("cnn_script.pt", "cnn_trace.pt")) {
            try (TorchScriptModel model = TorchScriptModel.load(Zoo.file(file));
                    TensorScope scope = TensorScope.open()) {
                Inputs inputs = image(model, 2);
                RuledModel.Copy copy = model.with(GUIDED);
                float[] whole = gradient(copy::run, inputs);
                for (String layer : List.of(
                        "layer1.0", "layer1.1.bn1", "stem.2", "pool", "layer2.0:in", "layer1.0.conv2/conv2d#0")) {
                    if (file.contains("trace") && layer.contains("/")) {
                        continue;
                    }
                    RuledCut cut = model.cut(layer);
                    Tensor middle;
                    try (BackwardRun behind = copy.cut(cut.points()).run(inputs)) {
                        middle = behind.back(weights(behind.output())).get(0);
                    }
                    Inputs tail = cut.tailInputs(inputs, cut.activations(inputs));
                    try (BackwardRun behind = cut.tail().with(GUIDED).run(tail)) {
                        close(behind.back(weights(behind.output())).get(0).toFloatArray(), middle.toFloatArray());
                    }
                    if (!layer.equals("layer1.1.bn1") && !layer.contains("conv2")) {
                        // The others have a way around them.
                        try (BackwardRun before = cut.head().with(GUIDED).run(inputs)) {
                            close(before.back(middle).get(0).toFloatArray(), whole);
                        }
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("Reused modules, functions of the archive and operators in place follow the rules")
    void reused() {
        for (String file : List.of("reused_script.pt", "reused_trace.pt", "inplace_script.pt", "inplace_trace.pt")) {
            try (TorchScriptModel model = TorchScriptModel.load(Zoo.file(file));
                    TensorScope scope = TensorScope.open()) {
                int width = file.startsWith("reused") ? 4 : 3;
                Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 3, 5, width));
                float[] given = inputs.tensors().get(0).toFloatArray();
                float[] result = gradient(model.with(DECONVOLUTION)::run, inputs);
                assertThat(result).isNotEqualTo(gradient(model::pullback, inputs));
                assertThat(inputs.tensors().get(0).toFloatArray()).isEqualTo(given);
            }
        }
    }

    /** {@code f_i = w * relu(f_0 + ... + f_(i-1))}: every piece lies behind all the earlier ones. */
    private static String dense(int layers) {
        return """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  w = torch.div(torch.remainder(torch.reshape(torch.arange(9216, dtype=6), [32, 32, 3, 3]), 7.), 2000.)
                  fs = annotate(List[Tensor], [])
                  _0 = torch.append(fs, torch.conv2d(torch.repeat(x, [1, 32, 1, 1]), w, None, [1, 1], [1, 1]))
                  for i in range(LAYERS):
                    s = fs[0]
                    for k in range(i):
                      s = torch.add(s, fs[torch.add(k, 1)])
                    _1 = torch.append(fs, torch.conv2d(torch.relu(s), w, None, [1, 1], [1, 1]))
                  return torch.sum(fs[LAYERS], [1, 2, 3])
                """.replace("LAYERS", Integer.toString(layers));
    }

    @Test
    @DisplayName(
            "In a dense block of positive weights no gradient is negative, so that guided backprop is the gradient")
    void denseBlock() {
        for (int layers : new int[] {8, 40}) {
            try (TorchScriptModel model = TestModels.script(dense(layers));
                    TensorScope scope = TensorScope.open()) {
                Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 2, 7, 1, 8, 8)
                        .abs());
                float[] plain = gradientOfSum(model::pullback, inputs);
                float[] guided = gradientOfSum(model.with(GUIDED)::run, inputs);
                for (int i = 0; i < plain.length; i++) {
                    assertThat(plain[i]).isPositive();
                    assertThat(guided[i]).isCloseTo(plain[i], Offset.offset(1e-4f * plain[i]));
                }
            }
        }
    }

    private static float[] gradientOfSum(Function<Inputs, ? extends BackwardRun> runs, Inputs inputs) {
        try (TensorScope scope = TensorScope.open();
                BackwardRun run = runs.apply(inputs)) {
            Tensor output = run.output();
            Tensor ones = output.tensors().full(output.shape(), output.dataType(), 1);
            return run.back(ones).get(0).toFloatArray();
        }
    }

    @Test
    @DisplayName(
            "Eight threads that mix gradients and rules of all families on one model get the bits that one thread gets")
    void threads() throws Exception {
        RuleSet comparison = RuleSet.of(
                        Operation.Selector.kind(Operation.Kind.ACTIVATION), new BackwardRule.Rescale(1e-6))
                .otherwise(new BackwardRule.Gradient());
        RuleSet relevance = RuleSet.of(Operation.Selector.kind(Operation.Kind.WEIGHTED), Rules.epsilon(1e-6))
                .rule(Operation.Selector.kind(Operation.Kind.ACTIVATION), Rules.pass())
                .otherwise(new BackwardRule.Gradient());
        try (TorchScriptModel model = TorchScriptModel.load(Zoo.file("cnn_script.pt"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = image(model, 2);
            Inputs compared = inputs.against(List.of(TestModels.normal(model, DataType.FLOAT32, 2, 11, 1, 8, 8)));
            List<Callable<float[]>> questions = new ArrayList<>();
            questions.add(() -> gradient(model::pullback, inputs));
            for (RuleSet rules : List.of(GUIDED, DECONVOLUTION, relevance, comparison)) {
                questions.add(() -> gradient(model.with(rules)::run, rules.equals(comparison) ? compared : inputs));
            }
            questions.add(() -> {
                try (TensorScope own = TensorScope.open();
                        BackwardRun run = model.with(GUIDED)
                                .cut(model.cut("layer1.0").points())
                                .run(inputs)) {
                    return run.back(weights(run.output())).get(0).toFloatArray();
                }
            });
            List<float[]> alone = new ArrayList<>();
            try (TorchScriptModel other = TorchScriptModel.load(Zoo.file("cnn_script.pt"))) {
                assertThat(gradient(other::pullback, inputs)).isNotEmpty();
            }
            for (Callable<float[]> question : questions) {
                alone.add(question.call());
            }
            ExecutorService pool = Executors.newFixedThreadPool(8);
            try {
                CyclicBarrier together = new CyclicBarrier(8);
                List<Callable<Boolean>> tasks = new ArrayList<>();
                for (int thread = 0; thread < 8; thread++) {
                    int first = thread;
                    tasks.add(() -> {
                        together.await();
                        for (int round = 0; round < 12; round++) {
                            int number = (first + round) % questions.size();
                            assertThat(questions.get(number).call())
                                    .as("question %s in round %s", number, round)
                                    .isEqualTo(alone.get(number));
                        }
                        return true;
                    });
                }
                for (Future<Boolean> task : pool.invokeAll(tasks)) {
                    assertThat(task.get()).isTrue();
                }
            } finally {
                pool.shutdownNow();
            }
        }
    }

    @Test
    @DisplayName("ReLUs inside a recurrent operator refuse, unless their derivative is meant by name")
    void recurrentRelu() {
        String text = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  w = annotate(List[Tensor], [torch.ones([2, 3]), torch.ones([2, 2])])
                  y, h, = torch.rnn_relu(x, torch.zeros([1, 1, 2]), w, False, 1, 0., False, False, True)
                  return torch.sum(torch.relu(y), [1, 2])
                """;
        try (TorchScriptModel model = TestModels.script(text);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 1, 3, 4, 3));
            RuledModel.Copy copy = model.with(GUIDED);
            assertThatThrownBy(() -> copy.run(inputs))
                    .hasMessageContaining("rnn_relu#0")
                    .hasMessageContaining("recurrent");
            RuleSet meant = GUIDED.rule(Operation.Selector.name("rnn_relu"), new BackwardRule.Gradient());
            assertThat(gradient(model.with(meant)::run, inputs)).hasSize(12);
        }
    }
}
