// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.cam.AblationCam;
import io.github.attribution4j.cam.EigenCam;
import io.github.attribution4j.cam.FullGrad;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.text.TokenAttribution;
import io.github.attribution4j.view.LayerInspector;
import io.github.attribution4j.view.LayerView;
import java.io.IOException;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Ten thousand examples of what looks inside a model, under a memory budget: maps, tokens, layers, views. */
@ExtendWith(LeakExtension.class)
class ManyExamplesInsideTest {
    private static final int EXAMPLES = 10_000;
    private static final int FITTING = 500;
    private static final Target TARGET = Target.index(1);

    private static Inputs pictures(TorchScriptModel model) {
        double[] values = new double[3 * 2 * 4 * 5];
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.sin(i);
        }
        return Inputs.of(model.tensors().of(values, 3, 2, 4, 5));
    }

    private static Inputs many(Inputs few) {
        return few.select(LongStream.range(0, EXAMPLES).map(i -> i % few.rows()).toArray());
    }

    static Stream<Attribution<? super TorchScriptModel>> methods() {
        return Stream.of(
                new GradCam("conv"),
                new ScoreCam("conv"),
                new AblationCam("conv"),
                new EigenCam("conv"),
                new FullGrad(),
                new InputXGradient().at("relu"),
                new Conductance("relu").steps(3));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void calls_keep_to_the_budget_and_examples_apart(Attribution<? super TorchScriptModel> method) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model =
                        TorchScriptModel.load(GoldenData.axes().resolve("picture_first.pt"), TorchGolden.options())) {
            Inputs few = pictures(model);
            check(model, few, method);
        }
    }

    /** Each example gets what it gets among few, in calls of no more rows than fit. */
    private static void check(TorchScriptModel model, Inputs few, Attribution<? super TorchScriptModel> method) {
        boolean gradients =
                few.attributed().stream().allMatch(input -> input.dataType().isFloating());
        long perRow = model.bytesPerRow(few.select(0), gradients).orElseThrow();
        long budget = FITTING * perRow;
        // Rows without gradients take less, so that more of them fit.
        long most = budget / model.bytesPerRow(few.select(0), false).orElseThrow();
        Run run = Run.defaults().memoryBudget(budget);
        try (Explanation why = method.attribute(model, many(few), TARGET, run);
                Explanation expected = method.attribute(model, few, TARGET)) {
            assertThat(why.counts().largestBatch()).isBetween(FITTING / 2L, most);
            assertThat(why.counts().batches()).isLessThanOrEqualTo(why.counts().forwardRows() / (FITTING / 2));
            assertThat(why.notices()).isEqualTo(expected.notices());
            Tensor all = why.attribution();
            for (long row : new long[] {0, 1, 2, FITTING, EXAMPLES / 2, EXAMPLES - 1}) {
                assertThat(all.rows(row, row + 1).toDoubleArray())
                        .as("row %d", row)
                        .containsExactly(
                                expected.attribution()
                                        .rows(row % few.rows(), row % few.rows() + 1)
                                        .toDoubleArray(),
                                within(1e-5));
            }
        }
    }

    @Test
    void tokens() throws IOException {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model =
                        TorchScriptModel.load(GoldenData.text().resolve("lstm.scripted.pt"), TorchGolden.options())) {
            var arrays = NumpyFiles.readNpz(GoldenData.text().resolve("arrays.npz"), model.tensors());
            Inputs inputs = Inputs.none();
            for (String input : model.parameterNames()) {
                Tensor tensor = arrays.get("lstm." + input);
                inputs = inputs.with(new Inputs.Input(
                        input,
                        tensor,
                        input.equals(model.parameterNames().get(0)) ? Inputs.Role.ATTRIBUTED : Inputs.Role.FIXED));
            }
            check(model, inputs, TokenAttribution.of(new InputXGradient()));
        }
    }

    @Test
    void views() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model =
                        TorchScriptModel.load(GoldenData.axes().resolve("picture_first.pt"), TorchGolden.options())) {
            Inputs few = pictures(model);
            long perRow = model.bytesPerRow(few.select(0), true).orElseThrow();
            Run run = Run.defaults().memoryBudget(FITTING * perRow);
            LayerInspector inspector = new LayerInspector("conv", "relu");
            try (LayerInspector.Views views = inspector.inspect(model, many(few), TARGET, run);
                    LayerInspector.Views expected = inspector.inspect(model, few, TARGET)) {
                assertThat(views.counts().largestBatch()).isBetween(FITTING / 2L, (long) FITTING);
                for (LayerView.Quantity quantity :
                        List.of(LayerView.Quantity.ACTIVATION, LayerView.Quantity.GRADIENT)) {
                    LayerView view = views.get("relu");
                    LayerView small = expected.get("relu");
                    assertThat(view.channel(quantity, EXAMPLES - 1, 2))
                            .containsExactly(small.channel(quantity, (EXAMPLES - 1) % 3, 2), within(1e-9));
                    assertThat(view.statistics(quantity).count())
                            .isEqualTo(small.statistics(quantity).count() / 3 * EXAMPLES);
                }
            }
        }
    }
}
