// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ArrayTensorTest {
    private final Tensors tensors = Tensors.ofJava();
    private TensorScope scope;

    @BeforeEach
    void openScope() {
        scope = TensorScope.open();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @Test
    @DisplayName("A mask (2, 1, 1, 2) chooses between an image (1, 3, 1, 2) and a scalar-like baseline")
    void whereBroadcastsThreeOperands() {
        Tensor mask = tensors.of(new float[] {1, 0, 0, 1}, 2, 1, 1, 2).gt(0.5);
        Tensor image = tensors.of(new float[] {1, 2, 3, 4, 5, 6}, 1, 3, 1, 2);
        Tensor baseline = tensors.full(Shape.of(1, 1, 1, 1), DataType.FLOAT32, -1);

        Tensor chosen = mask.where(image, baseline);

        assertThat(chosen.shape()).isEqualTo(Shape.of(2, 3, 1, 2));
        assertThat(chosen.toFloatArray()).containsExactly(1, -1, 3, -1, 5, -1, -1, 2, -1, 4, -1, 6);
    }

    @Test
    @DisplayName("Sums run over any axes of a broadcast view")
    void sumsOverAxes() {
        Tensor x = tensors.of(new double[] {1, 2, 3}, 1, 3, 1).broadcast(Shape.of(2, 3, 2));

        assertThat(x.sum().toDoubleArray()).containsExactly(24);
        assertThat(x.sum(0).toDoubleArray()).containsExactly(2, 2, 4, 4, 6, 6);
        assertThat(x.sum(0, -1).toDoubleArray()).containsExactly(4, 8, 12);
        assertThat(x.mean(1).toDoubleArray()).containsExactly(2, 2, 2, 2);
        assertThat(x.max(1).toDoubleArray()).containsExactly(3, 3, 3, 3);
        assertThat(x.argmax(1).toLongArray()).containsExactly(2, 2, 2, 2);
    }

    @Test
    @DisplayName("Slices, selections, picks and joins find their elements")
    void indexing() {
        Tensor x = tensors.of(new long[] {0, 1, 2, 3, 4, 5}, 2, 3);

        assertThat(x.slice(1, 1, 3).toLongArray()).containsExactly(1, 2, 4, 5);
        assertThat(x.slice(1, 1, 3).reshape(4).toLongArray()).containsExactly(1, 2, 4, 5);
        assertThat(x.select(1, 2, 0, 2).toLongArray()).containsExactly(2, 0, 2, 5, 3, 5);
        assertThat(x.pick(2, 0).toLongArray()).containsExactly(2, 3);
        assertThat(tensors.concat(List.of(x, x.rows(1, 2)), 0).toLongArray())
                .containsExactly(0, 1, 2, 3, 4, 5, 3, 4, 5);
        assertThat(tensors.concat(List.of(x, x.slice(1, 0, 1)), -1).toLongArray())
                .containsExactly(0, 1, 2, 0, 3, 4, 5, 3);
        assertThat(x.slice(1, 0, 1).oneHot(4, DataType.UINT8).toLongArray()).containsExactly(1, 0, 0, 0, 0, 0, 0, 1);
    }
}
