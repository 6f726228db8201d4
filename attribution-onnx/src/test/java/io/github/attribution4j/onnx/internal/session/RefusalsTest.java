// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Where no gradient comes back, one line says for each kind of node which, where, why, and what to do instead. */
class RefusalsTest {
    private static final Golden GOLDEN = Golden.read("refused.npz");

    private static final Map<String, List<String>> SAID = Map.ofEntries(
            Map.entry(
                    "if_on_value",
                    List.of(
                            "gradients do not pass If at node '/net/block.2/If' in module 'net.block.2'",
                            "which of its graphs runs depends on what is attributed",
                            "perturb the inputs instead")),
            Map.entry("if_in_module", List.of("If at node '/net/block.2/If'")),
            Map.entry(
                    "loop_until_value",
                    List.of("Loop at node '/net/block.0/Loop'", "how often it runs depends on what is attributed")),
            Map.entry("loop_as_often_as_a_value", List.of("how often it runs depends on what is attributed")),
            Map.entry(
                    "several",
                    List.of(
                            "Det at node",
                            "(and 2 more of this kind)",
                            "Unique at node '/net/block.2/Unique' in module 'net.block.2': no rule is known for it")),
            Map.entry("training_dropout", List.of("Dropout at node", "it is in training mode")),
            Map.entry("aspect_ratio", List.of("Resize at node", "it keeps the aspect ratio")),
            Map.entry("highest_of_regions", List.of("RoiAlign at node", "it takes the highest sample (mode max)")),
            Map.entry("in_a_branch", List.of("gradients do not pass Det", "no rule is known for it")),
            Map.entry(
                    "quantized_arithmetic",
                    List.of(
                            "gradients do not pass Max at node '/net/block.1/Max'",
                            "it computes with quantized whole numbers, for which no rule is known")),
            Map.entry("quantized_through_a_branch", List.of("If at node", "quantized whole numbers")),
            Map.entry("quantized_in_a_branch", List.of("QLinearMatMul", "no rule is known for it")),
            Map.entry(
                    "ends_at_argmax",
                    List.of(
                            "no gradient comes back from 'y': every way ends at ArgMax at node '/net/block.0/ArgMax'",
                            "which gives INT64, and only floats carry gradients",
                            "or perturb the inputs instead")),
            Map.entry("ends_at_cast", List.of("every way ends at Cast at node '/net/block.0/Cast'", "INT64")),
            Map.entry("ends_at_floor", List.of("ends at Floor at node", "whose slope is zero everywhere")),
            Map.entry("ends_twice", List.of("Greater at node", "which gives BOOL", "; at Round at node")));

    @TestFactory
    Stream<DynamicTest> each_says_why() {
        return GOLDEN.cases().stream().map(name -> DynamicTest.dynamicTest(name, () -> check(name)));
    }

    private static void check(String name) {
        try (OnnxFile file = OnnxFile.of(GOLDEN.bytes(name + "/model"));
                Runs runs = new Runs(file, GOLDEN.below(name + "/in/"))) {
            assertThatThrownBy(() -> runs.weave(List.of("x"), "y"))
                    .isInstanceOf(UnsupportedModelException.class)
                    .message()
                    .contains(SAID.get(name))
                    .doesNotContain("\n");
        }
    }

    @Test
    void every_model_is_expected_to_say_something() {
        assertThat(SAID.keySet()).containsExactlyInAnyOrderElementsOf(GOLDEN.cases());
    }
}
