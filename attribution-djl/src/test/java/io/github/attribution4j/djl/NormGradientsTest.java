// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;

import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.ByteArrayInputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Gradients through normalizations, in every order of elements that a program makes. Each program computes two scores:
 * the first by libtorch's operator, the second by the formula, whose gradient depends on no order.
 */
class NormGradientsTest {
    private static final String FUNCTIONS = """
            def channels(x: Tensor, factor: float, shift: float) -> Tensor:
              c = torch.cumsum(torch.ones_like(torch.select(torch.flatten(x, 2), 2, 0)), 1)
              return torch.add(torch.sin(torch.mul(torch.select(c, 0, 0), factor)), shift)
            def over(x: Tensor) -> Tensor:
              return torch.view(x, [1, -1%4$s])
            def before(x: Tensor) -> Tensor:
              return %1$s
            def norm(h: Tensor, w: Tensor, b: Tensor, m: Tensor, v: Tensor) -> Tensor:
              return %2$s
            def formula(h: Tensor, w: Tensor, b: Tensor, m: Tensor, v: Tensor) -> Tensor:
              return %3$s
            def after(y: Tensor) -> Tensor:
              f = torch.relu(torch.add(torch.flatten(torch.tanh(%5$s), 1), 0.3))
              return torch.sum(torch.mul(f, torch.cos(torch.cumsum(torch.ones_like(f), 1))), [1])
            """;

    private static final String FORWARD = """
            def forward(self: __torch__.M, x: Tensor) -> Tensor:
              h = __torch__.before(x, )
              w = __torch__.channels(h, 1., 1.5, )
              b = __torch__.channels(h, 2., 0., )
              m = __torch__.channels(h, 3., 0., )
              v = __torch__.channels(h, 4., 1.25, )
              y = __torch__.norm(h, w, b, m, v, )
              z = __torch__.formula(h, __torch__.over(w, ), __torch__.over(b, ), __torch__.over(m, ), \
            __torch__.over(v, ), )
              return torch.stack([__torch__.after(y, ), __torch__.after(z, )], 1)
            """;

    private static final Map<String, String> BEFORE = new LinkedHashMap<>();
    private static final Map<String, String> NORM = new LinkedHashMap<>();
    private static final Map<String, String> AFTER = new LinkedHashMap<>();

    static {
        BEFORE.put("rows first", "torch.mul(x, 1.)");
        BEFORE.put(
                "tokens made an image",
                "torch.view(torch.transpose(torch.contiguous(torch.transpose(torch.flatten(x, 2), 1, 2)), 1, 2),"
                        + " torch.size(x))");
        BEFORE.put("channels last", "torch.transpose(torch.contiguous(torch.transpose(x, 1, -1)), 1, -1)");
        BEFORE.put("a part", "torch.slice(torch.cat([x, x], 1), 1, 0, torch.size(x, 1))");

        String statistics = "torch.div(torch.sub(h, m), torch.sqrt(torch.add(v, 0.01)))";
        String affine = "torch.add(torch.mul(" + statistics + ", w), b)";
        NORM.put("batch_norm", "torch.batch_norm(h, w, b, m, v, False, 0., 0.01, True)\n" + affine);
        NORM.put(
                "batch_norm of keywords",
                "torch.batch_norm(input=h, weight=w, bias=b, running_mean=m, running_var=v, training=False,"
                        + " momentum=0.,"
                        + " eps=0.01, cudnn_enabled=False)\n" + affine);
        NORM.put(
                "batch_norm in place",
                "torch.relu_(torch.mul_(ops.aten.batch_norm(h, w, b, m, v, False, 0., 0.01, "
                        + "True), 2.))\ntorch.mul(torch.relu(" + affine + "), 2.)");
        NORM.put(
                "batch_norm without weights",
                "torch.batch_norm(h, None, None, m, v, False, 0., 0.01, True)\n" + statistics);
        for (String parts : List.of("native_batch_norm", "_native_batch_norm_legit_no_training")) {
            String training = parts.startsWith("_") ? "" : "False, ";
            NORM.put(parts, "(torch." + parts + "(h, w, b, m, v, " + training + "0., 0.01))[0]\n" + affine);
        }
        String own =
                "torch.sub(h, torch.mean(h, %1$s, True)), torch.sqrt(torch.add(torch.var(h, %1$s, False, True), 0.01))";
        String spatial = "torch.div(" + own.formatted("[-1, -2]") + ")";
        NORM.put(
                "instance_norm",
                "torch.instance_norm(h, w, b, None, None, True, 0., 0.01, True)\n" + "torch.add(torch.mul(" + spatial
                        + ", w), b)");
        NORM.put(
                "instance_norm in place",
                "torch.relu_(torch.instance_norm(h, None, None, None, None, True, 0., 0.01," + " True))\ntorch.relu("
                        + spatial + ")");
        NORM.put(
                "instance_norm with statistics",
                "torch.instance_norm(h, w, b, m, v, False, 0., 0.01, True)\n" + affine);

        AFTER.put("as it is", "torch.mul(y, 1.)");
        AFTER.put("image made tokens", "torch.transpose(torch.flatten(y, 2), 1, 2)");
        AFTER.put("channels last", "torch.contiguous(torch.transpose(y, 1, -1))");
        AFTER.put("mean", "torch.mean(y, [-1, -2])");
        AFTER.put("two rows of one", "torch.cat([torch.flatten(y, 2), torch.flatten(torch.transpose(y, 2, 3), 2)], 2)");
    }

