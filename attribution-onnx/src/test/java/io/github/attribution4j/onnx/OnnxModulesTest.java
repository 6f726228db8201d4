// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What each call of each module takes and returns, by TorchScript's addresses: PyTorch's numbers, or a refusal because
 * the file does not have or not tell them.
 */
class OnnxModulesTest {
    private static final Golden GOLDEN = Golden.read("addresses.npz");
    private static final double NEAR = 1e-5;

    private static Inputs inputs(String name) {
        Inputs inputs = Inputs.none();
        for (Map.Entry<String, Tensor> each : GOLDEN.below(name + "/in/").entrySet()) {
            inputs = inputs.attribute(each.getKey(), each.getValue());
        }
        return inputs;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "past.script     | model.model.head.pool model.model.head.pool:in "
                        + "model.model.relu#1 model.model.relu#1:in model.model.relu_1 model.model.relu_1:in",
                "past.dynamo     | ",
                "repeated.script | ",
                "repeated.dynamo | block block#1 block#1:in block#2 block#2:in block:in",
                "looping.script  | ",
                "looping.dynamo  | steps steps:in",
                "arguments.script | ",
                "arguments.dynamo | ",
                "joined.script   | cbn cbn:in conv down.0 down.1 down.1:in",
                "joined.dynamo   | bn:in cbn:in conv down.0 down.1:in fc ubn:in up"
            })
    void a_call_has_the_numbers_of_pytorch_or_is_refused(String name, String refused) {
        Set<String> missing = new TreeSet<>();
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes(name + "/model"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(name);
            for (Map.Entry<String, Tensor> each : GOLDEN.below(name + "/act/").entrySet()) {
                String address = each.getKey();
                Cut cut;
                try {
                    cut = model.cut(address);
                } catch (UnsupportedModelException | UnknownLayerException e) {
                    missing.add(address);
                    continue;
                }
                assertThat(cut.activations(inputs).get(0)).as(address).isCloseToWithin(NEAR, each.getValue());
                try (Pullback pullback = cut.pullback(inputs)) {
                    assertThat(pullback.vjp(GOLDEN.tensor(name + "/g")).get(0))
                            .as(address)
                            .isCloseToWithin(NEAR, GOLDEN.tensor(name + "/d/" + address));
                }
            }
        }
        assertThat(String.join(" ", missing)).isEqualTo(refused == null ? "" : refused);
    }

    @ParameterizedTest
    @CsvSource({"arguments.script", "arguments.dynamo"})
    void a_cut_at_an_argument_is_between_this_call_and_the_rest(String name) {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes(name + "/model"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(name);
            Tensor whole = model.forward(inputs);
            for (String address : Set.of("outer:in", "outer:in[1]", "outer.mix:in", "mix:in[1]", "start:in")) {
                Cut cut = model.cut(address);
                Tensor argument = cut.head().forward(inputs);
                assertThat(cut.tail().forward(cut.tailInputs(inputs, argument)))
                        .as(address)
                        .isCloseToWithin(NEAR, whole);
            }
            // Other nodes read the same value, and keep it.
            Tensor zeros = model.cut("mix:in[1]").head().forward(inputs).mul(0);
            Cut one = model.cut("mix:in[1]");
            Cut all = model.cut("start");
            assertThat(one.tail().forward(one.tailInputs(inputs, zeros)).toFloatArray())
                    .isNotEqualTo(
                            all.tail().forward(all.tailInputs(inputs, zeros)).toFloatArray())
                    .isNotEqualTo(whole.toFloatArray());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "arguments.script, outer:in, outer.mix:in, true",
        "arguments.dynamo, outer:in, outer.mix:in, true",
        "arguments.dynamo, start, outer:in, true",
        "arguments.dynamo, mix:in, mix, true",
        "arguments.dynamo, outer:in, outer:in[1], false",
        "arguments.dynamo, outer:in[1], mix:in[1], false",
        "arguments.script, mix:in[1], outer:in, false"
    })
    void what_is_computed_from_an_argument_is_known(String name, String first, String second, boolean computed) {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes(name + "/model"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs(name);
            if (computed) {
                assertThatThrownBy(() -> model.cut(first, second).activations(inputs))
                        .hasMessageContainingAll("'" + first + "'", "'" + second + "'", "is computed from");
            } else {
                assertThat(model.cut(first, second).activations(inputs)).hasSize(2);
            }
        }
    }

    @Test
    void the_list_shows_what_modules_take() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("arguments.script/model"));
                TensorScope scope = TensorScope.open()) {
            assertThat(model.values(inputs("arguments.script")))
                    .filteredOn(value -> value.point().side() == Cut.Side.INPUT)
                    .extracting(value -> value.point() + " " + value.shape() + " " + model.note(value.point()))
                    .contains(
                            "outer:in (3, 4) value /start/Gemm_output_0",
                            "outer:in[1] (3, 4) value x1",
                            "mix:in (3, 4) value /outer/Sub_output_0",
                            "mix:in[1] (3, 4) value /start/Gemm_output_0");
            assertThatThrownBy(() -> model.cut("outer:in[2]")).isInstanceOf(UnknownLayerException.class);
        }
    }

    /** What may be either a later call of one module, or another module. */
    @Test
    void a_numbered_name_is_also_a_call() {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("past.script/model"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = inputs("past.script");
            for (String end : Set.of("", ":in")) {
                assertThat(model.cut("model.model.gate_1" + end)
                                .activations(inputs)
                                .get(0))
                        .isBitEqualTo(model.cut("model.model.gate#1" + end)
                                .activations(inputs)
                                .get(0));
            }
            assertThat(model.cutPoints())
                    .extracting(Cut.Point::toString)
                    .contains("model.model.gate#1")
                    .doesNotContain("model.model.gate_1");
            assertThatThrownBy(() -> model.cut("model.model.relu_1"))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("another module or another call the same name");
        }
    }
}
