// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Operators in the words of opsets 7 to 12: what they compute, and their gradients. */
class OldOpsetsTest {
    private static final Golden GOLDEN = Golden.read("lifted.npz");

    /** The expected gradients are differences of float32 numbers. */
    private static final float DIFFERENCES = 0.01f;

    private static final float ROUNDING = 1e-6f;

    @TestFactory
    @DisplayName("An operator of an old opset computes what ONNX Runtime computes of the file, and has its gradient")
    Stream<DynamicTest> operators() {
        return GOLDEN.cases().stream().map(name -> DynamicTest.dynamicTest(name, () -> check(name)));
    }

    private static void check(String name) {
        try (OnnxModel model = OnnxModel.load(GOLDEN.bytes(name + "/model"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(GOLDEN.tensor(name + "/x"));
            Tensor output = model.forward(inputs);
            Tensor expected = GOLDEN.tensor(name + "/y");
            assertThat(output.shape()).isEqualTo(expected.shape());
            assertThat(output.dataType()).isEqualTo(expected.dataType());
            assertThat(output.toDoubleArray()).containsExactly(expected.toDoubleArray(), offset((double) ROUNDING));
            assertThat(model.cutPoints()).noneMatch(point -> point.path().startsWith("attribution/"));
            if (GOLDEN.has(name + "/d")) {
                try (Pullback pullback = model.pullback(inputs)) {
                    float[] gradient = pullback.vjp(output.mul(2)).get(0).toFloatArray();
                    float[] right = GOLDEN.tensor(name + "/d").toFloatArray();
                    float most = 0;
                    for (float number : right) {
                        most = Math.max(most, Math.abs(number));
                    }
                    assertThat(gradient).containsExactly(right, offset(DIFFERENCES * most));
                }
            }
        }
    }

    @Test
    @DisplayName("What no later opset can say is refused with the operator, never computed otherwise")
    void refused() {
        byte[] model = GOLDEN.bytes("resize@10/model");
        // 1.5 and 2 become 0.5 and 2: one axis shorter, another one longer.
        int at = -1;
        for (int i = 0; i + 3 < model.length; i++) {
            if (model[i + 3] == 0x3F && model[i + 2] == (byte) 0xC0 && model[i] == 0 && model[i + 1] == 0) {
                at = i;
            }
        }
        model[at + 2] = 0;
        assertThatThrownBy(() -> OnnxModel.load(model))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("Resize of opset 10")
                .hasMessageContaining("export the model again");
    }
}
