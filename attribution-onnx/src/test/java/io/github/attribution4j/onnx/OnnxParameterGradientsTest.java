// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.github.attribution4j.influence.ArnoldiInfluence;
import io.github.attribution4j.influence.Checkpoint;
import io.github.attribution4j.influence.Examples;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.contract.ParameterGradientContract;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients by parameters of ONNX files. */
class OnnxParameterGradientsTest {
    abstract static class Exported extends ParameterGradientContract {
        private final String model;
        private final String exporter;

        Exported(String model, String exporter) {
            this.model = model;
            this.exporter = exporter;
        }

        @Override
        protected ParameterizedModel model() {
            return OnnxModel.load(GoldenData.onnx(model, exporter));
        }
    }

    /** In double precision, so that differences show derivatives exactly. */
    abstract static class Mlp extends Exported {
        Mlp(String exporter) {
            super("mlp_double", exporter);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 3, rows, 10));
        }
    }

    @Nested
    class MlpScript extends Mlp {
        MlpScript() {
            super("script");
        }
    }

    @Nested
    class MlpDynamo extends Mlp {
        MlpDynamo() {
            super("dynamo");
        }
    }

    /** Convolutions along time and a GRU, which are smooth, so that differences in single precision are derivatives. */
    abstract static class Series extends Exported {
        Series(String exporter) {
            super("timeseries_gru", exporter);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 3, rows, 20, 4));
        }
    }

    @Nested
    class SeriesScript extends Series {
        SeriesScript() {
            super("script");
        }
    }

    @Nested
    class SeriesDynamo extends Series {
        SeriesDynamo() {
            super("dynamo");
        }
    }

    /** An embedding of integers, and a recurrent layer. */
    abstract static class Recurrent extends Exported {
        Recurrent(String exporter) {
            super("text_lstm", exporter);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(Tensors.ofJava()
                    .of(
                            new long[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 2, 1, 3, 4, 5, 1, 2, 8, 8, 1, 6, 0, 2, 4, 5, 7, 9
                            },
                            3,
                            9)
                    .rows(0, rows));
        }
    }

    @Nested
    class RecurrentScript extends Recurrent {
        RecurrentScript() {
            super("script");
        }
    }

    @Nested
    class RecurrentDynamo extends Recurrent {
        RecurrentDynamo() {
            super("dynamo");
        }
    }

    /** y = b + x a b of matrices, whose second parameter is the value of a Constant node and read twice. */
    @Nested
    class Held extends ParameterGradientContract {
        @Override
        protected ParameterizedModel model() {
            return OnnxModel.load(file(1));
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 3, rows, 2));
        }
    }

    /** Weights of 16 bits: gradients are float32, whether the graph computes in 16 bits or not. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void weightsOfSixteenBitsGetGradientsOfFloat32(boolean wide) {
        OnnxOptions options = OnnxOptions.defaults();
        try (OnnxModel model = OnnxModel.load(file(10), wide ? options.dataType(DataType.FLOAT32) : options);
                TensorScope scope = TensorScope.open();
                Pullback pullback = model.pullbackTo(
                        List.of("a", "b"), Inputs.of(Tensors.ofJava().of(new float[] {1, 2}, 1, 2)))) {
            Tensor cotangent = Tensors.ofJava().of(new float[] {1, 10}, 1, 2);
            List<Tensor> gradients = pullback.vjp(cotangent);
            assertThat(gradients).allMatch(each -> each.dataType() == DataType.FLOAT32);
            // a = [[1, 2], [3, 4]], b = [[1, 0.5], [-1, 2]]: h = x a = (7, 10), y = h b + the first row of b.
            assertThat(gradients.get(0).toFloatArray()).containsExactly(new float[] {6, 19, 12, 38}, within(1e-3f));
            assertThat(gradients.get(1).toFloatArray()).containsExactly(new float[] {8, 80, 10, 100}, within(1e-3f));
        }
    }

    /** Differences of gradients in 16 bits are mostly rounding, though parameters of 16 bits are seen in 32. */
    @Test
    void influence_functions_refuse_parameters_of_sixteen_bits() {
        try (OnnxModel model = OnnxModel.load(file(10));
                TensorScope scope = TensorScope.open()) {
            Examples rows = Examples.of(
                    Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 3, 2, 2)),
                    Target.loss(Loss.crossEntropy(), 0, 1));
            assertThatThrownBy(() ->
                            new ArnoldiInfluence().scores(List.of(Checkpoint.of(model)), rows, rows, Run.defaults()))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("parameter 'a' is stored with so few digits that differences of"
                            + " gradients are mostly rounding: moved by ");
            assertThat(model.forward(Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 3, 2, 2)))
                            .toFloatArray())
                    .hasSize(4);
        }
    }

    /** The value of a float16 is its upper bits, as in bfloat16, of numbers that both have. */
    private static byte[] elements(int type, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            if (type == 1) {
                bytes.putFloat(value);
            } else {
                int bits = Float.floatToIntBits(value);
                int exponent = value == 0 ? 0 : ((bits >> 23) & 255) - 112;
                bytes.putShort((short) (((bits >>> 31) << 15) | (exponent << 10) | ((bits >> 13) & 1023)));
            }
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    private static Message.Builder square(int type, float... values) {
        return Message.builder().number(1, 2).number(1, 2).number(2, type).bytes(9, elements(type, values));
    }

    private static byte[] file(int type) {
        Message held = Message.builder()
                .text(1, "value")
                .message(5, square(type, 1, 0.5f, -1, 2).build())
                .number(20, 4)
                .build();
        Message constant = Message.builder()
                .text(2, "b")
                .text(4, "Constant")
                .message(5, held)
                .build();
        Message graph = Message.builder()
                .message(1, constant)
                .message(1, GraphMessages.node("MatMul", "h", "x", "a"))
                .message(1, GraphMessages.node("MatMul", "z", "h", "b"))
                .message(1, GraphMessages.node("Gather", "row", "b", "i"))
                .message(1, GraphMessages.node("Add", "y", "z", "row"))
                .text(2, "g")
                .message(5, square(type, 1, 2, 3, 4).text(8, "a").build())
                .message(
                        5,
                        Message.builder()
                                .number(1, 1)
                                .number(2, 7)
                                .text(8, "i")
                                .bytes(9, new byte[8])
                                .build())
                .message(11, GraphMessages.value("x", 2, type))
                .message(12, GraphMessages.value("y", 2, type))
                .build();
        return Message.builder()
                .number(1, 8)
                .message(7, graph)
                .message(8, Message.builder().number(2, 17).build())
                .build()
                .toBytes();
    }

    @Test
    void aParameterThatNoGradientReachesIsReportedOrRefused() {
        Message graph = Message.builder()
                .message(1, GraphMessages.node("MatMul", "h", "x", "a"))
                .message(1, GraphMessages.node("Sign", "s", "b"))
                .message(1, GraphMessages.node("Mul", "y", "h", "s"))
                .text(2, "g")
                .message(5, square(1, 1, 2, 3, 4).text(8, "a").build())
                .message(5, square(1, 1, 2, 3, 4).text(8, "b").build())
                .message(11, GraphMessages.value("x", 2))
                .message(12, GraphMessages.value("y", 2))
                .build();
        byte[] file = Message.builder()
                .number(1, 8)
                .message(7, graph)
                .message(8, Message.builder().number(2, 17).build())
                .build()
                .toBytes();
        try (OnnxModel model = OnnxModel.load(file);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 3, 2, 2));
            try (Pullback pullback = model.pullbackTo(List.of("b", "a"), inputs)) {
                List<Tensor> gradients = pullback.vjp(pullback.output());
                assertThat(gradients.get(0).toFloatArray()).containsOnly(0);
                assertThat(gradients.get(1).toFloatArray()).doesNotContain(0);
                assertThat(pullback.unused()).containsExactly("b");
            }
            assertThatThrownBy(() -> model.pullbackTo(List.of("b"), inputs))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContainingAll("no gradients by these parameters", "Sign", "zero everywhere");
            assertThat(model.forward(inputs).toFloatArray()).hasSize(4);
        }
    }

    @Test
    void oneExampleWithoutAnAxisOfRowsIsOneRow() {
        try (OnnxModel model = OnnxModel.load(file(1), OnnxOptions.defaults().unbatched());
                TensorScope scope = TensorScope.open()) {
            Inputs two = Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 3, 2, 3, 2));
            assertThatThrownBy(() -> model.pullbackTo(List.of("a"), two))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("give one row");
            try (Pullback pullback = model.pullbackTo(List.of("a"), two.select(0))) {
                assertThat(pullback.output().shape().dims()).containsExactly(1, 3, 2);
                assertThat(pullback.vjp(pullback.output()).get(0).shape().dims())
                        .containsExactly(2, 2);
            }
        }
    }

    /** Parameters that only branches read are parameters too. */
    @Test
    void weightsOfBranchesAreListed() {
        Golden operators = Golden.read("operators.npz");
        try (OnnxModel model = OnnxModel.load(operators.bytes("if_one_branch_constant/fixed"))) {
            assertThat(model.parameters()).extracting(Parameter::name).contains("k");
        }
    }

    /**
     * Along the gradient by all parameters of a file the output changes as fast as the gradient is long. A step is so
     * short that kinks are rarely passed, and so long that float32 shows what it does.
     */
    @ParameterizedTest
    @MethodSource("zoo")
    void allParametersOfWholeArchitecturesGetTheirGradients(Path file) throws IOException {
        try (OnnxModel model = OnnxModel.load(file);
                TensorScope scope = TensorScope.open()) {
            Path npz = file.resolveSibling(String.valueOf(file.getFileName()).replace(".onnx", ".npz"));
            Map<String, Tensor> arrays = NumpyFiles.readNpz(npz, Tensors.ofJava());
            Inputs inputs = Inputs.none();
            for (String name : model.parameterNames()) {
                inputs = inputs.fixed(name, arrays.get("in/" + name));
            }
            List<String> names = model.parameters().stream()
                    .filter(Parameter::isLearned)
                    .map(Parameter::name)
                    .toList();
            Tensor cotangent;
            List<Tensor> gradients;
            try (Pullback pullback = model.pullbackTo(names, inputs)) {
                cotangent = ReferenceModels.normal(
                        DataType.FLOAT32, 5, pullback.output().shape().dims());
                gradients = pullback.vjpLast(cotangent);
                assertThat(pullback.unused()).isEmpty();
            }
            double length = Math.sqrt(gradients.stream()
                    .flatMapToDouble(each -> Arrays.stream(each.toDoubleArray()))
                    .map(x -> x * x)
                    .sum());
            double step = 2e-3;
            double up = along(model, names, gradients, step / length, inputs, cotangent);
            double down = along(model, names, gradients, -step / length, inputs, cotangent);
            assertThat((up - down) / (2 * step)).isCloseTo(length, withinPercentage(2));
        }
    }

    private static double along(
            OnnxModel model, List<String> names, List<Tensor> direction, double by, Inputs inputs, Tensor cotangent) {
        Map<String, Tensor> moved = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
            moved.put(
                    names.get(i),
                    model.weight(names.get(i)).add(direction.get(i).mul(by)));
        }
        try (OnnxModel copy = model.withParameters(moved)) {
            double[] output = copy.forward(inputs).toDoubleArray();
            double[] sent = cotangent.toDoubleArray();
            double sum = 0;
            for (int i = 0; i < output.length; i++) {
                sum += output[i] * sent[i];
            }
            return sum;
        }
    }

    static Stream<Path> zoo() throws IOException {
        try (Stream<Path> files = Files.list(Golden.folder().resolve("zoo"))) {
            return files.filter(file -> file.toString().endsWith(".onnx")).sorted().toList().stream();
        }
    }
}
