// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.Gson;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.AblationCam;
import io.github.attribution4j.cam.FullGrad;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attributed inputs whose rows are counted by another axis than 0 ({@code golden/axes.py}), against PyTorch in float64.
 */
@ExtendWith(LeakExtension.class)
class InputRowAxisTest {
    private static final double CLOSE = 1e-10;
    private static final int ROWS = 3;
    private static final int THREADS = 8;
    private static final Target TARGET = Target.index(1);

    /** One input, its values with rows on axis 0. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this class
    private record Given(String name, long[] shape, int axis, double[] values) {
        /** As the model takes it. */
        Tensor as(int rowAxis) {
            Shape first = Shape.of(shape).prepend(ROWS);
            long[] dims = new long[shape.length + 1];
            System.arraycopy(shape, 0, dims, 0, rowAxis);
            dims[rowAxis] = ROWS;
            System.arraycopy(shape, rowAxis, dims, rowAxis + 1, shape.length - rowAxis);
            double[] moved = new double[values.length];
            for (int to = 0; to < moved.length; to++) {
                long[] at = index(to, dims);
                long[] from = new long[at.length];
                from[0] = at[rowAxis];
                System.arraycopy(at, 0, from, 1, rowAxis);
                System.arraycopy(at, rowAxis + 1, from, rowAxis + 1, at.length - rowAxis - 1);
                int offset = 0;
                for (int i = 0; i < from.length; i++) {
                    offset = offset * (int) first.dim(i) + (int) from[i];
                }
                moved[to] = values[offset];
            }
            return Tensors.ofJava().of(moved, dims);
        }

