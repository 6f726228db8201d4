// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** DeepLIFT's rules where a number can be had by hand, its refusals, and many threads. */
class DeepLiftRulesTest {
    private static List<Double> bits(TorchScriptModel model, Inputs inputs, Attribution<? super RuledModel> method) {
        try (Explanation explanation = method.attribute(model, inputs, Target.index(1))) {
            return Arrays.stream(explanation.attribution().toDoubleArray())
                    .boxed()
                    .toList();
        }
    }

    @Test
    @DisplayName("Reveal-cancel gives min(a, b) = a - relu(a - b) to both numbers, where rescale gives it to one")
    void revealCancel() {
        String text = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  w = torch.to(torch.tensor([[1., -1.]]), ops.prim.dtype(x))
                  d = torch.relu(torch.linear(x, w))
                  return torch.sub(torch.slice(x, 1, 0, 1), d)
                """;
        try (TorchScriptModel model = TestModels.script(text);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(model.tensors().of(new float[] {10, 6}, 1, 2));
            DeepLift revealing = new DeepLift().rule(DeepLift.Rule.REVEAL_CANCEL);
            try (Explanation rescale = new DeepLift().attribute(model, inputs, Target.index(0));
                    Explanation reveal = revealing.attribute(model, inputs, Target.index(0))) {
                // Rescale: 10 - 10 and 0 + 6. Reveal-cancel: of relu(10 - 6) = 4, (10 + 4) / 2 = 7 is from 10 and (0 -
                // 6) / 2 = -3 from 6.
                assertThat(rescale.attribution().toDoubleArray())
                        .containsExactly(new double[] {0, 6}, Offset.offset(1e-5));
                assertThat(reveal.attribution().toDoubleArray())
                        .containsExactly(new double[] {3, 3}, Offset.offset(1e-5));
            }
        }
    }

    @Test
    @DisplayName("A reference that takes another path, and an operator without a rule, are refused by name")
    void refusals() {
        String branching = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  if bool(torch.gt(torch.sum(x), 0.)):
                    y = torch.tanh(x)
                  else:
                    y = torch.neg(x)
                  return y
                """;
        String unknown =
                "def forward(self: __torch__.M, x: Tensor) -> Tensor:\n  return torch.cumprod(torch.tanh(x), 1)\n";
        try (TorchScriptModel paths = TestModels.script(branching);
                TorchScriptModel other = TestModels.script(unknown);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(paths.tensors().of(new float[] {1, 2}, 1, 2));
            assertThatThrownBy(() ->
                            new DeepLift().baseline(Baseline.constant(-1)).attribute(paths, inputs, Target.index(0)))
                    .hasMessageContaining("other branches of the program");
            assertThatThrownBy(() -> new DeepLift().attribute(other, inputs, Target.index(0)))
                    .hasMessageContaining("cumprod")
                    .hasMessageContaining("rule");
        }
    }

    @Test
    @DisplayName("Eight threads that mix gradients and DeepLIFT get the bits that one thread gets")
    void threads() throws Exception {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TestModels.golden("cnn.scripted.pt")) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 2, 1, 3, 16, 16));
            List<Attribution<? super RuledModel>> methods =
                    List.of(Saliency.signed(), new DeepLift(), new DeepLift().at("layer1"));
            List<List<Double>> alone = new ArrayList<>();
            methods.forEach(method -> alone.add(bits(model, inputs, method)));
            ExecutorService pool = Executors.newFixedThreadPool(8);
            try {
                List<Callable<Boolean>> tasks = new ArrayList<>();
                for (int i = 0; i < 48; i++) {
                    int number = i % methods.size();
                    tasks.add(() -> bits(model, inputs, methods.get(number)).equals(alone.get(number)));
                }
                for (Future<Boolean> task : pool.invokeAll(tasks)) {
                    assertThat(task.get()).isTrue();
                }
            } finally {
                pool.shutdownNow();
            }
        }
    }
}
