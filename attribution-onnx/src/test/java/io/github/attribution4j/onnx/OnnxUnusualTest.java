// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.proto.Bytes;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Valid files that no exporter of PyTorch writes; {@code golden/onnx_unusual.py} and {@code golden/onnx_hostile.py}
 * write them.
 */
class OnnxUnusualTest {
    private static final Golden GOLDEN = Golden.read("unusual.npz");

    @TestFactory
    Stream<DynamicTest> what_they_compute_and_its_gradients_are_right() {
        return Stream.of(GOLDEN, Golden.read("hostile.npz"))
                .flatMap(golden -> golden.cases().stream()
                        .filter(name -> golden.has(name + "/y"))
                        .map(name -> DynamicTest.dynamicTest(name, () -> {
                            try (OnnxModel model = OnnxModel.load(golden.bytes(name + "/model"))) {
                                check(golden, model, name);
                                assertThat(model.cutPoints())
                                        .noneMatch(point -> point.path().startsWith("attribution/lifted "));
                            }
                        })));
    }

    private static void check(Golden golden, OnnxModel model, String name) {
        double tolerance = name.startsWith("half") ? 1e-2 : 1e-5;
        try (TensorScope scope = TensorScope.open();
                Pullback run = model.pullback(Inputs.of(golden.tensor(name + "/x")))) {
            Tensor y = run.output();
            float[] ones = new float[(int) y.shape().size()];
            Arrays.fill(ones, 1);
            assertNear(y, golden.tensor(name + "/y"), tolerance);
            List<Tensor> back = run.vjp(Tensors.ofJava().of(ones, y.shape()));
            assertNear(back.get(0), golden.tensor(name + "/d"), tolerance);
        }
    }

    private static void assertNear(Tensor found, Tensor right, double tolerance) {
        assertThat(found.shape()).isEqualTo(right.shape());
        assertThat(found.toDoubleArray()).containsExactly(right.toDoubleArray(), offset(tolerance));
    }

    /** Of one model, asked in turns. */
    @ParameterizedTest
    @CsvSource({
        "unusual.npz, any-rank-two, any-rank-three, any-rank-one",
        "hostile.npz, ranks-two, ranks-three, ranks-two",
        "hostile.npz, ranks-three, ranks-two, ranks-three",
        "hostile.npz, squeezed-two, squeezed-one, squeezed-two",
        "hostile.npz, squeezed-one, squeezed-two, squeezed-one"
    })
    void inputs_may_give_values_other_numbers_of_axes(String file, String first, String second, String third) {
        Golden golden = Golden.read(file);
        try (OnnxModel model = OnnxModel.load(golden.bytes(first + "/model"))) {
            for (String name : List.of(first, second, third, first, first, second)) {
                check(golden, model, name);
            }
        }
    }

    @Test
    void an_output_that_is_computed_from_nothing_is_refused_by_name() {
        OnnxOptions defaults = OnnxOptions.defaults();
        assertThatThrownBy(() -> OnnxModel.load(GOLDEN.bytes("output-handed-on/model"), defaults.output("x")))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessage("the output 'x' is an input that the model hands on; choose another output of"
                        + " x: float32[N, 3], y: float32[N, 2]");
        assertThatThrownBy(() -> OnnxModel.load(GOLDEN.bytes("output-constant/model"), defaults.output(0)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("the output 'z' is the same for all inputs");
    }

    @Test
    void what_draws_random_numbers_within_a_loop_has_no_gradient() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("random/model"));
                TensorScope scope = TensorScope.open()) {
            assertThat(model.randomDraws()).containsExactly("RandomNormalLike at \"r\"");
            Inputs inputs = Inputs.of(GOLDEN.tensor("order/x"));
            assertThatThrownBy(() -> model.pullback(inputs))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContainingAll("Loop at node 'Loop y'", "it draws random numbers");
        }
    }

    /** A length of the graph, as the file writes it, has the bytes that a pickle begins with. */
    @Test
    void a_model_of_any_length_is_no_file_of_another_kind() {
        Message model = Message.read(Bytes.of(GOLDEN.bytes("order/model")));
        Message graph = model.messages(7).get(0);
        for (int length = 1 << 15; length < 1 << 17; length += 1 << 14) {
            byte[] bytes = Message.builder()
                    .number(1, 8)
                    .message(7, padded(graph, length))
                    .message(8, model.messages(8).get(0))
                    .build()
                    .toBytes();
            String start = HexFormat.of().formatHex(bytes, 0, 6);
            try (OnnxModel loaded = OnnxModel.load(bytes)) {
                assertThat(loaded.output()).as(start).isEqualTo("y");
            }
        }
    }

    private static Message padded(Message graph, int length) {
        String words = " ".repeat(length - (int) graph.size() - 4);
        return graph.without(number -> false).text(10, words).build();
    }
}
