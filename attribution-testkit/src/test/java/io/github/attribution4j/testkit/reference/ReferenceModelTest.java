// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReferenceModelTest {
    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    @DisplayName("A linear model multiplies by the weights it shows")
    void linear() {
        ReferenceModel model = ReferenceModels.linear(DataType.FLOAT64, 1, 3, 2);
        double[][] weights = model.weights("fc");
        Tensor x = Tensors.ofJava().of(new double[] {1, 0, 0, 0, 1, 2}, 2, 3);

        Tensor y = model.forward(Inputs.of(x));

        assertThat(y.shape()).isEqualTo(Shape.of(2, 2));
        double[] bias = model.bias("fc");
        assertThat(y.toDoubleArray()[0]).isEqualTo(weights[0][0] + bias[0], within(1e-15));
        assertThat(y.toDoubleArray()[3]).isEqualTo(weights[1][1] + 2 * weights[1][2] + bias[1], within(1e-15));
        try (Pullback pullback = model.pullback(Inputs.of(x))) {
            Tensor gradient = pullback.vjp(Tensors.ofJava().of(new double[] {1, 0, 0, 2}, 2, 2))
                    .get(0);
            assertThat(gradient.rows(1, 2).toDoubleArray())
                    .containsExactly(2 * weights[1][0], 2 * weights[1][1], 2 * weights[1][2]);
        }
    }

    @Test
    @DisplayName("A cut inside a residual block has a tail that still adds the input")
    void residualCut() {
        ReferenceModel model = ReferenceModels.residual(DataType.FLOAT64, 5, 4, 3);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 3, 4));
        Cut cut = model.cut("block.fc2");

        Tensor activation = cut.head().forward(inputs);
        Tensor output = cut.tail().forward(cut.tailInputs(inputs, activation));

        assertThat(output.toDoubleArray()).containsExactly(model.forward(inputs).toDoubleArray());
    }

    @Test
    @DisplayName("Inputs of another shape or type, and uses after closing, are refused")
    void refusals() {
        ReferenceModel model = ReferenceModels.linear(DataType.FLOAT64, 1, 3, 2);
        Tensor wide = ReferenceModels.normal(DataType.FLOAT64, 2, 1, 4);

        assertThatThrownBy(() -> model.forward(Inputs.of(wide)))
                .isInstanceOf(ModelException.class)
                .hasMessage("input 'input0' is a float64 tensor of shape (1, 4); this model takes float64 rows of shape"
                        + " (3,)");
        model.close();
        assertThatThrownBy(() -> model.forward(Inputs.of(wide.slice(1, 0, 3))))
                .isInstanceOf(IllegalStateException.class);
    }
}
