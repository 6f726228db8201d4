// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.Golden;
import io.github.attribution4j.onnx.internal.proto.Message;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * From where models come, with which options, and which are refused; {@code golden/onnx_odd.py} writes the odd ones.
 */
class OnnxLoadTest {
    private static final Golden ODD = Golden.read("odd.npz");
    private static final Golden GOLDEN = Golden.read("models.npz");
    private static final int LONG = 17 << 20;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "newer-ir | version 999 of the format, and this ONNX Runtime reads versions up to",
                "newer-opset | opset 999 of ai.onnx, and this ONNX Runtime knows opsets up to",
                "newer-ml-opset | opset 99 of ai.onnx.ml, and this ONNX Runtime knows opsets up to",
                "unknown-operator | operator Swoosh (node 'node_y') is not in opset 18 of the standard",
                "unknown-domain | operator com.example:Swoosh is of a domain that this ONNX Runtime does not know",
                "undeclared-domain | operator Swoosh (node 'node_y') is of the domain 'com.example'",
                "empty | graph is empty: it has no nodes",
                "no-output | the model has no output",
                "no-input | the model has no input",
                "missing-value | 'nowhere' is not a graph input",
                "output-not-made | no node of the model makes its output 'z'",
                "sequence-output | the output 'pieces' is a sequence or a map, no tensor",
                "sequence-input | input 'pieces' is a sequence, a map or optional",
                "text-input | input 'x' is of type string",
                "zipmap | choose the tensor that it is made of, OnnxOptions.defaults().output(\"probabilities\")",
                "zipmap | export the classifier with zipmap=False"
            })
    void what_cannot_be_explained_is_refused_in_one_line(String name, String why) {
        assertThatThrownBy(() -> OnnxModel.load(ODD.bytes(name)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining(why)
                .hasMessageMatching("[^\n]{10,300}")
                .hasMessageNotContainingAny("onnxruntime_src", "Error code");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "504b0304140000 | zip file, such as a TorchScript archive",
                "80024d0a6c6f6e67 | pickle, such as a checkpoint of PyTorch",
                "894844460d0a1a0a | HDF5 file",
                "934e554d5059 | NumPy array",
                "1f8b0800 | packed with gzip",
                "1c00000054464c33 | TensorFlow Lite",
                "4747554603000000 | GGUF",
                "08000000000000007b7d | safetensors"
            })
    void files_of_other_kinds_are_called_by_their_names(String bytes, String kind) {
        assertThatThrownBy(() -> OnnxModel.load(HexFormat.of().parseHex(bytes)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining(kind)
                .hasMessageMatching("[^\n]*");
    }

    @ParameterizedTest
    @CsvSource({"hello", "x;y;z of a table with a header", "# A heading", "name,age\n3,4\n5,6", "import torch"})
    void a_text_is_no_model(String text) {
        assertThatThrownBy(() -> OnnxModel.load(text.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("a text file and no ONNX model");
    }

    @Test
    void a_file_that_is_no_file_says_so() {
        assertThatThrownBy(() -> OnnxModel.load(folder))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("is a folder");
        assertThatThrownBy(() -> OnnxModel.load(new byte[0]))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("has no bytes");
        InputStream broken = new FilterInputStream(new ByteArrayInputStream(new byte[9])) {
            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                throw new IOException("connection reset");
            }
        };
        assertThatThrownBy(() -> OnnxModel.load(broken))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("the stream cannot be read: connection reset");
    }

    private static float[] saliency(OnnxModel model, int columns) {
        try (TensorScope scope = TensorScope.open()) {
            float[] x = new float[2 * columns];
            Random random = new Random(7);
            for (int i = 0; i < x.length; i++) {
                x[i] = (float) random.nextGaussian();
            }
            Inputs inputs = Inputs.of(Tensors.ofJava().of(x, 2, columns));
            return new Saliency()
                    .attribute(model, inputs, Target.index(0))
                    .attribution()
                    .toFloatArray();
        }
    }

    @Test
    void a_path_bytes_and_a_stream_are_the_same_model() throws IOException {
        byte[] bytes = GOLDEN.bytes("mlp.script/model");
        Path path = Files.write(folder.resolve("mlp.onnx"), bytes);
        try (OnnxModel file = OnnxModel.load(path);
                OnnxModel array = OnnxModel.load(bytes);
                OnnxModel stream = OnnxModel.load(new ByteArrayInputStream(bytes))) {
            assertThat(saliency(array, 6)).isEqualTo(saliency(file, 6));
            assertThat(saliency(stream, 6)).isEqualTo(saliency(file, 6));
            assertThat(stream.identity().digest()).isEqualTo(file.identity().digest());
            assertThat(stream.identity().name()).isEqualTo("stream");
        }
    }

    private static List<Path> temporary() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().matches("attribution\\d+\\.onnx"))
                    .sorted()
                    .toList();
        }
    }

    /** y = tanh(x · w), with 17 MiB of weights. */
    private static byte[] large() {
        int rows = 1000;
        int columns = LONG / Float.BYTES / rows;
        byte[] raw = new byte[rows * columns * Float.BYTES];
        for (int i = 0; i < raw.length; i += Float.BYTES) {
            raw[i + 3] = 0x3c; // small numbers
            raw[i + 1] = (byte) (i * 31);
        }
        Message weights = Message.builder()
                .number(1, rows)
                .number(1, columns)
                .number(2, 1)
                .text(8, "w")
                .bytes(9, raw)
                .build();
        return Message.builder()
                .number(1, 8)
                .message(
                        7,
                        Message.builder()
                                .message(1, GraphMessages.node("MatMul", "h", "x", "w"))
                                .message(1, GraphMessages.node("Tanh", "y", "h"))
                                .text(2, "g")
                                .message(5, weights)
                                .message(11, GraphMessages.value("x", rows))
                                .message(12, GraphMessages.value("y", columns))
                                .build())
                .message(8, Message.builder().number(2, 17).build())
                .build()
                .toBytes();
    }

    @Test
    void long_bytes_and_streams_lie_in_a_temporary_file_until_the_model_is_closed() throws IOException {
        List<Path> before = temporary();
        byte[] bytes = large();
        Path path = Files.write(folder.resolve("large.onnx"), bytes);
        try (OnnxModel file = OnnxModel.load(path);
                OnnxModel array = OnnxModel.load(bytes);
                OnnxModel stream = OnnxModel.load(new ByteArrayInputStream(bytes))) {
            Arrays.fill(bytes, (byte) 0); // the model does not need them any more
            assertThat(temporary()).hasSize(before.size() + 2);
            assertThat(saliency(array, 1000)).isEqualTo(saliency(file, 1000)).isNotEqualTo(new float[2000]);
            assertThat(saliency(stream, 1000)).isEqualTo(saliency(file, 1000));
        }
        assertThat(temporary()).isEqualTo(before);
        byte[] broken = new byte[LONG];
        assertThatThrownBy(() -> OnnxModel.load(broken))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageNotContaining(System.getProperty("java.io.tmpdir"));
        assertThat(temporary()).isEqualTo(before);
    }

    @Test
    void a_signature_names_inputs_and_outputs_with_types_and_sizes() {
        try (OnnxModel model = OnnxModel.load(ODD.bytes("state"));
                OnnxModel classifier = OnnxModel.load(ODD.bytes("classifier"))) {
            assertThat(model.signature())
                    .isEqualTo("x: float32[T, N, 3], h0: float32[1, N, 4] -> y: float32[N, 2], h1: float32[1, N, 4]");
            assertThat(model.parameterNames()).containsExactly("x", "h0");
            assertThat(model.outputNames()).containsExactly("y", "h1");
            assertThat(model.output()).isEqualTo("y");
            assertThat(classifier.signature())
                    .isEqualTo("x: float32[N, 3] -> label: int64[N], probabilities: float32[N, 2]");
            assertThat(classifier.output()).isEqualTo("probabilities");
        }
    }

    @Test
    void the_output_is_chosen_by_name_position_or_a_value_inside() {
        OnnxOptions defaults = OnnxOptions.defaults();
        try (OnnxModel byName = OnnxModel.load(ODD.bytes("state"), defaults.output("h1"));
                OnnxModel byPosition = OnnxModel.load(ODD.bytes("state"), defaults.output(1));
                OnnxModel inside = OnnxModel.load(ODD.bytes("zipmap"), defaults.output("probabilities"));
                Tensor x = Tensors.ofJava().of(new float[] {1, 2, 3}, 1, 3);
                Tensor scores = inside.forward(Inputs.of(x))) {
            assertThat(byName.output()).isEqualTo("h1");
            assertThat(byPosition.output()).isEqualTo("h1");
            assertThat(byPosition.identity().loaded()).containsEntry("output", "1");
            assertThat(scores.shape()).isEqualTo(Shape.of(1, 2));
            assertThat(scores.sum().toFloatArray()[0]).isCloseTo(1, offset(1e-5f));
        }
        assertThatThrownBy(() -> OnnxModel.load(ODD.bytes("state"), defaults.output("z")))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("no output 'z'");
        assertThatThrownBy(() -> OnnxModel.load(ODD.bytes("state"), defaults.output(2)))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("it has 2 outputs, counted from 0: y, h1");
        assertThatThrownBy(() -> defaults.output(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void devices_that_are_not_there_are_refused() {
        assertThatThrownBy(() -> OnnxModel.load(
                        ODD.bytes("state"), OnnxOptions.defaults().device("cuda:1")))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContainingAll("device cuda:1", "onnxruntime_gpu");
        assertThatThrownBy(() -> OnnxOptions.defaults().device("tpu"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("use cpu, cuda");
        try (OnnxModel model =
                OnnxModel.load(ODD.bytes("state"), OnnxOptions.defaults().device("CPU"))) {
            assertThat(model.identity().device()).isEqualTo("cpu");
        }
    }

    @Test
    void every_option_gives_the_same_numbers() {
        OnnxOptions defaults = OnnxOptions.defaults();
        byte[] bytes = GOLDEN.bytes("mlp.dynamo/model");
        float[] expected;
        try (OnnxModel model = OnnxModel.load(bytes)) {
            expected = saliency(model, 6);
        }
        for (OnnxOptions.Optimization level : OnnxOptions.Optimization.values()) {
            OnnxOptions options =
                    defaults.optimization(level).threads(1).memoryArena(false).sessions(1);
            try (OnnxModel model = OnnxModel.load(bytes, options)) {
                float[] found = saliency(model, 6);
                for (int i = 0; i < expected.length; i++) {
                    assertThat(found[i]).isCloseTo(expected[i], offset(1e-5f));
                }
                assertThat(model.identity().loaded())
                        .isEqualTo(
                                level == OnnxOptions.Optimization.ALL
                                        ? Map.of()
                                        : Map.of("optimization", level.name().toLowerCase(Locale.ROOT)));
            }
        }
        assertThatThrownBy(() -> defaults.threads(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> defaults.sessions(0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(defaults.threads(2).output("y").unbatched())
                .hasToString("OnnxOptions[device cpu, threads 2, {output=y, unbatched=true}]");
    }
}
