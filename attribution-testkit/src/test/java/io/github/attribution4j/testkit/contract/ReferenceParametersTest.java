// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** The parameters of reference models can be seen, and changed in copies. */
class ReferenceParametersTest {
    @Nested
    class Convolutional extends ParameterizedContract {
        @Override
        protected ParameterizedModel model() {
            return ReferenceModels.cnn(DataType.FLOAT64, 1, Activation.RELU, 2, 5);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, rows, 2, 5, 5));
        }

        @Override
        protected List<String> learned() {
            return List.of("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "fc.weight", "fc.bias");
        }
    }

    @Nested
    class Classifier extends ParameterizedContract {
        @Override
        protected ParameterizedModel model() {
            return ReferenceModels.classifier(DataType.FLOAT64, 1, 6, 8, 3);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, rows, 6));
        }

        @Override
        protected List<String> learned() {
            return List.of("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias");
        }
    }
}
