// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.contract.ParameterGradientContract;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Gradients by the parameters of archives. */
class ParameterGradientsTest {
    /** A model in double precision, whose derivatives differences show exactly. */
    private static TorchScriptModel wide(String file) {
        return TorchScriptModel.load(
                TestModels.file(file), LoadOptions.defaults().dataType(DataType.FLOAT64));
    }

    @Nested
    class DoubleTraced extends ParameterGradientContract {
        @Override
        protected ParameterizedModel model() {
            return TestModels.golden("mlp_double.traced.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT64, rows, 1, 10));
        }
    }

    @Nested
    class Convolutional extends ParameterGradientContract {
        @Override
        protected ParameterizedModel model() {
            return wide("../../propagation/models/convolutional.scripted.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT64, rows, 4, 2, 8, 8));
        }
    }

    /** Batch norm has buffers, which are not learned. */
    @Nested
    class WithStatistics extends ParameterGradientContract {
        @Override
        protected ParameterizedModel model() {
            return wide("cnn.scripted.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT64, rows, 3, 3, 16, 16));
        }
    }

    /** An embedding of integers, and a recurrent layer. */
    @Nested
    class Recurrent extends ParameterGradientContract {
        @Override
        protected ParameterizedModel model() {
            return TestModels.golden("text_lstm.scripted.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(model.tensors()
                    .of(new long[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 2, 1}, 3, 4)
                    .rows(0, rows));
        }
    }

    @Nested
    class Shared extends ParameterGradientContract {
        @Override
        protected ParameterizedModel model() {
            return TorchScriptModel.load(GoldenData.zoo().resolve("shared_names.script.pt"));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT32, rows, 4, 4));
        }

        @Override
        protected List<String> names(ParameterizedModel model) {
            return List.of("block.0.weight", "tied.bias");
        }
    }

    @Test
    void aParameterThatTheOutputDoesNotUseIsReported() {
        try (TorchScriptModel model = TorchScriptModel.load(GoldenData.zoo().resolve("shared_names.script.pt"));
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 2, 4, 4));
            try (Pullback pullback = model.pullbackTo(List.of("unused.weight", "tied.weight"), inputs)) {
                List<Tensor> gradients = pullback.vjp(pullback.output());
                assertThat(gradients.get(0).toDoubleArray()).containsOnly(0);
                assertThat(gradients.get(1).toDoubleArray()).isNotEqualTo(new double[36]);
                assertThat(pullback.unused()).containsExactly("unused.weight");
            }
            try (Pullback pullback = model.pullbackTo(List.of("unused.weight"), inputs)) {
                assertThatThrownBy(() -> pullback.vjp(pullback.output()))
                        .isInstanceOf(ModelException.class)
                        .hasMessageContaining("no gradient is defined for parameter 'unused.weight'");
            }
        }
    }
}
