// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.google.gson.Gson;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that are called in other ways than {@code forward(x) -> Tensor} ({@code golden/programs.py}). */
class ProgramsTest {
    private static final int FEATURES = 4;

    /** One method and output of an archive with what PyTorch computes in float64. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this class
    private record Case(
            String file, String method, String chosen, float[][] x, double[][] output, double[][][] gradient) {
        TorchScriptModel load() {
            LoadOptions options = TorchGolden.options().method(method);
            return TorchScriptModel.load(path(file), chosen.isEmpty() ? options : options.output(chosen));
        }

        Inputs inputs(TorchScriptModel model) {
            float[] all = new float[x.length * FEATURES];
            for (int i = 0; i < all.length; i++) {
                all[i] = x[i / FEATURES][i % FEATURES];
            }
            return Inputs.of(model.tensors().of(all, x.length, FEATURES));
        }
    }

    private static Path path(String file) {
        return GoldenData.folder().resolve("programs").resolve(file);
    }

    @TestFactory
    Stream<DynamicTest> outputsAndGradients() {
        return GoldenCase.objects(GoldenData.read(path("programs.json"))).stream()
                .map(json -> new Gson().fromJson(json, Case.class))
                .map(program -> DynamicTest.dynamicTest(
                        program.file() + " " + program.method() + " " + program.chosen(), () -> {
                            long live = Lifetime.count();
                            try (TensorScope scope = TensorScope.open();
                                    TorchScriptModel model = program.load()) {
                                Inputs inputs = program.inputs(model);
                                assertThat(model.signature()).startsWith(program.method() + "(");
                                for (int round = 0; round < 2; round++) {
                                    checkForward(program, model, inputs);
                                    checkGradient(program, model, inputs);
                                    checkAblation(program, model, inputs);
                                }
                                model.cutPoints()
                                        .forEach(point -> model.cut(point).activations(inputs));
                                checkForward(program, model, inputs);
                                checkGradient(program, model, inputs);
                            }
                            assertThat(Lifetime.count()).as("open tensors").isEqualTo(live);
                        }));
    }

    private static void checkForward(Case program, TorchScriptModel model, Inputs inputs) {
        try (TensorScope scope = TensorScope.open()) {
            double[] output = model.forward(inputs).toDoubleArray();
            int width = program.output()[0].length;
            for (int i = 0; i < output.length; i++) {
                assertThat(output[i]).isCloseTo(program.output()[i / width][i % width], offset(1e-5));
            }
        }
    }

    private static void checkGradient(Case program, TorchScriptModel model, Inputs inputs) {
        int width = program.output()[0].length;
        for (int unit = 0; unit < width; unit++) {
            try (TensorScope scope = TensorScope.open();
                    Pullback pullback = model.pullback(inputs)) {
                float[] cotangent = new float[program.x().length * width];
                for (int row = 0; row < program.x().length; row++) {
                    cotangent[row * width + unit] = 1;
                }
                Tensor ones = model.tensors().of(cotangent, program.x().length, width);
                double[] gradient = pullback.vjp(ones).get(0).toDoubleArray();
                for (int i = 0; i < gradient.length; i++) {
                    assertThat(gradient[i])
                            .isCloseTo(program.gradient()[i / FEATURES][unit][i % FEATURES], offset(1e-4));
                }
            }
        }
    }

    /** What a method gives that only asks for outputs. */
    private static void checkAblation(Case program, TorchScriptModel model, Inputs inputs) {
        try (TensorScope scope = TensorScope.open();
                Explanation why = new FeatureAblation().attribute(model, inputs, Target.index(0), Run.defaults())) {
            assertThat(why.scores()[1]).isCloseTo(program.output()[1][0], offset(1e-5));
        }
    }