    private static TorchScriptModel program(String before, String norm, String after, int axes) {
        String[] both = NORM.get(norm).split("\n", -1);
        String formula = axes == 5 ? both[1].replace("[-1, -2]", "[-1, -2, -3]") : both[1];
        String functions =
                FUNCTIONS.formatted(BEFORE.get(before), both[0], formula, ", 1".repeat(axes - 2), AFTER.get(after));
        return TorchScriptModel.load(
                new ByteArrayInputStream(TestModels.archive(functions, FORWARD)), TestModels.options());
    }

    /** Shapes of one row: images and volumes, with axes of one element, with one channel. */
    private static final List<long[]> ROWS = List.of(
            new long[] {4, 1, 6},
            new long[] {4, 6, 6},
            new long[] {4, 6, 1},
            new long[] {1, 3, 2},
            new long[] {3, 2, 5, 2},
            new long[] {1, 4, 2, 3},
            new long[] {2, 3, 1, 1});

    @ParameterizedTest
    @CsvSource({"rows first", "tokens made an image", "channels last", "a part"})
    @DisplayName("The gradient by the operator is the gradient by the formula, for each number of rows")
    void equalsFormula(String before) {
        forEach(before, (name, model, row) -> {
            for (int rows = 1; rows <= 3; rows++) {
                Inputs inputs = inputs(model, rows, row);
                try (Pullback pullback = model.pullback(inputs)) {
                    assertThat(pullback.output()).isBitEqualTo(model.forward(inputs));
                    compare(name, pullback, rows);
                }
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"tokens made an image", "channels last"})
    @DisplayName("So it is from a value inside, and in a copy with rules")
    void inside(String before) {
        forEach(before, (name, model, row) -> {
            Inputs inputs = inputs(model, 1, row);
            Cut cut = model.cut(model.cutPoint("/before#0"));
            try (Pullback pullback = cut.tail()
                    .pullback(cut.tailInputs(inputs, cut.activations(inputs).get(0)))) {
                compare(name, pullback, 1);
            }
            RuledModel.Copy copy = model.with(RuleSet.relus(new BackwardRule.GuidedRelu()));
            try (BackwardRun run = copy.run(inputs)) {
                compare(name, run, 1);
            }
        });
    }

    private interface Check {
        void check(String name, TorchScriptModel model, long[] row);
    }

    private static void forEach(String before, Check check) {
        NORM.keySet()
                .forEach(norm -> AFTER.keySet().forEach(after -> {
                    for (int axes = 4; axes <= 5; axes++) {
                        try (TorchScriptModel model = program(before, norm, after, axes)) {
                            for (long[] row : ROWS) {
                                if (row.length == axes - 1) {
                                    try (TensorScope scope = TensorScope.open()) {
                                        check.check(norm + ", then " + after + ", row " + Shape.of(row), model, row);
                                    }
                                }
                            }
                        }
                    }
                }));
    }

    private static Inputs inputs(Model model, int rows, long... row) {
        return Inputs.of(TestModels.normal(model, DataType.FLOAT32, rows, 3, row));
    }

    private static void compare(String name, BackwardRun run, int rows) {
        Tensor score = run.output();
        Tensor operator =
                run.back(score.tensors().of(repeated(rows, 1, 0), rows, 2)).get(0);
        Tensor formula =
                run.back(score.tensors().of(repeated(rows, 0, 1), rows, 2)).get(0);
        assertThat(operator).as("%s, %d rows", name, rows).isCloseTo(formula, 1e-4);
    }

    private static float[] repeated(int rows, float first, float second) {
        float[] values = new float[2 * rows];
        for (int r = 0; r < rows; r++) {
            values[2 * r] = first;
            values[2 * r + 1] = second;
        }
        return values;
    }
}
