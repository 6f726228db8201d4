// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.contract.ParameterGradientContract;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Gradients of the reference model by weights and biases. */
class ReferenceGradientsTest extends ParameterGradientContract {
    @Override
    protected ParameterizedModel model() {
        return ReferenceModels.mlp(DataType.FLOAT64, 5, Activation.TANH, 4, 6, 5, 3);
    }

    @Override
    protected Inputs inputs(Model model, int rows) {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 3, 4).rows(0, rows));
    }

    @Test
    void convolutionsAreRefused() {
        try (ReferenceModel model = ReferenceModels.cnn(DataType.FLOAT64, 1, Activation.RELU, 1, 4);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 6, 1, 1, 4, 4));
            assertThatThrownBy(() -> model.pullbackTo(List.of("conv1.weight"), inputs))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("belongs to a convolution");
        }
    }
}
