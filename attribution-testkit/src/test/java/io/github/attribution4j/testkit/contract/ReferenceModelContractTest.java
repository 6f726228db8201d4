// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;

class ReferenceModelContractTest {
    private static Tensor draw(DataType type, long seed, int rows, long... row) {
        long[] dims = new long[row.length + 1];
        System.arraycopy(row, 0, dims, 1, row.length);
        dims[0] = ModelContract.ROWS;
        return ReferenceModels.normal(type, seed, dims).rows(0, rows);
    }

    abstract static class Exact extends CutContract {
        @Override
        protected double batchTolerance() {
            return 0;
        }
    }

    @Nested
    @DisplayName("linear - tanh - linear in float64")
    class Mlp extends Exact {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 4, 6, 3);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(draw(DataType.FLOAT64, 2, rows, 4));
        }

        @Override
        protected List<String> layers() {
            return List.of("fc1", "act1", "fc2");
        }
    }

    @Nested
    @DisplayName("linear - softplus - linear in float32")
    class Single extends Exact {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.mlp(DataType.FLOAT32, 1, Activation.SOFTPLUS, 4, 6, 3);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(draw(DataType.FLOAT32, 2, rows, 4));
        }

        @Override
        protected double batchTolerance() {
            // Going through a cut rounds the activation's gradient.
            return 1e-6;
        }

        @Override
        protected List<String> layers() {
            return List.of("fc1", "act1");
        }
    }

    @Nested
    @DisplayName("a residual block, cut inside and behind it")
    class Residual extends Exact {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.residual(DataType.FLOAT64, 1, 4, 3);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(draw(DataType.FLOAT64, 2, rows, 4));
        }

        @Override
        protected List<String> layers() {
            return List.of("block.fc1", "block.tanh", "block.fc2", "sum");
        }

        @Override
        protected List<String> dependentLayers() {
            return List.of("block.fc1", "sum");
        }
    }

    @Nested
    @DisplayName("a convolutional network")
    class Cnn extends Exact {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.cnn(DataType.FLOAT64, 1, Activation.SIGMOID, 2, 4);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(draw(DataType.FLOAT64, 2, rows, 2, 4, 4));
        }

        @Override
        protected List<String> layers() {
            return List.of("conv1", "act2", "pool");
        }
    }

    @Nested
    @DisplayName("two inputs whose hidden values are multiplied")
    class TwoInputs extends Exact {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.twoInputs(DataType.FLOAT64, 1, 3, 2, 2);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(draw(DataType.FLOAT64, 2, rows, 3), draw(DataType.FLOAT64, 3, rows, 2));
        }

        @Override
        protected List<String> layers() {
            return List.of("product", "tanh");
        }

        @Override
        protected List<String> independentLayers() {
            return List.of("left", "right");
        }

        @Override
        protected List<String> dependentLayers() {
            return List.of("right", "product");
        }
    }

    @Nested
    @DisplayName("integer tokens fixed, features attributed, softmax and quadratic forms")
    class Tokens extends Exact {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.tokens(DataType.FLOAT64, 1, 3, 10, 2);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            Tensor tokens =
                    draw(DataType.FLOAT64, 2, rows, 3).abs().mul(3).clamp(0, 9).to(DataType.INT64);
            return Inputs.none().fixed("tokens", tokens).attribute("x", draw(DataType.FLOAT64, 3, rows, 2));
        }

        @Override
        protected List<String> layers() {
            return List.of("sum", "tanh");
        }
    }

    @Nested
    @DisplayName("softmax of quadratic forms")
    class Classifier extends Exact {
        @Override
        protected LayeredModel model() {
            return ReferenceModel.builder(DataType.FLOAT64, 4)
                    .input("x", Shape.of(3))
                    .quadratic("square", "x", 3)
                    .softmax("softmax", "square")
                    .build();
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(draw(DataType.FLOAT64, 2, rows, 3));
        }

        @Override
        protected List<String> layers() {
            return List.of("square");
        }
    }
}
