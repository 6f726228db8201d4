// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Models as converters of other libraries write them; {@code golden/onnx_classical.py} does so in their place. */
class OnnxClassicalTest {
    private static final Golden GOLDEN = Golden.read("classical.npz");

    private static OnnxModel load(String name) {
        byte[] file = GOLDEN.bytes(name + "/model");
        return GOLDEN.has(name + "/output")
                ? OnnxModel.load(file, OnnxOptions.defaults().output(text(name + "/output")))
                : OnnxModel.load(file);
    }

    private static String text(String array) {
        return new String(GOLDEN.bytes(array), StandardCharsets.UTF_8);
    }

    @TestFactory
    Stream<DynamicTest> gradients_are_those_of_the_formulas() {
        return GOLDEN.cases().stream()
                .filter(name -> GOLDEN.has(name + "/d"))
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    Inputs inputs = Inputs.of(GOLDEN.tensor(name + "/x"));
                    try (OnnxModel model = load(name);
                            TensorScope scope = TensorScope.open();
                            Pullback run = GOLDEN.has(name + "/layer")
                                    ? model.cut(List.of(model.cutPoint(text(name + "/layer"))))
                                            .pullback(inputs)
                                    : model.pullback(inputs)) {
                        assertNear(run.output(), GOLDEN.tensor(name + "/y"), 1e-5);
                        assertNear(run.vjp(GOLDEN.tensor(name + "/g")).get(0), GOLDEN.tensor(name + "/d"), 1e-5);
                    }
                }));
    }

    private static void assertNear(Tensor found, Tensor right, double tolerance) {
        double[] expected = right.toDoubleArray();
        double[] actual = found.toDoubleArray();
        assertThat(actual).hasSameSizeAs(expected);
        double most = 1;
        for (double number : expected) {
            most = Math.max(most, Math.abs(number));
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).as("[%s]", i).isCloseTo(expected[i], offset(tolerance * most));
        }
    }

    @TestFactory
    Stream<DynamicTest> at_the_inputs_the_value_after_the_last_step_is_named_and_works() {
        return GOLDEN.cases().stream()
                .filter(name -> GOLDEN.has(name + "/layer"))
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    Inputs inputs = Inputs.of(GOLDEN.tensor(name + "/x"));
                    String layer = text(name + "/layer");
                    try (OnnxModel model = load(name);
                            TensorScope scope = TensorScope.open()) {
                        assertThatThrownBy(() -> new Saliency().attribute(model, inputs, Target.index(0)))
                                .isInstanceOf(UnsupportedModelException.class)
                                .hasMessageContaining("gradients pass from '" + layer + "' on: Attribution.at(\""
                                        + layer + "\", method)");
                        assertThat(model.cutPoints())
                                .extracting(Cut.Point::path)
                                .contains(layer);
                        try (Explanation why =
                                Attribution.at(layer, new Saliency()).attribute(model, inputs, Target.index(0))) {
                            assertThat(DoubleStream.of(why.attribution().toDoubleArray()))
                                    .anyMatch(number -> number != 0);
                        }
                    }
                }));
    }

    @Test
    void trees_are_explained_by_methods_that_perturb() {
        Inputs inputs = Inputs.of(GOLDEN.tensor("trees_of_lightgbm/x"));
        try (OnnxModel model = load("trees_of_lightgbm");
                TensorScope scope = TensorScope.open();
                Explanation why = new FeatureAblation().attribute(model, inputs, Target.index(1))) {
            assertNear(model.forward(inputs), GOLDEN.tensor("trees_of_lightgbm/y"), 1e-6);
            assertThat(DoubleStream.of(why.attribution().toDoubleArray())).anyMatch(number -> number != 0);
            assertThatThrownBy(() -> new Saliency().attribute(model, inputs, Target.index(1)))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContainingAll("TreeEnsembleClassifier", "perturb the inputs instead")
                    .hasMessageNotContaining("gradients pass from");
        }
    }

    @Test
    void names_of_tensorflow_are_addresses() {
        try (OnnxModel model = load("network_of_keras");
                TensorScope scope = TensorScope.open()) {
            String layer = "StatefulPartitionedCall/sequential/conv2d/Relu:0";
            assertThat(model.cutPoints()).extracting(Cut.Point::path).contains(layer);
            try (Explanation why = Attribution.at(layer, new Saliency())
                    .attribute(model, Inputs.of(GOLDEN.tensor("network_of_keras/x")), Target.index(2))) {
                assertThat(why.attribution().shape().dims()).containsExactly(2, 4, 6, 6);
            }
        }
    }
}
