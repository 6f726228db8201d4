// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Views whose elements do not lie in row-major order, given to programs that take only such. */
class StridesTest {
    /** {@code view} refuses other strides; the transform refuses strides of 0. */
    private static final String VIEWS = """
            def forward(self: __torch__.M, x: Tensor) -> Tensor:
              flat = torch.view(x, [-1])
              spectrum = torch.fft_rfft(torch.view(flat, [-1, 4]))
              h = torch.relu(torch.real(spectrum))
              return torch.view(torch.contiguous(h), [-1, 3])
            """;

    private static final String TWO = """
            def forward(self: __torch__.M, x: Tensor, y: Tensor) -> Tensor:
              a = torch.view(torch.view(torch.view(x, [-1, 4]), [-1]), [-1, 4])
              return torch.add(a, torch.view(torch.view(y, [-1]), [-1, 4]))
            """;

    private TensorScope scope;
    private Map<String, Tensor> views;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        Tensor wide = TestModels.tensors()
                .of(new float[] {1, 5, 2, 7, 3, 0, 9, 9, 2, 8, 4, 6, 1, 1, 9, 9, 3, 7, 5, 2, 0, 4, 9, 9}, 3, 8);
        Tensor row = wide.rows(0, 1);
        views = new TreeMap<>(Map.of(
                "one row for all", row.slice(1, 0, 4).broadcast(Shape.of(2, 4)),
                "one element for all", row.slice(1, 1, 2).broadcast(Shape.of(2, 4)),
                "some columns", wide.rows(1, 3).slice(1, 2, 6),
                "some rows", wide.slice(1, 0, 4).rows(1, 3)));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor copy(Tensor view) {
        return TestModels.tensors().of(view.toFloatArray(), view.shape());
    }

    @Test
    @DisplayName("As the only input, with and without gradients, and as a cotangent")
    void onlyInput() {
        try (TorchScriptModel model = TestModels.script(VIEWS)) {
            views.forEach((name, view) -> {
                Tensor same = copy(view);
                assertThat(model.forward(Inputs.of(view))).isBitEqualTo(model.forward(Inputs.of(same)));
                try (Pullback viewed = model.pullback(Inputs.of(view));
                        Pullback copied = model.pullback(Inputs.of(same))) {
                    Tensor one = TestModels.tensors().full(Shape.of(1, 1), DataType.FLOAT32, 1);
                    Tensor all = TestModels.tensors().full(Shape.of(2, 3), DataType.FLOAT32, 1);
                    assertThat(viewed.back(one.broadcast(Shape.of(2, 3))).get(0))
                            .isBitEqualTo(copied.back(all).get(0));
                    assertThat(viewed.vjpLast(one.broadcast(Shape.of(2, 3))).get(0))
                            .isBitEqualTo(copied.vjpLast(all).get(0));
                }
            });
        }
    }

    @Test
    @DisplayName("As one of several inputs")
    void severalInputs() {
        try (TorchScriptModel model = TestModels.script(TWO)) {
            views.forEach((name, view) -> {
                Inputs viewed = Inputs.of(view, copy(view));
                Inputs copied = Inputs.of(copy(view), view);
                assertThat(model.forward(viewed)).isBitEqualTo(model.forward(copied));
                try (Pullback pullback = model.pullback(viewed)) {
                    List<Tensor> gradients = pullback.vjpLast(pullback.output());
                    assertThat(gradients.get(0)).isBitEqualTo(gradients.get(1));
                }
            });
        }
    }

    @Test
    @DisplayName("In the place of a value inside the program")
    void replacement() {
        try (TorchScriptModel model = TestModels.script(TWO)) {
            Cut.Point point = model.innerPoints().stream()
                    .filter(inner -> inner.kind().equals("view"))
                    .findFirst()
                    .orElseThrow();
            Cut cut = model.cut(point);
            Inputs inputs = Inputs.of(copy(views.get("some rows")), copy(views.get("some columns")));
            Tensor flat = cut.activations(inputs).get(0);
            Tensor viewed = flat.slice(0, 0, 1).broadcast(flat.shape());
            Inputs behind = cut.tailInputs(inputs, viewed);
            Tensor expected = cut.tail().forward(cut.tailInputs(inputs, copy(viewed)));
            assertThat(cut.tail().forward(behind)).isBitEqualTo(expected);
            try (Pullback pullback = cut.tail().pullback(behind)) {
                assertThat(pullback.output()).isBitEqualTo(expected);
                Assertions.assertThat(pullback.vjpLast(expected).get(0).shape()).isEqualTo(flat.shape());
            }
        }
    }

    @Test
    @DisplayName("By methods that spread one reference over rows")
    void methods() {
        try (TorchScriptModel model = TestModels.script(VIEWS)) {
            Tensor view = views.get("one row for all");
            List<Explanation> explanations = new ArrayList<>();
            for (Inputs inputs : List.of(Inputs.of(view), Inputs.of(copy(view)))) {
                explanations.add(new IntegratedGradients().steps(4).attribute(model, inputs, Target.index(0)));
                explanations.add(new FeatureAblation().attribute(model, inputs, Target.index(0)));
            }
            for (int i = 0; i < 2; i++) {
                Assertions.assertThat(explanations.get(i).attribution().toDoubleArray())
                        .containsExactly(explanations.get(i + 2).attribution().toDoubleArray());
            }
            explanations.forEach(Explanation::close);
        }
    }

    @Test
    @DisplayName("By a copy with backward rules")
    void rules() {
        try (TorchScriptModel model = TestModels.script(VIEWS)) {
            RuledModel.Copy copy = model.with(RuleSet.relus(new BackwardRule.GuidedRelu()));
            views.forEach((name, view) -> {
                try (BackwardRun viewed = copy.run(Inputs.of(view));
                        BackwardRun copied = copy.run(Inputs.of(copy(view)))) {
                    assertThat(viewed.back(viewed.output()).get(0))
                            .isBitEqualTo(copied.back(copied.output()).get(0));
                }
            });
        }
    }

    @Test
    @DisplayName("By a model of DJL")
    void djl(@TempDir Path folder) throws Exception {
        Files.write(folder.resolve("views.pt"), TestModels.archive(VIEWS));
        try (ai.djl.Model loaded =
                ai.djl.Model.newInstance("views", TestModels.options().device(), "PyTorch")) {
            loaded.load(folder);
            DjlModel model = DjlModel.of(loaded);
            views.forEach((name, view) ->
                    assertThat(model.forward(Inputs.of(view))).isBitEqualTo(model.forward(Inputs.of(copy(view)))));
        }
    }
}
