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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes(name + "/model"))) {
            check(model, name);
        }
    }

    private static void check(OnnxModel model, String name) {
        try (TensorScope scope = TensorScope.open();
                Pullback pullback = model.pullback(
                        inputs(name, GOLDEN.tensor(name + "/in/first").toLongArray()[0]))) {
            assertThat(pullback.output()).isCloseToWithin(1e-6, GOLDEN.tensor(name + "/y"));
            for (int i = 0; i < 2; i++) {
                Tensor gradient = pullback.vjp(GOLDEN.tensor(name + "/g")).get(0);
                assertThat(gradient).isCloseToWithin(1e-5, GOLDEN.tensor(name + "/d/x"));
            }
        }
    }

    /** A network for speech that knows two sampling rates, asked for one and for the other. */
    @ParameterizedTest
    @CsvSource({"five, three", "three, five"})
    void branches_that_take_other_sizes_are_taken_in_turns(String first, String second) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes("five/model"))) {
            check(model, first);
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                String name = i % 2 == 0 ? second : first;
                all.add(threads.submit(() -> check(model, name)));
            }
            for (Future<?> each : all) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
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
                        .hasMessageContaining("Unique at node 'unique'")
                        .hasMessageNotContaining("Status");
            }
        }
    }
}
