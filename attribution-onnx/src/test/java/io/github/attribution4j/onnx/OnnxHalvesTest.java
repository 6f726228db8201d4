// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.ThrowingConsumer;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models of 16 bits, and models that are float16 inside, in float32 and in their own types, against autograd of the
 * same weights in float64.
 */
class OnnxHalvesTest {
    private static final Golden GOLDEN = Golden.read("halves.npz");
    private static final OnnxOptions IN_FLOAT32 = OnnxOptions.defaults().dataType(DataType.FLOAT32);

    @TempDir
    private Path folder;

    private static Inputs inputs(String name) {
        Inputs inputs = Inputs.none();
        for (Map.Entry<String, Tensor> each : GOLDEN.below(name + "/in/").entrySet()) {
            inputs = each.getValue().dataType() == DataType.FLOAT32
                    ? inputs.attribute(each.getKey(), each.getValue())
                    : inputs.fixed(each.getKey(), each.getValue());
        }
        return inputs;
    }

    private static void check(OnnxModel model, String name, double tolerance) {
        try (TensorScope scope = TensorScope.open();
                Pullback run = model.pullback(inputs(name))) {
            assertThat(run.output()).hasType(DataType.FLOAT32).isCloseToWithin(tolerance, GOLDEN.tensor(name + "/y"));
            Tensor gradient = run.vjp(GOLDEN.tensor(name + "/g")).get(0);
            assertThat(gradient).hasType(DataType.FLOAT32).isCloseToWithin(tolerance, GOLDEN.tensor(name + "/d"));
        }
    }

    private static Stream<DynamicTest> tests(String type, ThrowingConsumer<String> test) {
        return GOLDEN.cases().stream()
                .filter(name -> name.matches(".*\\.(" + type + ")\\..*"))
                .map(name -> DynamicTest.dynamicTest(name, () -> test.accept(name)));
    }

    @TestFactory
    Stream<DynamicTest> in_float32_they_are_what_PyTorch_makes_of_the_same_weights() {
        return tests("float16|bfloat16|islands", name -> {
            Path file = Files.write(folder.resolve(name + ".onnx"), GOLDEN.bytes(name + "/model"));
            try (OnnxModel array = OnnxModel.load(GOLDEN.bytes(name + "/model"), IN_FLOAT32);
                    OnnxModel model = OnnxModel.load(file, IN_FLOAT32)) {
                check(array, name, 1e-5);
                check(model, name, 1e-5);
                assertThat(model.signature()).doesNotContain("float16");
                assertThat(model.gradientLosses()).isEmpty();
                assertThat(model.identity().loaded()).containsEntry("dataType", "float32");
            }
        });
    }

    /** Eleven bits and no more, at every node. */
    @TestFactory
    Stream<DynamicTest> in_float16_they_have_gradients_of_their_own() {
        return tests("float16|islands", name -> {
            try (OnnxModel model = OnnxModel.load(GOLDEN.bytes(name + "/model"))) {
                check(model, name, 2e-2);
                assertThat(model.gradientLosses()).anyMatch(loss -> loss.startsWith("rounding to float16"));
                assertThat(model.identity().loaded()).doesNotContainKey("dataType");
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> in_bfloat16_they_are_refused_with_the_remedy() {
        return tests("bfloat16", name -> {
            byte[] bytes = GOLDEN.bytes(name + "/model");
            assertThatThrownBy(() -> OnnxModel.load(bytes))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("load it with OnnxOptions.dataType(DataType.FLOAT32)");
        });
    }

    @Test
    void layers_are_those_of_the_file_and_float32() {
        for (String name : GOLDEN.cases()) {
            try (OnnxModel model = OnnxModel.load(GOLDEN.bytes(name + "/model"), IN_FLOAT32);
                    TensorScope scope = TensorScope.open()) {
                Inputs inputs = inputs(name);
                for (Cut.Point point : model.cutPoints()) {
                    Cut cut = model.cut(point);
                    Tensor inside = cut.activations(inputs).get(0);
                    assertThat(inside).hasType(DataType.FLOAT32);
                    assertThat(cut.tail().forward(cut.tailInputs(inputs, inside)))
                            .isCloseToWithin(1e-5, GOLDEN.tensor(name + "/y"));
                }
                if (!name.contains("bfloat16")) {
                    try (OnnxModel plain = OnnxModel.load(GOLDEN.bytes(name + "/model"))) {
                        assertThat(model.cutPoints()).as(name).isEqualTo(plain.cutPoints());
                    }
                }
            }
        }
    }

    @Test
    void an_explanation_says_that_it_was_computed_in_float32() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("mlp.float16.script/model"), IN_FLOAT32);
                TensorScope scope = TensorScope.open();
                Explanation why = new Saliency().attribute(model, inputs("mlp.float16.script"), Target.index(1))) {
            assertThat(why.provenance().model().loaded()).containsEntry("dataType", "float32");
        }
    }

    @Test
    void other_types_are_refused() {
        assertThatThrownBy(() -> OnnxOptions.defaults().dataType(DataType.FLOAT64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("in float32");
    }
}
