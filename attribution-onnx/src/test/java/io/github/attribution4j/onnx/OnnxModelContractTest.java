// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.onnx.fuzz.Tree;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.contract.CutContract;
import io.github.attribution4j.testkit.contract.ModelContract;
import io.github.attribution4j.testkit.contract.ProgramContract;
import io.github.attribution4j.testkit.contract.PullbackContract;
import io.github.attribution4j.testkit.contract.RowsContract;
import io.github.attribution4j.testkit.contract.UnusedInputContract;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;

/**
 * Every contract of the testkit that {@code TorchScriptModel} is held to, on models of both exporters. Rules of
 * propagation are aside: this engine has none.
 */
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

    /** A golden model, cut at modules. */
    abstract static class Modules extends ProgramContract {
        private final String name;
        private final String exporter;
        private final List<String> modules;

        Modules(String name, String exporter, String... modules) {
            this.name = name;
            this.exporter = exporter;
            this.modules = List.of(modules);
        }

        @Override
        protected LayeredModel model() {
            return OnnxModel.load(GoldenData.onnx(name, exporter));
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
            return modules;
        }
    }

    @Nested
    class Float64 extends Modules {
        Float64() {
            super("mlp_double", "dynamo", "fc1", "tanh", "fc2", "relu", "fc3");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(random(rows, 10).to(DataType.FLOAT64));
        }

        @Override
        protected double batchTolerance() {
            return 1e-12;
        }
    }

    /** Two attributed inputs of different rank and a fixed one of an integer type. */
    @Nested
    class SeveralInputs extends Modules {
        SeveralInputs() {
            super("multi_input", "script", "hidden", "out");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.none()
                    .attribute("numbers", random(rows, 6))
                    .attribute("signal", random(rows, 2, 8))
                    .fixed("ids", ids(rows, 4));
        }
    }

    /** Residual connections that bypass the cut, joined batch norms. */
    @Nested
    class Residual extends Modules {
        Residual() {
            super("cnn", "dynamo", "bn1", "layer2.0.bn1", "layer2.0.downsample", "layer2", "avgpool");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            // Large, so that no difference crosses a kink.
            return Inputs.of(random(rows, 3, 16, 16).mul(4));
        }

        @Override
        protected List<String> independentLayers() {
            return List.of("layer2.0.downsample", "layer2.0.bn1");
        }

        @Override
        protected List<String> dependentLayers() {
            return List.of("bn1", "layer2");
        }
    }

    @Nested
    class Transformer extends Modules {
        Transformer() {
            super("transformer_encoder", "script", "project", "encoder.layers.0", "encoder.layers.1.linear1");
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(random(rows, 7, 5));
        }
    }

    /** A bidirectional LSTM. */
    @Nested
    class Lstm extends PullbackContract {
        @Override
        protected DifferentiableModel model() {
            return OnnxModel.load(GoldenData.onnx("text_lstm_embedded", "dynamo"));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(random(rows, 9, 12));
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
            return OnnxModel.load(GoldenData.onnx("text_lstm", "script"));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(ids(rows, 9));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }
    }

    /** Ids, a mask and types, by name and in another order than the file's. */
    @Nested
    class Bert extends ModelContract {
        @Override
        protected Model model() {
            return OnnxModel.load(GoldenData.onnx("bert", "dynamo"));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            Tensor ones = Tensors.ofJava().full(Shape.of(rows, 11), DataType.INT64, 1);
            Tensor zeros = Tensors.ofJava().zeros(Shape.of(rows, 11), DataType.INT64);
            return Inputs.none()
                    .fixed("token_type_ids", zeros)
                    .attribute("input_ids", ids(rows, 11))
                    .fixed("attention_mask", ones);
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }
    }

    /** An input that the output does not depend on. */
    @Nested
    class Unused extends UnusedInputContract {
        @Override
        protected DifferentiableModel model() {
            Tree model = Tree.read(GOLDEN.bytes("mlp.dynamo/model"));
            Tree graph = model.all(Tree.Kind.GRAPH).get(0);
            Tree.Field again = graph.fields(11).get(0).copy();
            again.message.fields(1).get(0).bytes = "y".getBytes(StandardCharsets.UTF_8);
            graph.fields.add(again);
            graph.fields(11).get(0).message.fields(1).get(0).bytes = "x".getBytes(StandardCharsets.UTF_8);
            Map<String, String> names = Map.of("x0", "x", "y", "result");
            model.all(Tree.Kind.NODE).forEach(node -> rename(node, names));
            graph.fields(12).forEach(output -> rename(output.message, names));
            return OnnxModel.load(model.write());
        }

        /** Gives other names to the values that a message names first. */
        private static void rename(Tree message, Map<String, String> names) {
            message.fields.stream()
                    .filter(field -> field.number <= 2 && field.message == null && names.containsKey(field.text()))
                    .forEach(field -> field.bytes = names.get(field.text()).getBytes(StandardCharsets.UTF_8));
        }

        @Override
        protected Tensor used(DifferentiableModel model) {
            return random(2, 6);
        }

        @Override
        protected Tensor unused(DifferentiableModel model) {
            return random(2, 6);
        }
    }

    /** State comes in and goes out, with its rows on axis 1; what is explained is the state that goes out. */
    @Nested
    class State extends PullbackContract {
        @Override
        protected DifferentiableModel model() {
            return trait("state", OnnxOptions.defaults().output("speech"));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.none()
                    .attribute("x", random(rows, 4))
                    .with(state("h", rows))
                    .with(state("c", rows))
                    .constant("rate", Tensors.ofJava().of(new long[] {1}, Shape.of()));
        }

        private static Inputs.Input state(String name, int rows) {
            Tensor values = random(1, rows, 3);
            return new Inputs.Input(name, values, Inputs.Role.FIXED, FeatureNames.none(), 1);
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }
    }

    /** The file fixes one row. */
    @Nested
    class OneRow extends Rows {
        OneRow() {
            super("one_row");
        }
    }

    /** The file fixes three rows. */
    @Nested
    class ThreeRows extends Rows {
        ThreeRows() {
            super("three_rows");
        }

        @Override
        protected boolean takesOnlyThree() {
            return true;
        }
    }

    /** A mean over the rows. */
    @Nested
    class RowsThatMeet extends Rows {
        RowsThatMeet() {
            super("rows_meet");
        }
    }

    /** A published kind of file, of rows of five numbers. */
    abstract static class Rows extends RowsContract {
        private final String trait;

        Rows(String trait) {
            this.trait = trait;
        }

        @Override
        protected DifferentiableModel model() {
            return trait(trait, OnnxOptions.defaults());
        }

        @Override
        protected Target target() {
            return Target.index(1);
        }

        @Override
        protected Inputs inputs(Model model, int... examples) {
            Tensor all = random(3, 5);
            List<Tensor> rows = IntStream.of(examples)
                    .mapToObj(example -> all.rows(example, example + 1))
                    .toList();
            return Inputs.of(Tensors.ofJava().concat(rows, 0));
        }
    }

    private static OnnxModel trait(String name, OnnxOptions options) {
        return OnnxModel.load(Golden.folder().resolve("traits").resolve(name + ".onnx"), options);
    }

    private static Tensor ids(int rows, int length) {
        long[] ids = new long[rows * length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 4L + (i * 7 + i / length * 5) % 15;
        }
        return Tensors.ofJava().of(ids, rows, length);
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