    @Test
    void refusalsListWhatThereIs() {
        assertThatThrownBy(() -> TorchScriptModel.load(path("no-forward.pt")))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageEndingWith(
                        "no-forward.pt: its root module has no method 'forward' (methods: score); choose one when "
                                + "loading: LoadOptions.defaults().method(...), --model-method");
        assertThatThrownBy(() -> TorchScriptModel.load(
                        path("methods.pt"), LoadOptions.defaults().method("decode")))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("method 'decode' does not exist; the model has ")
                .hasMessageContaining("encode")
                .hasMessageContaining("twice");
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(
                        path("list-of-dicts.pt"), TorchGolden.options().output("0.score"))) {
            Inputs inputs = Inputs.of(model.tensors().of(new float[FEATURES], 1, FEATURES));
            assertThatThrownBy(() -> model.forward(inputs))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("output '0.score' does not exist; the model returns ")
                    .hasMessageContaining("0.0.score (1, 2)")
                    .hasMessageContaining("1.parts.1 (1, 2)");
        }
    }

    @Test
    void whatAModelPrintsIsLeftOut() {
        try (TorchScriptModel model = TorchScriptModel.load(path("prints.pt"), TorchGolden.options())) {
            assertThat(model.repairs()).containsExactly("print is left out (3 places)");
        }
    }

    @DisplayName("Rules replace derivatives: an output made of a program's own derivatives is refused, the energy"
            + " beside them is not")
    @ParameterizedTest
    @CsvSource({"forces, forces", "backward, forces", "backward, energy"})
    void rulesWouldChangeDerivativesThatAProgramTakesItself(String program, String output) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(
                        path(program + ".pt"), TorchGolden.options().output(output))) {
            Inputs inputs = Inputs.of(model.tensors().of(new float[] {1, 2, 3, 4}, 1, FEATURES));
            for (Attribution<? super TorchScriptModel> method :
                    List.<Attribution<? super TorchScriptModel>>of(new Lrp(Composites.epsilon(0)), new DeepLift())) {
                if (output.equals("forces")) {
                    assertThatThrownBy(() -> method.attribute(model, inputs, Target.index(0)))
                            .isInstanceOf(UnsupportedModelException.class)
                            .hasMessageContaining("the program takes derivatives itself")
                            .hasMessageEndingWith("use a gradient method or one that perturbs");
                } else {
                    try (Explanation why = method.attribute(model, inputs, Target.index(0))) {
                        assertThat(why.notices()).noneMatch(notice -> notice.contains("derivatives"));
                    }
                }
            }
            assertThat(model.forward(inputs).shape().dim(0)).isEqualTo(1);
        }
    }

    @Test
    void theCallersTensorIsNotMadeALeaf() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(
                        path("forces.pt"), TorchGolden.options().output("energy"))) {
            Tensor x = model.tensors().of(new float[] {1, 2, 3, 4}, 1, FEATURES);
            model.forward(Inputs.of(x));
            // A tensor that had become a leaf of a graph could not be written to.
            assertThat(x.mul(2).toFloatArray()).containsExactly(2, 4, 6, 8);
            assertThat(model.forward(Inputs.of(x.mul(1))).toFloatArray())
                    .isEqualTo(model.forward(Inputs.of(x)).toFloatArray());
        }
    }

    /** By the formula of the epsilon rule; that the program makes its input a leaf changes nothing. */
    @Test
    void relevanceOfAProgramThatTakesDerivatives() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(
                        path("forces.pt"), TorchGolden.options().output("energy"))) {
            double[] x = {0.5, -1, 2, 0.25};
            double[] weight = model.weight("fc.weight").toDoubleArray();
            double[] bias = model.weight("fc.bias").toDoubleArray();
            double[] out = model.weight("out.weight").toDoubleArray();
            double[] expected = new double[FEATURES];
            double energy = model.weight("out.bias").toDoubleArray()[0];
            for (int k = 0; k < out.length; k++) {
                double z = bias[k];
                for (int j = 0; j < FEATURES; j++) {
                    z += weight[k * FEATURES + j] * x[j];
                }
                energy += out[k] * Math.tanh(z);
                for (int j = 0; j < FEATURES; j++) {
                    expected[j] += x[j] * weight[k * FEATURES + j] / z * out[k] * Math.tanh(z);
                }
            }
            Tensor input = model.tensors().of(new float[] {0.5f, -1, 2, 0.25f}, 1, FEATURES);
            try (Explanation why = new Lrp().attribute(model, Inputs.of(input), Target.index(0))) {
                assertThat(why.scores()[0]).isCloseTo(energy, offset(1e-5));
                assertThat(why.attribution().toDoubleArray()).containsExactly(expected, offset(1e-4));
            }
        }
    }
}
