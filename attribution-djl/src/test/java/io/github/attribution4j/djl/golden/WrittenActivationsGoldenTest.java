// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.GradientXActivation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Activations that a program writes in several operators, against what {@code golden/written.py} computed. */
class WrittenActivationsGoldenTest {
    private static final Path FOLDER = GoldenData.data().resolveSibling("written");

    static Stream<String> archives() {
        return Stream.of("gelu", "gelu-erf", "quick-gelu", "swish", "mish", "hard-swish", "steps")
                .flatMap(name -> Stream.of(name + ".trace", name + ".script"));
    }

    private static Map<String, Tensor> arrays() {
        return GoldenModel.arrays(FOLDER.resolve("written.npz"), Tensors.ofJava());
    }

    @ParameterizedTest
    @MethodSource("archives")
    void relevance_passes_them_whole(String archive) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(FOLDER.resolve(archive + ".pt"))) {
            Map<String, Tensor> arrays = arrays();
            double[] expected = arrays.get(archive.replaceAll("\\..*", "")).toDoubleArray();
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            Explanation why =
                    new Lrp(Composites.epsilon(0)).attribute(model, Inputs.of(arrays.get("x")), Target.index(1));
            assertThat(why.attribution().toDoubleArray()).containsExactly(expected, within(1e-9 * largest));
            assertThat(model.operations())
                    .filteredOn(operation -> operation.kind() == Operation.Kind.ACTIVATION)
                    .singleElement()
                    .extracting(Operation::name)
                    .isIn("gelu", "silu", "mish", "hardswish");
        }
    }

    @ParameterizedTest
    @MethodSource("archives")
    void deep_lift_compares_them_whole(String archive) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(FOLDER.resolve(archive + ".pt"))) {
            // Between layers without biases zero stays zero, so that the multiplier of an activation is y / x.
            Map<String, Tensor> arrays = arrays();
            double[] expected = arrays.get(archive.replaceAll("\\..*", "")).toDoubleArray();
            Explanation why = new DeepLift().attribute(model, Inputs.of(arrays.get("x")), Target.index(1));
            assertThat(why.attribution().toDoubleArray()).containsExactly(expected, within(1e-9));
            assertThat(why.completenessGap()).containsExactly(new double[2], within(1e-9));
        }
    }

    @Test
    void what_lies_inside_has_gradients_and_no_relevance() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(FOLDER.resolve("gelu.script.pt"))) {
            Inputs inputs = Inputs.of(arrays().get("x"));
            assertThat(Arrays.stream(new GradientXActivation("bend/tanh#0")
                                    .attribute(model, inputs, Target.index(1))
                                    .attribution()
                                    .toDoubleArray())
                            .filter(value -> value != 0))
                    .hasSize(12);
            for (var method : List.of(new Lrp().at("bend/tanh#0"), new DeepLift().at("bend/tanh#0"))) {
                assertThatThrownBy(() -> method.attribute(model, inputs, Target.index(1)))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessageContaining("bend/mul#");
            }
            assertThat(new Lrp()
                            .at("bend")
                            .attribute(model, inputs, Target.index(1))
                            .attributions())
                    .hasSize(1);
        }
    }
}
