// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.GuidedIntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Guided integrated gradients on real archives, with weights in float64, against what {@code golden/guided.py} computed
 * step by step: in float32 two gradients that are nearly equal could change places, and the path with them.
 */
class GuidedGoldenTest {
    @ParameterizedTest
    @CsvSource({"mlp_double, 1", "mlp_softmax, 2", "cnn, 3", "multi_input, 0"})
    void attributions_are_those_of_the_algorithm(String name, long target) {
        try (TensorScope scope = TensorScope.open();
                GoldenModel<TorchScriptModel> golden = TorchGolden.load(GoldenData.entry(name + "/traced"));
                TorchScriptModel model = TorchScriptModel.load(
                        GoldenData.data().resolve("models/" + name + ".traced.pt"),
                        LoadOptions.defaults().dataType(DataType.FLOAT64))) {
            Inputs inputs = widened(golden.inputs());
            Map<String, Tensor> expected =
                    GoldenModel.arrays(GoldenData.data().getParent().resolve("guided/guided.npz"), Tensors.ofJava());
            check(model, inputs, target, expected, name, 1, 0.25, 0.02);
            check(model, inputs, target, expected, name, 10, 0.25, 0.02);
            check(model, inputs, target, expected, name, 40, 0.1, 1.0);
            check(model, inputs, target, expected, name, 25, 0.5, 0.1);
        }
    }

    private static Inputs widened(Inputs inputs) {
        Inputs wide = Inputs.none();
        for (Inputs.Input input : inputs.all()) {
            Tensor tensor = input.tensor();
            wide = wide.with(new Inputs.Input(
                    input.name(),
                    tensor.dataType().isFloating() ? tensor.to(DataType.FLOAT64) : tensor,
                    input.role(),
                    input.features(),
                    input.rowAxis()));
        }
        return wide;
    }

    private static void check(
            TorchScriptModel model,
            Inputs inputs,
            long target,
            Map<String, Tensor> expected,
            String name,
            int steps,
            double fraction,
            double distance) {
        GuidedIntegratedGradients method = new GuidedIntegratedGradients()
                .steps(steps)
                .fraction(fraction)
                .distance(distance)
                .baseline(Baseline.constant(0.1));
        try (Explanation why = method.attribute(model, inputs, Target.index(target))) {
            for (String input : why.names()) {
                double[] values = expected.get(String.join("/", name, "" + steps, "" + fraction, "" + distance, input))
                        .toDoubleArray();
                double largest = Arrays.stream(values).map(Math::abs).max().orElseThrow();
                assertThat(why.attributions().get(why.names().indexOf(input)).toDoubleArray())
                        .as("%s of %s, %d steps", input, name, steps)
                        .containsExactly(values, within(1e-9 * largest));
            }
        }
    }
}
