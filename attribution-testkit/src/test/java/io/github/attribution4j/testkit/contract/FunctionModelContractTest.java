// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;

class FunctionModelContractTest {
    private static Inputs draw(int rows) {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 3, ModelContract.ROWS, 4)
                .rows(0, rows));
    }

    @Nested
    @DisplayName("Model.of(rows -> ...)")
    class Table extends ModelContract {
        @Override
        protected Model model() {
            return Model.of(rows -> {
                double[][] scores = new double[rows.length][];
                for (int row = 0; row < rows.length; row++) {
                    scores[row] = new double[] {rows[row][0] * rows[row][1], Math.max(rows[row][2], rows[row][3])};
                }
                return scores;
            });
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return draw(rows);
        }

        @Override
        protected double batchTolerance() {
            return 0;
        }
    }

    @Nested
    @DisplayName("Model.ofTensor(x -> x)")
    class Identity extends ModelContract {
        @Override
        protected Model model() {
            return Model.ofTensor(x -> x);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return draw(rows);
        }

        @Override
        protected double batchTolerance() {
            return 0;
        }
    }

    @Nested
    @DisplayName("DifferentiableModel.of(Σ x², 2x)")
    class SumOfSquares extends PullbackContract {
        @Override
        protected DifferentiableModel model() {
            Model forward = Model.ofTensor(x -> x.mul(x).sum(1));
            return DifferentiableModel.of(forward, (inputs, cotangent) -> {
                Tensor x = inputs.tensor(0);
                Shape scale = x.shape().rowScale(x.shape().dim(0));
                return List.of(x.mul(2).mul(cotangent.reshape(scale)));
            });
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return draw(rows);
        }

        @Override
        protected double batchTolerance() {
            return 0;
        }
    }

    @Nested
    @DisplayName("an input that a reference model does not use")
    class Unused extends UnusedInputContract {
        @Override
        protected DifferentiableModel model() {
            return ReferenceModel.builder(DataType.FLOAT64, 1)
                    .input("x", Shape.of(3))
                    .input("y", Shape.of(2))
                    .linear("fc", "x", 2)
                    .build();
        }

        @Override
        protected Tensor used(DifferentiableModel model) {
            return ReferenceModels.normal(DataType.FLOAT64, 1, 2, 3);
        }

        @Override
        protected Tensor unused(DifferentiableModel model) {
            return ReferenceModels.normal(DataType.FLOAT64, 2, 2, 2);
        }
    }
}
