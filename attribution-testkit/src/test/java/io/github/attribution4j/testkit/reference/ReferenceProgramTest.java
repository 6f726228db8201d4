// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.contract.ProgramContract;
import java.util.List;
import org.junit.jupiter.api.Nested;

class ReferenceProgramTest {
    abstract static class Exact extends ProgramContract {
        @Override
        protected Program program(LayeredModel model) {
            return ((ReferenceModel) model).program();
        }

        @Override
        protected double batchTolerance() {
            return 0;
        }
    }

    @Nested
    class Residual extends Exact {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.residual(DataType.FLOAT64, 1, 4, 3);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 5, 4).rows(0, rows));
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
    class TwoInputs extends Exact {
        @Override
        protected LayeredModel model() {
            return ReferenceModels.twoInputs(DataType.FLOAT64, 1, 3, 2, 2);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(
                    ReferenceModels.normal(DataType.FLOAT64, 2, 5, 3).rows(0, rows),
                    ReferenceModels.normal(DataType.FLOAT64, 3, 5, 2).rows(0, rows));
        }

        @Override
        protected List<String> layers() {
            return List.of("left", "right", "product", "tanh");
        }

        @Override
        protected List<String> independentLayers() {
            return List.of("left", "right");
        }
    }
}
