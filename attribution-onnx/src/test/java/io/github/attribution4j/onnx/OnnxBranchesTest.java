// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A branch that cannot run, or that no gradient passes, does not keep gradients from the other one. */
class OnnxBranchesTest {
    private static final Golden GOLDEN = Golden.read("branches.npz");

    private static Inputs inputs(String name, long first) {
        return Inputs.of(GOLDEN.tensor(name + "/in/x"))
                .constant("first", Tensors.ofJava().of(new long[] {first}, Shape.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lstm", "lstm_else", "operator"})
    void the_branch_that_is_taken_has_its_gradient(String name) {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes(name + "/model"));
                TensorScope scope = TensorScope.open();
                Pullback pullback = model.pullback(
                        inputs(name, GOLDEN.tensor(name + "/in/first").toLongArray()[0]))) {
            assertThat(pullback.output()).isCloseToWithin(1e-6, GOLDEN.tensor(name + "/y"));
            Tensor gradient = pullback.vjp(GOLDEN.tensor(name + "/g")).get(0);
            assertThat(gradient).isCloseToWithin(1e-5, GOLDEN.tensor(name + "/d/x"));
        }
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void a_run_through_the_other_is_refused_with_its_reason(boolean other) {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("operator/model"));
                TensorScope scope = TensorScope.open()) {
            if (other) {
                model.pullback(inputs("operator", 1)).close();
            }
            try (Pullback pullback = model.pullback(inputs("operator", 0))) {
                Tensor cotangent = GOLDEN.tensor("operator/g");
                assertThatThrownBy(() -> pullback.vjp(cotangent))
                        .isInstanceOf(UnsupportedModelException.class)
                        .hasMessageStartingWith("these inputs take a branch of an If that no gradient passes")
                        .hasMessageContaining("DynamicQuantizeLinear at node 'quantized'")
                        .hasMessageNotContaining("Status");
            }
        }
    }
}
