// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.contract.ModelContract;
import io.github.attribution4j.testkit.contract.ProgramContract;
import io.github.attribution4j.testkit.contract.PullbackContract;
import io.github.attribution4j.testkit.contract.RowsContract;
import io.github.attribution4j.testkit.contract.UnusedInputContract;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;

/** Every contract of the testkit, on archives of several kinds. */
class TorchScriptContractTest {
    abstract static class TorchProgramContract extends ProgramContract {
        @Override
        protected Program program(LayeredModel model) {
            return ((TorchScriptModel) model).program();
        }
    }

    /** Float64, scripted and traced, cut everywhere. */
    @Nested
    class DoubleScripted extends TorchProgramContract {
        @Override
        protected LayeredModel model() {
            return TestModels.golden("mlp_double.scripted.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT64, rows, 1, 10));
        }

        @Override
        protected double batchTolerance() {
            return 1e-12;
        }

        @Override
        protected List<String> layers() {
            return List.of("fc1", "tanh", "fc2", "relu", "fc3");
        }
    }

    @Nested
    class DoubleTraced extends TorchProgramContract {
        @Override
        protected LayeredModel model() {
            return TestModels.golden("mlp_double.traced.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT64, rows, 1, 10));
        }

        @Override
        protected double batchTolerance() {
            return 1e-12;
        }

        @Override
        protected List<String> layers() {
            return List.of("fc1", "relu");
        }
    }

    /** Two attributed inputs of different rank and a fixed one of an integer type. */
    @Nested
    class SeveralInputs extends TorchProgramContract {
        @Override
        protected LayeredModel model() {
            return TestModels.golden("multi_input.traced.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.none()
                    .attribute("numbers", TestModels.normal(model, DataType.FLOAT32, rows, 1, 6))
                    .attribute("signal", TestModels.normal(model, DataType.FLOAT32, rows, 2, 2, 8))
                    .fixed("ids", TestModels.indexes(model, rows, 5, 4));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }

        @Override
        protected List<String> layers() {
            return List.of("hidden", "out");
        }
    }

    /** Residual connections that bypass the cut, in-place operations, batch norm, dropout. */
    @Nested
    class Residual extends TorchProgramContract {
        @Override
        protected LayeredModel model() {
            return TestModels.golden("cnn.scripted.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT32, rows, 3, 3, 16, 16));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }

        @Override
        protected List<String> layers() {
            return List.of("conv1", "bn1", "layer1.0.conv1", "layer2.0.downsample", "layer2", "avgpool");
        }

        @Override
        protected List<String> independentLayers() {
            return List.of("layer2.0.downsample", "layer2.0.conv2");
        }

        @Override
        protected List<String> dependentLayers() {
            return List.of("conv1", "layer2");
        }
    }

    @Nested
    class Transformer extends TorchProgramContract {
        @Override
        protected LayeredModel model() {
            return TestModels.golden("transformer_encoder.scripted.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT32, rows, 4, 7, 5));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }

        @Override
        protected List<String> layers() {
            return List.of("project", "encoder.layers.0", "encoder.layers.1.linear1");
        }
    }

    @Nested
    class Recurrent extends PullbackContract {
        @Override
        protected DifferentiableModel model() {
            return TestModels.golden("timeseries_gru.traced.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.normal(model, DataType.FLOAT32, rows, 5, 20, 4));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }
    }

    /** Token ids: forward only, for perturbation methods. */
    @Nested
    class Tokens extends ModelContract {
        @Override
        protected Model model() {
            return TestModels.golden("text_lstm.scripted.pt");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(TestModels.indexes(model, rows, 10, 9));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }
    }

    /** A view fixes one row. */
    @Nested
    class OneRow extends Rows {
        OneRow() {
            super("OneRowView.pt");
        }
    }

    /** A norm over all rows. */
    @Nested
    class RowsThatMeet extends Rows {
        RowsThatMeet() {
            super("NormOverRows.pt");
        }
    }

    /** An archive of rows of images. */
    abstract static class Rows extends RowsContract {
        private final String file;

        Rows(String file) {
            this.file = file;
        }

        @Override
        protected DifferentiableModel model() {
            return TorchScriptModel.load(GoldenData.together().resolve(file));
        }

        @Override
        protected Inputs inputs(Model model, int... examples) {
            Tensor all = TestModels.normal(model, DataType.FLOAT32, 3, 3, 1, 5, 5);
            List<Tensor> rows = IntStream.of(examples)
                    .mapToObj(example -> all.rows(example, example + 1))
                    .toList();
            return Inputs.of(model.tensors().concat(rows, 0));
        }
    }

    @Nested
    class Unused extends UnusedInputContract {
        @Override
        protected DifferentiableModel model() {
            return TestModels.script(
                    "def forward(self: __torch__.M, x: Tensor, y: Tensor) -> Tensor:\n  return torch.mul(x, x)\n");
        }

        @Override
        protected Tensor used(DifferentiableModel model) {
            return TestModels.normal(model, DataType.FLOAT32, 2, 1, 4);
        }

        @Override
        protected Tensor unused(DifferentiableModel model) {
            return TestModels.normal(model, DataType.FLOAT32, 2, 2, 2);
        }
    }
}
