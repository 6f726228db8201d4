// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakExtension.class)
class TensorAssertTest {
    private static void fails(ThrowingCallable assertion, String... words) {
        assertThatThrownBy(assertion).isInstanceOf(AssertionError.class).hasMessageContainingAll(words);
    }

    @Test
    @DisplayName("A failure shows index, actual, expected, difference and tolerance of the worst element")
    void worstElement() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Tensors.ofJava().of(new double[] {1, 2, 3, 4.5}, 2, 2);
            fails(
                    () -> TensorAssert.assertThat(x).as("attribution").hasValuesCloseTo(0.25, 1, 1.5, 3, 4),
                    "attribution",
                    "float64 tensor of shape (2, 2): element [0, 1] is 2.0, expected 1.5: difference 0.5, tolerance "
                            + "0.25 (2 of 4 elements differ by more)");
            TensorAssert.assertThat(x).hasValuesCloseTo(0.5, 1, 1.5, 3, 4).hasValues(1, 2, 3, 4.5);
        }
    }

    @Test
    @DisplayName("Shape, type, number of elements, NaN, infinity and bits are told apart")
    void differences() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Tensors.ofJava().of(new float[] {Float.NaN, 1, Float.POSITIVE_INFINITY, 0f}, 4);
            TensorAssert.assertThat(x).hasValues(Double.NaN, 1, Double.POSITIVE_INFINITY, -0.0);
            fails(() -> TensorAssert.assertThat(x).hasShape(2, 2), "(2, 2)", "(4,)");
            fails(() -> TensorAssert.assertThat(x).hasType(DataType.FLOAT64), "float64", "float32");
            fails(() -> TensorAssert.assertThat(x).hasValues(1), "1 elements", "(4,)");
            fails(() -> TensorAssert.assertThat(x).hasValuesCloseTo(9, 1, 1, 1, 0), "[0]", "NaN", "2 of 4");
            Tensor negative = Tensors.ofJava().of(new float[] {Float.NaN, 1, Float.POSITIVE_INFINITY, -0f}, 4);
            TensorAssert.assertThat(negative).isCloseTo(x, 0);
            fails(() -> TensorAssert.assertThat(negative).isBitEqualTo(x), "equal bits");
        }
    }

    @Test
    @DisplayName("A relative tolerance is that of the largest expected element")
    void relative() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor expected = Tensors.ofJava().of(new double[] {100, 1}, 2);
            Tensor x = Tensors.ofJava().of(new double[] {100.5, 1.9}, 2);
            TensorAssert.assertThat(x).isCloseToWithin(0.01, expected);
            fails(() -> TensorAssert.assertThat(x).isCloseToWithin(0.005, expected), "[1]", "1 of 2");
        }
    }
}
