// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Numbers that are kept in libtorch's memory from call to call: more of them than there is room for, and again. */
class KeptHandlesTest {
    private static final int NUMBERS = 400;

    @Test
    @DisplayName("A model is asked with more different numbers than are kept")
    void controls() {
        String forward = """
                def forward(self: __torch__.M, x: Tensor, n: int) -> Tensor:
                  return torch.mul(x, n)
                """;
        try (TorchScriptModel model = TestModels.script(forward)) {
            for (int round = 0; round < 2; round++) {
                for (int n = 0; n < NUMBERS; n++) {
                    try (TensorScope scope = TensorScope.open()) {
                        Inputs inputs = Inputs.none()
                                .attribute("x", model.tensors().of(new float[] {1, 2}, 1, 2))
                                .constant("n", model.tensors().of(new long[] {n}, 1));
                        assertThat(model.forward(inputs).toFloatArray()).containsExactly(n, 2 * n);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("A tensor computes with more different numbers than are kept")
    void scalars() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = TestModels.tensors().of(new float[] {1, -2}, 2);
            for (int round = 0; round < 2; round++) {
                for (int n = 0; n < NUMBERS; n++) {
                    double number = 0.5 + n;
                    try (Tensor product = x.mul(number);
                            Tensor clamped = x.clamp(-number / NUMBERS, number)) {
                        assertThat(product.toFloatArray()).containsExactly((float) number, (float) (-2 * number));
                        assertThat(clamped.toFloatArray())
                                .containsExactly((float) Math.min(1, number), (float) (-number / NUMBERS));
                    }
                }
            }
            assertThat(x.mul(-0.0).toDoubleArray()).containsExactly(-0.0, 0.0);
            assertThat(x.mul(0.0).toDoubleArray()).containsExactly(0.0, -0.0);
        }
    }
}
