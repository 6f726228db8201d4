// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.contract.CutContract;
import io.github.attribution4j.testkit.contract.ProgramContract;
import io.github.attribution4j.testkit.contract.UnusedInputContract;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** The contracts of the testkit for models with layers, on SameDiff graphs. This engine has no rules of propagation. */
class SameDiffContractTest {
    /** A graph. */
    abstract static class Case extends ProgramContract {
        @Override
        protected double batchTolerance() {
            return 1e-5;
        }

        @Override
        protected Program program(LayeredModel model) {
            return ((SameDiffModel) model).program();
        }

        @Override
        protected List<String> dependentLayers() {
            return layers().subList(0, 2);
        }
    }

    @Nested
    class Mlp extends Case {
        @Override
        protected LayeredModel model() {
            return SameDiffModel.of("mlp", Graphs.mlp(DataType.FLOAT32));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(Graphs.random(rows, DataType.FLOAT32, 6));
        }

        @Override
        protected List<String> layers() {
            return List.of("first", "second/fc2", "second", "sum");
        }
    }

    @Nested
    class MlpInDouble extends Case {
        @Override
        protected LayeredModel model() {
            return SameDiffModel.of("mlp", Graphs.mlp(DataType.FLOAT64));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(Graphs.random(rows, DataType.FLOAT64, 6));
        }

        @Override
        protected double batchTolerance() {
            return 1e-12;
        }

        @Override
        protected List<String> layers() {
            return List.of("first/act", "second/act", "out");
        }
    }

    @Nested
    class Image extends Case {
        @Override
        protected LayeredModel model() {
            return SameDiffModel.of("image", Graphs.image());
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(Graphs.random(rows, DataType.FLOAT32, 2, 6, 6));
        }

        @Override
        protected List<String> layers() {
            return List.of("conv", "norm", "pool", "dropped");
        }
    }

    /** A layer whose rows are not on axis 0. */
    @Nested
    class Turned extends CutContract {
        @Override
        protected LayeredModel model() {
            return SameDiffModel.of("image", Graphs.image());
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(Graphs.random(rows, DataType.FLOAT32, 2, 6, 6));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }

        @Override
        protected List<String> layers() {
            return List.of("turned");
        }
    }

    @Nested
    class SeveralInputs extends Case {
        @Override
        protected LayeredModel model() {
            return SameDiffModel.of("several", Graphs.several());
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Graphs.severalInputs(rows);
        }

        @Override
        protected List<String> layers() {
            return List.of("fa", "joined", "hidden");
        }

        @Override
        protected List<String> independentLayers() {
            return List.of("fa", "squashed", "rows");
        }
    }

    @Nested
    class Unused extends UnusedInputContract {
        @Override
        protected DifferentiableModel model() {
            return SameDiffModel.of("shape only", Graphs.shapeOnly());
        }

        @Override
        protected Tensor used(DifferentiableModel model) {
            return Graphs.random(2, DataType.FLOAT32, 3);
        }

        @Override
        protected Tensor unused(DifferentiableModel model) {
            return Graphs.random(2, DataType.FLOAT32, 3);
        }
    }
}
