// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;

import io.github.attribution4j.testkit.LeakExtension;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Expected numbers were computed by torch.nn.functional.interpolate of PyTorch 2.13. */
@ExtendWith(LeakExtension.class)
class InterpolationTest {
    private final Tensors tensors = Tensors.ofJava();

    private Tensor sample() {
        return tensors.of(new double[] {1, 2, 4, 8, 16, 32}, 1, 1, 2, 3);
    }

    private void check(long height, long width, Tensor.Interpolation mode, double... expected) {
        try (TensorScope scope = TensorScope.open()) {
            assertThat(sample().interpolate(height, width, mode))
                    .hasShape(1, 1, height, width)
                    .hasValuesCloseTo(1e-13, expected);
            assertThat(sample().to(DataType.FLOAT32).interpolate(height, width, mode))
                    .hasType(DataType.FLOAT32)
                    .hasValuesCloseTo(1e-5, expected);
        }
    }

    @Test
    @DisplayName("Nearest repeats and drops cells as PyTorch does")
    void nearest() {
        check(3, 5, Tensor.Interpolation.NEAREST, 1, 1, 2, 2, 4, 1, 1, 2, 2, 4, 8, 8, 16, 16, 32);
        check(1, 2, Tensor.Interpolation.NEAREST, 1, 2);
        check(4, 4, Tensor.Interpolation.NEAREST, 1, 1, 2, 4, 1, 1, 2, 4, 8, 8, 16, 32, 8, 8, 16, 32);
    }

    @Test
    @DisplayName("Bilinear weighs between pixel centres as PyTorch does with align_corners=False")
    void bilinear() {
        check(
                3,
                5,
                Tensor.Interpolation.BILINEAR,
                1,
                1.4,
                2,
                3.1999999999999997,
                4,
                4.5,
                6.299999999999999,
                9,
                14.399999999999997,
                17.999999999999996,
                8,
                11.2,
                16,
                25.599999999999998,
                32);
        check(1, 2, Tensor.Interpolation.BILINEAR, 5.625, 15.75);
        check(
                4,
                4,
                Tensor.Interpolation.BILINEAR,
                1,
                1.625,
                2.75,
                4,
                2.75,
                4.46875,
                7.5625,
                11,
                6.25,
                10.15625,
                17.1875,
                25,
                8,
                13,
                22,
                32);
    }

    @Test
    @DisplayName("Positions that float32 rounds down fall in the cell before, as in PyTorch")
    void nearestRounding() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor ramp = tensors.of(new float[] {0, 1, 2}, 1, 3);
            Tensor wide = ramp.interpolate(1, 141, Tensor.Interpolation.NEAREST);
            assertThat(wide.slice(1, 46, 49)).hasValues(0, 0, 1);
            assertThat(wide.slice(1, 93, 96)).hasValues(1, 1, 2);
        }
    }

    @Test
    @DisplayName("An infinite neighbour that has no share stays out")
    void infinity() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = tensors.of(new double[] {1, Double.POSITIVE_INFINITY}, 1, 2);
            assertThat(x.interpolate(1, 2, Tensor.Interpolation.BILINEAR)).hasValues(1, Double.POSITIVE_INFINITY);
        }
    }
}
