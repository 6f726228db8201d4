// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ShapeTest {
    private final Shape shape = Shape.of(2, 3, 4);

    @Test
    @DisplayName("A shape knows its extents, rank and size, and cannot be changed through its arrays")
    void extents() {
        long[] dims = {2, 3};
        Shape copied = Shape.of(dims);
        dims[0] = 9;
        copied.dims()[0] = 9;
        assertThat(copied)
                .isEqualTo(Shape.of(2, 3))
                .isNotEqualTo(Shape.of(3, 2))
                .isNotEqualTo("(2, 3)");
        assertThat(copied).hasSameHashCodeAs(Shape.of(2, 3));
        assertThat(shape.rank()).isEqualTo(3);
        assertThat(shape.size()).isEqualTo(24);
        assertThat(shape.dim(0)).isEqualTo(2);
        assertThat(shape.dim(-1)).isEqualTo(4);
        assertThat(Shape.scalar()).isSameAs(Shape.of());
        assertThat(Shape.scalar().size()).isEqualTo(1);
        assertThat(Shape.of(3, 0).size()).isZero();
    }

    @Test
    @DisplayName("Shapes are made from shapes")
    void derived() {
        assertThat(shape.with(-2, 7)).isEqualTo(Shape.of(2, 7, 4));
        assertThat(shape.withRows(5)).isEqualTo(Shape.of(5, 3, 4));
        assertThat(shape.row()).isEqualTo(Shape.of(3, 4));
        assertThat(shape.prepend(6)).isEqualTo(Shape.of(6, 2, 3, 4));
        assertThat(shape.rowScale(9)).isEqualTo(Shape.of(9, 1, 1));
        assertThat(Shape.scalar().prepend(2)).isEqualTo(Shape.of(2));
    }

    @Test
    @DisplayName("Broadcasting follows NumPy's rule")
    void broadcast() {
        assertThat(shape.broadcast(shape)).isSameAs(shape);
        assertThat(shape.broadcast(Shape.of(3, 1))).isEqualTo(shape);
        assertThat(Shape.of(3, 1).broadcast(shape)).isEqualTo(shape);
        assertThat(Shape.of(5, 1).broadcast(Shape.of(1, 6))).isEqualTo(Shape.of(5, 6));
        assertThat(Shape.scalar().broadcast(shape)).isEqualTo(shape);
        assertThat(Shape.of(1).broadcast(Shape.of(0))).isEqualTo(Shape.of(0));
        assertThat(Shape.of(1, 4).broadcastsTo(shape)).isTrue();
        assertThat(Shape.scalar().broadcastsTo(shape)).isTrue();
        assertThat(Shape.of(3).broadcastsTo(shape)).isFalse();
        assertThat(shape.prepend(1).broadcastsTo(shape)).isFalse();
    }

    @Test
    @DisplayName("A shape prints as Python prints a tuple")
    void text() {
        assertThat(shape).hasToString("(2, 3, 4)");
        assertThat(Shape.of(5)).hasToString("(5,)");
        assertThat(Shape.scalar()).hasToString("()");
    }

    @Test
    @DisplayName("Negative extents, missing axes and shapes that do not broadcast are refused")
    void refusals() {
        assertThatThrownBy(() -> Shape.of(2, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("shape [2, -1]: extent -1 of axis 1 is negative; extents are 0 or more");
        assertThatThrownBy(() -> shape.dim(3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("axis 3 does not exist in shape (2, 3, 4) of rank 3");
        assertThatThrownBy(() -> shape.axis(-4)).hasMessage("axis -4 does not exist in shape (2, 3, 4) of rank 3");
        assertThatThrownBy(() -> Shape.scalar().row()).hasMessage("axis 0 does not exist in shape () of rank 0");
        assertThatThrownBy(() -> shape.broadcast(Shape.of(2, 4)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("shapes (2, 3, 4) and (2, 4) do not broadcast: 3 and 2 at axis -2 differ and neither is 1");
    }
}
