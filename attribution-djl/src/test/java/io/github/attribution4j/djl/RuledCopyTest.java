// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.instrument.Copies;
import io.github.attribution4j.djl.internal.wire.Level;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.BackwardRule.BiasPart;
import io.github.attribution4j.model.rule.BackwardRule.InputPart;
import io.github.attribution4j.model.rule.BackwardRule.WeightPart;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Copies that follow backward rules. */
class RuledCopyTest {
    private static final BackwardRule GRADIENT = new BackwardRule.Gradient();
    private static final RuleSet GUIDED = RuleSet.of(Operation.Selector.name("relu"), new BackwardRule.GuidedRelu())
            .otherwise(GRADIENT);
    private static final RuleSet DECONVOLUTION = RuleSet.of(
                    Operation.Selector.name("relu"), new BackwardRule.DeconvolutionRelu())
            .otherwise(GRADIENT);

    private static Inputs image(TorchScriptModel model) {
        float[] pixels = new float[2 * 64];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) Math.sin(0.7 * i);
        }
        return Inputs.of(model.tensors().of(pixels, 2, 1, 8, 8));
    }

    /** The gradient of the sum of all outputs, each with a weight of its own. */
    private static float[] gradient(Function<Inputs, ? extends BackwardRun> runs, Inputs inputs) {
        try (TensorScope scope = TensorScope.open();
                BackwardRun run = runs.apply(inputs)) {
            Tensor output = run.output();
            float[] weights = new float[(int) output.shape().size()];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = 1 - 0.37f * i;
            }
            return run.back(output.tensors().of(weights, output.shape().dims()))
                    .get(0)
                    .toFloatArray();
        }
    }

    private static void close(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], Offset.offset((float) (1e-5 * largest)));
        }
    }

    @Test
    @DisplayName("Operations are listed in the order in which they run, with kinds, addresses of cuts and modules")
    void operations() {
        try (TorchScriptModel model = TorchScriptModel.load(Zoo.file("cnn_script.pt"))) {
            List<Operation> operations = model.operations();
            assertThat(operations).extracting(Operation::order).isSorted().doesNotHaveDuplicates();
            assertThat(operations).extracting(Operation::address).doesNotHaveDuplicates();
            List<String> counters = new ArrayList<>();
            for (Operation operation : operations) {
                // What stood in the place of a counter of batch norm would not reach the counter: it is no cut point.
                if (operation.name().equals("add_") && operation.module().matches("stem.1|.*bn\\d|.*downsample.1")) {
                    counters.add(operation.address());
                } else {
                    assertThat(model.cutPoint(operation.address()).toString()).isEqualTo(operation.address());
                }
            }
            assertThat(counters).isNotEmpty().allMatch(address -> address.endsWith("/add_#0"));
            assertThat(operations.get(0).kind()).isEqualTo(Operation.Kind.WEIGHTED);
        }
    }

    @Test
    @DisplayName("Copies of all levels and families number the places of a text alike")
    void numbering() {
        for (String file : Zoo.names()) {
            TorchArchive archive = TorchArchive.read(Zoo.file(file));
            int places = Copies.of(archive, Level.VALUES).places();
            for (Level level : List.of(Level.MODULES, Level.VALUES)) {
                for (BackwardRule.Family family : BackwardRule.Family.values()) {
                    assertThat(Copies.ruled(archive, level, family).places())
                            .as("%s, %s, %s", file, level, family)
                            .isEqualTo(places);
                }
            }
        }
    }

    @Test
    @DisplayName("With derivatives only, a copy's gradients are those of the model; in pieces too")
    void derivatives() {
        RuleSet nothing = RuleSet.of(GRADIENT);
        for (String file :
                List.of("cnn_script.pt", "cnn_trace.pt", "cnn_frozen.pt", "inplace_script.pt", "reused_trace.pt")) {
            try (TorchScriptModel model = TorchScriptModel.load(Zoo.file(file))) {
                Inputs inputs = file.startsWith("cnn")
                        ? image(model)
                        : Inputs.of(
                                TestModels.normal(model, DataType.FLOAT32, 2, 1, file.startsWith("reused") ? 4 : 3));
                close(gradient(model.with(nothing)::run, inputs), gradient(model::pullback, inputs));
            }
        }
    }

    @Test
    @DisplayName("Guided backpropagation and deconvolution of y = w relu(v relu(x)) are as their definitions say")
    void definitions() {
        String text = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  y = torch.%s
                  u = torch.sub(torch.mul(y, 2.), 3.)
                  return torch.mul(torch.relu(u), 0.5)
                """;
        for (String spelling : List.of(
                "relu(x)",
                "relu_(x)",
                "clamp_min(x, 0.)",
                "threshold(x, 0, 0)",
                "clamp_(x, 0)",
                "clamp(x, 0., None)")) {
            try (TorchScriptModel model = TestModels.script(text.formatted(spelling));
                    TensorScope scope = TensorScope.open()) {
                Inputs inputs = Inputs.of(model.tensors().of(new float[] {-1, 1, 2, 2}, 4, 1));
                float[] cotangent = {1, -1, 1, -1};
                // The second ReLU is on where x is 2.
                assertThat(back(model::pullback, inputs, cotangent)).containsExactly(0, 0, 1, -1);
                assertThat(back(model.with(GUIDED)::run, inputs, cotangent)).containsExactly(0, 0, 1, 0);
                assertThat(back(model.with(DECONVOLUTION)::run, inputs, cotangent))
                        .containsExactly(1, 0, 1, 0);
                assertThat(model.with(GUIDED)).isSameAs(model.with(GUIDED));
            }
        }
    }

    private static float[] back(Function<Inputs, ? extends BackwardRun> runs, Inputs inputs, float... cotangent) {
        try (TensorScope scope = TensorScope.open();
                BackwardRun run = runs.apply(inputs)) {
            return run.back(run.output()
                            .tensors()
                            .of(cotangent, run.output().shape().dims()))
                    .get(0)
                    .toFloatArray();
        }
    }

    @Test
    @DisplayName("Rescale and epsilon rules run end to end")
    void otherFamilies() {
        String text = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  return torch.sum(torch.sigmoid(torch.mul(x, 3.)), [1], True)
                """;
        RuleSet rescale =
                RuleSet.of(Operation.Selector.kind(Operation.Kind.ACTIVATION), new BackwardRule.Rescale(1e-6));
        try (TorchScriptModel model = TestModels.script(text);
                TensorScope scope = TensorScope.open()) {
            float[] x = {-1, 0.5f, 0.25f};
            float[] reference = {0.1f, 0, -0.2f};
            Inputs inputs = Inputs.of(model.tensors().of(x, 1, 3));
            Inputs compared = inputs.against(List.of(model.tensors().of(reference, 1, 3)));
            float[] multipliers = back(model.with(rescale)::run, compared, 1);
            double sum = 0;
            for (int i = 0; i < x.length; i++) {
                sum += multipliers[i] * (x[i] - reference[i]);
            }
            float difference = model.forward(inputs).toFloatArray()[0]
                    - model.forward(Inputs.of(model.tensors().of(reference, 1, 3)))
                            .toFloatArray()[0];
            assertThat(sum).isCloseTo(difference, Offset.offset(1e-5));
            assertThatThrownBy(() -> model.with(rescale).run(inputs)).hasMessageContaining("reference");
            assertThatThrownBy(() -> model.pullback(compared)).hasMessageContaining("reference");
        }
        String linear = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  return torch.sum(torch.linear(x, torch.sub(torch.ones([2, 3]), 0.5)), [1], True)
                """;
        RuleSet epsilon = RuleSet.of(
                        Operation.Selector.kind(Operation.Kind.WEIGHTED),
                        new BackwardRule.Weighted(
                                "epsilon",
                                List.of(new BackwardRule.Group(
                                        1,
                                        new BackwardRule.Term(1, InputPart.VALUE, WeightPart.VALUE, BiasPart.VALUE))),
                                0,
                                0,
                                List.of(),
                                List.of()))
                .rule(Operation.Selector.kind(Operation.Kind.LINEAR), new BackwardRule.Norm(0));
        try (TorchScriptModel model = TestModels.script(linear);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(model.tensors().of(new float[] {-1, 0.5f, 2}, 1, 3));
            float y = model.forward(inputs).toFloatArray()[0];
            close(back(model.with(epsilon)::run, inputs, y), new float[] {-1, 0.5f, 2});
        }
    }

    @Test
    @DisplayName("An operation without a rule refuses by name where a gradient has to pass it")
    void refusals() {
        String text = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  y = torch.cumprod(x, 1)
                  return torch.sigmoid(torch.sum(y, [1], True))
                """;
        RuleSet rescale =
                RuleSet.of(Operation.Selector.kind(Operation.Kind.ACTIVATION), new BackwardRule.Rescale(1e-6));
        try (TorchScriptModel model = TestModels.script(text);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(model.tensors().of(new float[] {-1, 0.5f, 2}, 1, 3));
            Inputs compared = inputs.against(inputs.tensors());
            assertThatThrownBy(() -> model.with(rescale).run(compared))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("/cumprod#0")
                    .hasMessageContaining("otherwise");
            assertThatThrownBy(() -> model.with(GUIDED))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("sigmoid");
            RuleSet lenient = rescale.otherwise(GRADIENT);
            assertThat(back(model.with(lenient)::run, compared, 1)).hasSize(3);
            // Behind the operation nothing has to pass it.
            try (BackwardRun run =
                    model.with(rescale).cut(model.cut("/sum#0").points()).run(compared)) {
                assertThat(run.back(model.tensors().of(new float[] {1}, 1, 1))).hasSize(1);
            }
        }
    }

    @Test
    @DisplayName("Rules go through recurrent layers, and quantized values refuse by name")
    void recurrentAndQuantized() {
        RuleSet rescale = RuleSet.of(Operation.Selector.kind(Operation.Kind.ACTIVATION), new BackwardRule.Rescale(1e-6))
                .rule(Operation.Selector.kind(Operation.Kind.LINEAR), GRADIENT);
        String recurrent = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  w = annotate(List[Tensor], [torch.ones([8, 3]), torch.ones([8, 2])])
                  h = annotate(List[Tensor], [torch.zeros([1, 1, 2]), torch.zeros([1, 1, 2])])
                  y, h0, c0, = torch.lstm(x, h, w, False, 1, 0., False, False, True)
                  return torch.sum(torch.tanh(y), [1, 2])
                """;
        try (TorchScriptModel model = TestModels.script(recurrent);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 1, 3, 4, 3));
            Inputs compared = inputs.against(inputs.tensors());
            assertThat(back(model.with(rescale)::run, compared, 1)).hasSize(12);
            RuleSet lenient = rescale.otherwise(GRADIENT);
            assertThat(back(model.with(lenient)::run, compared, 1)).hasSize(12);
        }
        try (TorchScriptModel model = TestModels.script(recurrent.replace("torch.tanh(y)", "torch.relu(y)"));
                TensorScope scope = TensorScope.open()) {
            RuleSet relus = RuleSet.relus(new BackwardRule.GuidedRelu());
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 1, 3, 4, 3));
            assertThat(back(model.with(relus)::run, inputs, 1)).hasSize(12);
        }
        // Here the state alone depends on the input, and it comes in a list.
        String state = recurrent
                .replace("torch.lstm(x,", "torch.lstm(torch.ones([1, 4, 3]),")
                .replace("[torch.zeros([1, 1, 2])", "[torch.slice(torch.slice(x, 2, 0, 2), 1, 0, 1)");
        try (TorchScriptModel model = TestModels.script(state);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 1, 3, 4, 3));
            Inputs compared = inputs.against(inputs.tensors());
            assertThat(back(model.with(rescale)::run, compared, 1)).hasSize(12);
        }
        String quantized = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  return torch.tanh(torch.dequantize(torch.quantize_per_tensor(x, 0.1, 0, 13)))
                """;
        try (TorchScriptModel model = TestModels.script(quantized);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 1, 3, 4));
            assertThatThrownBy(() -> model.with(rescale).run(inputs.against(inputs.tensors())))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("quantize_per_tensor has no derivative");
        }
    }
}
