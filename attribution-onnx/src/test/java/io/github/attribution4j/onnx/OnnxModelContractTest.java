// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.contract.CutContract;
import io.github.attribution4j.testkit.contract.ProgramContract;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Nested;

/** Whole models of both exporters keep what models, pullbacks and cuts promise. */
class OnnxModelContractTest {
    private static final Golden GOLDEN = Golden.read("models.npz");

    /** One model of the golden data. */
    abstract static class Case extends ProgramContract {
        private final String name;
        private final List<String> operators;
        private final long[] row;

        Case(String name, List<String> operators, long... row) {
            this.name = name;
            this.operators = operators;
            this.row = row;
        }

        @Override
        protected LayeredModel model() {
            return OnnxModel.load(GOLDEN.bytes(name + "/model"));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(random(rows));
        }

        final Tensor random(int rows) {
            return OnnxModelContractTest.random(rows, row);
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }

        @Override
        protected Program program(LayeredModel model) {
            return ((OnnxModel) model).program();
        }

        @Override
        protected List<String> layers() {
            return first(this::model, operators);
        }

        @Override
        protected List<String> dependentLayers() {
            return layers().subList(0, 2);
        }
    }

    @Nested
    class Mlp extends Case {
        Mlp() {
            super("mlp.dynamo", List.of("Gemm", "Relu", "Tanh", "Selu"), 6);
        }
    }

    /** By the paths of modules. */
    @Nested
    class MlpModules extends Case {
        MlpModules() {
            super("mlp.script", List.of(), 6);
        }

        @Override
        protected List<String> layers() {
            return List.of("0", "3", "5");
        }

        @Override
        protected List<String> dependentLayers() {
            return List.of("0", "3");
        }
    }

    @Nested
    class Mobile extends Case {
        Mobile() {
            super("mobile.script", List.of("Conv", "HardSwish"), 3, 16, 16);
        }
    }

    @Nested
    class ConvNext extends Case {
        ConvNext() {
            super("convnext.dynamo", List.of("Conv", "LayerNormalization", "Erf", "ReduceMean"), 3, 16, 16);
        }
    }

    @Nested
    class Encoder extends Case {
        Encoder() {
            super("encoder.dynamo", List.of("LayerNormalization", "Softmax", "Erf", "Tanh"), 7, 16);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            long[] mask = new long[7 * rows];
            for (int i = 0; i < mask.length; i++) {
                mask[i] = i % 7 < 5 ? 1 : 0;
            }
            return Inputs.none()
                    .attribute("x0", random(rows))
                    .fixed("x1", Tensors.ofJava().of(mask, Shape.of(rows, 7)));
        }
    }

    /** Inside, rows are on axis 1: core finds that out, and sees values by their rows. */
    @Nested
    class Gru extends CutContract {
        @Override
        protected LayeredModel model() {
            return OnnxModel.load(GOLDEN.bytes("gru.script/model"));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(random(rows, 7, 4));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }

        @Override
        protected List<String> layers() {
            return first(this::model, List.of("Transpose", "GRU", "Gather"));
        }
    }

    private static Tensor random(int rows, long... row) {
        Shape shape = Shape.of(row).prepend(rows);
        float[] values = new float[Math.toIntExact(shape.size())];
        Random random = new Random(5);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensors.ofJava().of(values, shape);
    }

    /** The first value that each operator gives; modules have a note. */
    private static List<String> first(Supplier<LayeredModel> open, List<String> operators) {
        try (LayeredModel model = open.get()) {
            return operators.stream()
                    .map(operator -> model.cutPoints().stream()
                            .filter(point -> point.kind().equals(operator)
                                    && model.note(point).isEmpty())
                            .findFirst()
                            .orElseThrow()
                            .toString())
                    .toList();
        }
    }
}