        private static long[] index(int flat, long[] dims) {
            long[] index = new long[dims.length];
            for (int i = dims.length - 1, left = flat; i >= 0; left /= (int) dims[i--]) {
                index[i] = left % dims[i];
            }
            return index;
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this class
    private record Case(
            String name,
            List<String> layers,
            double[][] outputs,
            double[][] gradients,
            double[][] integrated,
            double[][] ablated,
            List<Given> inputs) {
        TorchScriptModel load(String suffix) {
            return TorchScriptModel.load(GoldenData.axes().resolve(name + suffix + ".pt"), TorchGolden.options());
        }

        Inputs inRowsOrder() {
            Inputs all = Inputs.none();
            for (Given input : inputs) {
                all = all.attribute(input.name(), input.as(0));
            }
            return all;
        }

        Inputs inModelOrder() {
            Inputs all = Inputs.none();
            for (Given input : inputs) {
                all = all.attribute(input.name(), input.as(input.axis()), input.axis());
            }
            return all;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> cases() {
        return GoldenCase.objects(GoldenData.read(GoldenData.axes().resolve("axes.json"))).stream()
                .map(json -> new Gson().fromJson(json, Case.class));
    }

    private static Case named(String name) {
        return cases().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
    }

    private static void check(Explanation why, Case tried, double[][] expected, double tolerance) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(why.attributions().get(i).shape())
                    .isEqualTo(Shape.of(tried.inputs().get(i).shape()).prepend(ROWS));
            assertThat(why.attributions().get(i).toDoubleArray())
                    .as(
                            "%s of %s",
                            why.provenance().method(), tried.inputs().get(i).name())
                    .containsExactly(expected[i], within(tolerance));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void values_are_those_of_pytorch(Case tried) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = tried.load("")) {
            Inputs inputs = tried.inModelOrder();
            double[] output = model.forward(inputs.on(model.tensors())).toDoubleArray();
            for (int row = 0; row < ROWS; row++) {
                for (int unit = 0; unit < 3; unit++) {
                    assertThat(output[row * 3 + unit]).isCloseTo(tried.outputs()[row][unit], within(CLOSE));
                }
            }
            for (Run run : List.of(
                    Run.defaults(), Run.defaults().batchRows(1), Run.defaults().batchRows(5))) {
                try (Explanation gradient = Saliency.signed().attribute(model, inputs, TARGET, run);
                        Explanation ablated = new FeatureAblation().attribute(model, inputs, TARGET, run);
                        Explanation integrated =
                                new IntegratedGradients().steps(64).attribute(model, inputs, TARGET, run)) {
                    check(gradient, tried, tried.gradients(), CLOSE);
                    check(ablated, tried, tried.ablated(), CLOSE);
                    check(integrated, tried, tried.integrated(), CLOSE);
                    assertThat(gradient.notices()).isEmpty();
                }
            }
        }
    }

    /** What the user asks the model itself is in its own layout. */
    @ParameterizedTest
    @MethodSource("cases")
    void a_pullback_gives_gradients_in_the_layout_of_the_model(Case tried) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = tried.load("")) {
            Inputs inputs = tried.inModelOrder().on(model.tensors());
            try (Pullback pullback = model.pullback(inputs)) {
                List<Tensor> gradients = pullback.vjp(TARGET.cotangent(pullback.output(), new long[ROWS]));
                for (int i = 0; i < gradients.size(); i++) {
                    assertThat(gradients.get(i).shape())
                            .isEqualTo(inputs.tensor(i).shape());
                    assertThat(inputs.rowsFirst(gradients).get(i).toDoubleArray())
                            .containsExactly(tried.gradients()[i], within(CLOSE));
                }
            }
        }
    }

    private static List<Attribution<? super TorchScriptModel>> methods(Case tried) {
        IntegratedGradients integrated = new IntegratedGradients().steps(6);
        List<Attribution<? super TorchScriptModel>> methods =
                new ArrayList<>(List.<Attribution<? super TorchScriptModel>>of(
                        new Saliency(),
                        new InputXGradient(),
                        integrated,
                        new FeatureAblation(),
                        new ShapleySampling().samples(6),
                        new KernelShap().samples(90),
                        new FeaturePermutation(),
                        NoiseTunnel.smoothGrad(new Saliency()).samples(4),
                        new DeepLift().baseline(Baseline.constant(0.1)),
                        new GradientShap().samples(4)));
        long[] unit = new long[tried.inputs().get(0).shape().length];
        if (!tried.name().equals("states")) {
            methods.add(integrated.towards(tried.layers().get(0), Target.at(unit)));
        }
        for (String layer : tried.layers()) {
            methods.add(integrated.at(layer));
            methods.add(new InputXGradient().at(layer));
            methods.add(new FeatureAblation().at(layer));
            methods.add(NoiseTunnel.smoothGrad(new InputXGradient().at(layer)).samples(3));
            methods.add(
                    Attribution.at(layer, NoiseTunnel.smoothGrad(new Saliency()).samples(3)));
            methods.add(new Conductance(layer).steps(6));
        }
        if (tried.name().equals("columns") || tried.name().equals("picture")) {
            methods.add(new GuidedBackprop());
            methods.add(new Lrp());
        }
        if (tried.name().equals("picture")) {
            methods.add(new GradCam("conv"));
            methods.add(new ScoreCam("conv"));
            methods.add(new AblationCam("conv"));
            methods.add(new GuidedGradCam("conv"));
            methods.add(new FullGrad());
        }
        return methods;
    }

    /** The same weights in a program with rows on axis 0 give the same, with every family of methods. */
    @ParameterizedTest
    @MethodSource("cases")
    void every_method_gives_what_it_gives_with_rows_on_axis_0(Case tried) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = tried.load("");
                TorchScriptModel first = tried.load("_first")) {
            for (Attribution<? super TorchScriptModel> method : methods(tried)) {
                Target target = method.settings().containsKey("unit") ? Target.output() : TARGET;
                try (Explanation why = method.attribute(model, tried.inModelOrder(), target);
                        Explanation expected = method.attribute(first, tried.inRowsOrder(), target)) {
                    assertThat(why.names()).isEqualTo(expected.names());
                    for (int i = 0; i < expected.attributions().size(); i++) {
                        assertThat(why.attributions().get(i).shape())
                                .as(method.name())
                                .isEqualTo(expected.attributions().get(i).shape());
                        assertThat(why.attributions().get(i).toDoubleArray())
                                .as(method.name() + " " + method.settings())
                                .containsExactly(expected.attributions().get(i).toDoubleArray(), within(CLOSE));
                    }
                    assertThat(why.notices()).isEqualTo(expected.notices());
                }
            }
        }
    }

    @Test
    void eight_threads_give_the_same() throws Exception {
        Case tried = named("states");
        try (TorchScriptModel model = tried.load("")) {
            ExecutorService pool = Executors.newFixedThreadPool(THREADS);
            try {
                List<Callable<Void>> tasks = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    tasks.add(() -> {
                        try (TensorScope scope = TensorScope.open();
                                Explanation why =
                                        new FeatureAblation().attribute(model, tried.inModelOrder(), TARGET)) {
                            check(why, tried, tried.ablated(), CLOSE);
                        }
                        return null;
                    });
                }
                for (Future<Void> task : pool.invokeAll(tasks)) {
                    task.get();
                }
            } finally {
                pool.shutdownNow();
            }
        }
    }

    /** Baselines are given as attributions come: rows on axis 0. */
    @Test
    void a_baseline_has_rows_on_axis_0() {
        Case tried = named("series");
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = tried.load("");
                TorchScriptModel first = tried.load("_first")) {
            Tensor reference = tried.inputs().get(0).as(0).mul(0.5);
            Attribution<? super TorchScriptModel> method = new FeatureAblation().baseline(Baseline.of(reference));
            try (Explanation why = method.attribute(model, tried.inModelOrder(), TARGET);
                    Explanation expected = method.attribute(first, tried.inRowsOrder(), TARGET)) {
                assertThat(why.attribution().toDoubleArray())
                        .containsExactly(expected.attribution().toDoubleArray(), within(CLOSE));
            }
            Tensor inModelOrder = tried.inputs().get(0).as(1);
            Attribution<? super TorchScriptModel> wrong = new FeatureAblation().baseline(Baseline.of(inModelOrder));
            assertThatThrownBy(() -> wrong.attribute(model, tried.inModelOrder(), TARGET))
                    .hasMessageContaining("has shape (4, 3, 3) and the input has shape (3, 4, 3)");
        }
    }

    @Test
    void a_program_without_an_axis_of_rows_is_refused() {
        Case tried = named("columns");
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(
                        GoldenData.axes().resolve("columns.pt"),
                        LoadOptions.defaults().unbatched())) {
            assertThatThrownBy(() -> new Saliency().attribute(model, tried.inModelOrder(), TARGET))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("input 'x' counts rows on axis 1");
        }
    }
}
