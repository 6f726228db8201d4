// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The operations that lose gradients are read from the program's text, and reported if attributions miss much of the
 * score.
 */
class GradientLossesTest {
    private static TorchScriptModel model(String expression) {
        return TestModels.script("def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"
                + ("return torch.add(" + expression + ", torch.mul(x, 0.5))").indent(2));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "torch.detach(x) | a detached value at \"/detach\"",
                "torch.round(x) | rounding at \"/round\"",
                "torch.floor(x) | rounding at \"/floor\"",
                "torch.to(torch.to(x, 4), 6) | a cast to whole numbers at \"/to\"",
                "torch.sign(x) | a sign at \"/sign\"",
                "torch.div(x, 0.25, rounding_mode=\"floor\") | rounding at \"/div\"",
                "torch.where(torch.gt(x, 0.5), torch.add(x, 3), x) | a branch on values at \"/where\"",
                "torch.masked_fill(x, torch.logical_not(torch.gt(x, 0.5)), 7) | a branch on values at \"/masked_fill\"",
                "torch.index_put(x, annotate(List[Optional[Tensor]], [torch.gt(x, 0.5)]), torch.tensor(9.)) | a"
                        + " branch on values at \"/index_put\"",
                "torch.mul(torch.to(torch.gt(x, 0.5), 6), 3) | a comparison at \"/gt\"",
                "torch.sum(torch.ge(x, 0.5), [1], True) | a comparison at \"/ge\"",
                "ops.prim.data(torch.mul(x, 2)) | a detached value at \"/data\"",
                "torch.mul(torch.full([2, 1], float(torch.sum(x))), 1) | a number taken out of a tensor at \"/float\"",
                "torch.mul(torch.ones([2, 1]), torch.item(torch.sum(x))) | a number taken out of a tensor at \"/item\"",
                "torch.to((torch.topk(torch.cat([x, torch.neg(x), torch.ones([2, 1])], 1), 2))[1], 6) | an index at"
                        + " \"/topk\"",
                "torch.mul(torch.remainder(x, 0.7), 5) | a jump at \"/remainder\"",
                "torch.fake_quantize_per_tensor_affine(x, 1.3, 0, -128, 127) | rounding at"
                        + " \"/fake_quantize_per_tensor_affine\"",
                "torch.angle(torch.neg(x)) | an angle at \"/angle\""
            })
    void isNamedWhereTheGapIsLarge(String expression, String loss) {
        try (TorchScriptModel model = model(expression);
                TensorScope scope = TensorScope.open();
                Explanation why = new IntegratedGradients()
                        .attribute(model, Inputs.of(model.tensors().of(new float[] {2, 3}, 2, 1)), Target.index(0))) {
            assertThat(model.gradientLosses()).containsExactly(loss);
            assertThat(model.cut(model.cutPoints().get(0)).tail().gradientLosses())
                    .containsExactly(loss);
            assertThat(why.notices())
                    .anyMatch(notice -> notice.contains(loss) && notice.contains("at 2 of 2 examples"));
        }
    }

    @Test
    void trainingModeAndBranchesOnValues() {
        String text = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  y = torch.dropout(x, 0.5, True)
                  z = torch.batch_norm(y, None, None, None, None, True, 0.1, 1e-5, False)
                  if bool(torch.gt(torch.sum(z), 0.)):
                    w = torch.mul(z, 2)
                  else:
                    w = z
                  return torch.dropout(w, 0.5, False)
                """;
        try (TorchScriptModel model = TestModels.script(text)) {
            assertThat(model.gradientLosses())
                    .containsExactly(
                            "training mode at \"/dropout\"",
                            "training mode at \"/batch_norm\"",
                            "a branch on values in the model's own code");
        }
    }

    @Test
    void trainingModeThatIsGivenToAFunction() {
        String text = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  y = __torch__.dropout(x, 0.5, True, )
                  return __torch__.dropout(y, 0.5, False, )
                """;
        String function = """
                def dropout(input: Tensor, p: float, training: bool) -> Tensor:
                  return torch.dropout(input, p, training)
                """;
        try (TorchScriptModel model =
                TorchScriptModel.load(new ByteArrayInputStream(TestModels.archive(function, text)))) {
            assertThat(model.gradientLosses()).containsExactly("training mode at \"/dropout\"");
        }
    }

    @Test
    void calledFunctionsAndBlocksWithoutGradients() {
        String functions = """
                def dropout(input: Tensor, p: float, training: bool) -> Tensor:
                  return torch.dropout(input, p, training)
                def masked(x: Tensor) -> Tensor:
                  m = torch.gt(x, 0.)
                  y = torch.unsqueeze(m, -1)
                  return torch.mul(x, torch.squeeze(y, -1))
                """;
        String text = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  y = __torch__.dropout(x, 0.5, False, )
                  _0 = __torch__.dropout
                  z = _0(y, 0.5, True, )
                  return __torch__.masked(z, )
                """;
        try (TorchScriptModel model = TorchScriptModel.load(
                new ByteArrayInputStream(TestModels.archive(functions, text)), TestModels.options())) {
            assertThat(model.gradientLosses())
                    .containsExactly("training mode at \"/dropout\"", "a comparison at \"/gt\"");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.mul(x, torch.to(torch.gt(torch.arange(1), 0), 6))",
                "torch.where(torch.gt(torch.arange(1), 0), x, torch.neg(x))",
                "torch.mul(x, torch.round(torch.tensor(2.4)))",
                "torch.masked_fill(x, torch.logical_not(torch.ones([2, 1], dtype=11)), 0.)",
                "torch.mul(x, float(torch.size(x, 1)))",
                "torch.gather(torch.cat([x, x], 1), 1, (torch.max(torch.cat([x, x], 1), 1, True))[1])",
                "torch.index_put_(torch.zeros([2, 1]), [torch.arange(2)], x)",
                "torch.copy_(torch.zeros([2, 1]), x)"
            })
    void whatConstantsGoThroughIsNoLoss(String expression) {
        try (TorchScriptModel model = model(expression)) {
            assertThat(model.gradientLosses()).isEmpty();
        }
    }

    @Test
    void tooFewStepsAreCounted() {
        try (TorchScriptModel model = model("torch.tanh(torch.mul(x, 50))");
                TensorScope scope = TensorScope.open();
                Explanation why = new IntegratedGradients()
                        .steps(3)
                        .attribute(model, Inputs.of(model.tensors().of(new float[] {2}, 1, 1)), Target.index(0))) {
            assertThat(why.notices())
                    .anyMatch(notice ->
                            notice.contains("no cause is known: more steps than the 3 here close a gap of the sum"));
        }
    }

    @Test
    void aSmoothModelHasNone() {
        try (TorchScriptModel model = model("torch.tanh(x)");
                TensorScope scope = TensorScope.open();
                Explanation why = new IntegratedGradients()
                        .attribute(model, Inputs.of(model.tensors().of(new float[] {2}, 1, 1)), Target.index(0))) {
            assertThat(model.gradientLosses()).isEqualTo(List.of());
            assertThat(why.notices()).isEmpty();
        }
    }

    @ParameterizedTest
    @DisplayName("An input that no gradient reaches: the notice and the refusal say where gradients end")
    @CsvSource(
            delimiter = '|',
            value = {
                "torch.detach(w) | a detached value at \"/detach\"",
                "ops.prim.data(w) | a detached value at \"/data\"",
                "torch.to(torch.gt(w, 0.5), 6) | a comparison at \"/gt\"",
                "torch.mul(torch.le(w, 0), torch.tensor([2.])) | a comparison at \"/le\"",
                "torch.mul(torch.ones_like(w), torch.item(torch.sum(w))) | a number taken out of a tensor at \"/item\"",
                "torch.mul(torch.ones_like(w), float(torch.sum(w))) | a number taken out of a tensor at \"/float\"",
                "torch.mul(torch.argmax(w, 1, True), torch.ones([1, 1])) | an index at \"/argmax\"",
                "torch.to(torch.to(w, 3), 6) | a cast to whole numbers at \"/to\""
            })
    void isNamedWhereNoGradientReachesAnInput(String expression, String loss) {
        String two =
                "def forward(self: __torch__.M, x: Tensor, w: Tensor) -> Tensor:\n  m = torch.gt(torch.dim(x), 1)\n"
                        + "  return torch.add(torch.mul(x, 2.), " + expression + ")\n";
        try (TorchScriptModel model = TestModels.script(two);
                TensorScope scope = TensorScope.open()) {
            assertThat(model.gradientLosses()).containsExactly(loss);
            Inputs inputs = Inputs.none()
                    .attribute("x", model.tensors().of(new float[] {2, 3}, 2, 1))
                    .attribute("w", model.tensors().of(new float[] {4, 5}, 2, 1));
            for (int batch : new int[] {1, 2}) {
                try (Explanation why = new Saliency()
                        .attribute(
                                model, inputs, Target.index(0), Run.defaults().batchRows(batch))) {
                    assertThat(why.notices())
                            .containsOnlyOnce(
                                    "no gradient reaches input 'w': its attributions are zero. The model's output"
                                            + " may yet"
                                            + " depend on it; gradients are lost, or are not those of what is"
                                            + " computed, at: "
                                            + loss
                                            + "; a method that perturbs sees through them");
                }
            }
        }
        String one =
                two.replace("x: Tensor, ", "").replace("torch.mul(x, 2.)", "1").replace("torch.dim(x)", "torch.dim(w)");
        try (TorchScriptModel model = TestModels.script(one);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(model.tensors().of(new float[] {4, 5}, 2, 1));
            assertThatThrownBy(() -> new Saliency().attribute(model, inputs, Target.index(0)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("the program loses gradients at: " + loss + "; use a perturbation method");
        }
    }

    /** The copies from which a program that keeps state starts lose nothing: they are of what is in the file. */
    @ParameterizedTest
    @ValueSource(strings = {"counts-buffer", "state-below", "shares-memory", "keeps-containers", "keeps-objects"})
    void copiesOfStateLoseNothing(String name) {
        Path file = GoldenData.data().resolveSibling("state").resolve(name + ".pt");
        assertThat(TorchArchive.read(file).code().values()).noneMatch(text -> text.contains("torch.detach("));
        try (TorchScriptModel model = TorchScriptModel.load(file)) {
            assertThat(model.stateNames()).isNotEmpty();
            assertThat(model.gradientLosses()).noneMatch(loss -> loss.contains("detach"));
        }
    }
}
