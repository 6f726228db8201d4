// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two files compared from a shell. */
class ConvertCheckCommandTest {
    @TempDir
    Path folder;

    private Path archive;
    private Path graph;
    private Path digit;

    @BeforeEach
    void files() {
        archive = Cli.demo(folder, "digits.pt");
        graph = Cli.demo(folder, "digits.onnx");
        digit = Cli.demo(folder, "digit-3.npz");
    }

    private static Said check(Object... words) {
        List<String> all = new ArrayList<>(List.of("convert-check", "--device", Cli.DEVICE));
        Arrays.stream(words).map(Object::toString).forEach(all::add);
        return Cli.run(all.toArray(String[]::new));
    }

    /** A copy of a graph in which one element of a weight is another number. */
    private Path damaged(String weight, int element, float by) throws IOException {
        byte[] bytes = Files.readAllBytes(graph);
        float[] numbers;
        try (OnnxModel model = OnnxModel.load(graph);
                TensorScope scope = TensorScope.open()) {
            numbers = model.weight(weight).toFloatArray();
        }
        ByteBuffer sought = ByteBuffer.allocate(numbers.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        sought.asFloatBuffer().put(numbers);
        int at = 0;
        while (!Arrays.equals(bytes, at, at + sought.capacity(), sought.array(), 0, sought.capacity())) {
            at++;
        }
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(at + element * Float.BYTES, numbers[element] + by);
        return Files.write(folder.resolve("damaged.onnx"), bytes);
    }

    private Path scaled(double factor) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(digit, Tensors.ofJava());
            String name = arrays.keySet().iterator().next();
            Path file = folder.resolve("scaled.npz");
            NumpyFiles.writeNpz(file, Map.of(name, arrays.get(name).mul(factor)));
            return file;
        }
    }

    @Test
    void anArchiveAndItsGraphAreTheSame() throws IOException {
        Path json = folder.resolve("checked.json");
        Said said = check(
                "--a",
                archive,
                "--b",
                graph,
                "--input",
                digit,
                "--target",
                3,
                "--methods",
                "integrated-gradients,grad-cam",
                "--set",
                "grad-cam.layer=relu2",
                "--json",
                json);
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .contains("A  digits.pt, PyTorch", "B  digits.onnx, ONNX Runtime", "target index 3")
                .containsPattern("output +same")
                .containsPattern("gradient \\S+ +same")
                .containsPattern("attribution integrated-gradients of \\S+ +same")
                .containsPattern("attribution grad-cam of relu2 +same")
                .containsPattern("layer relu3 +same")
                // The exporter has joined the first convolution with its batch norm.
                .contains("layers that only A names: conv1, bn1")
                .contains("all that was compared is the same");
        JsonObject read = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        assertThat(read.get("same").getAsBoolean()).isTrue();
        assertThat(read.get("first_different_layer").getAsString()).isEmpty();
        assertThat(read.getAsJsonArray("only_a"))
                .extracting(JsonElement::getAsString)
                .contains("conv1");
    }

    @Test
    void oneWrongWeightIsFound() throws IOException {
        Said said = check("--a", archive, "--b", damaged("fc.bias", 2, 0.5f), "--input", digit);
        assertThat(said.code()).isEqualTo(5);
        assertThat(said.out())
                .containsPattern("output +different +0.500 +\\S+ +1 of 10")
                .containsPattern("layer relu3 +same")
                .containsPattern("layer fc +different")
                .contains("the first layer that differs: fc")
                .contains("note: weight fc.bias differs: by at most 0.500")
                .endsWith("the models differ" + System.lineSeparator());
        assertThat(check("--a", archive, "--b", folder.resolve("damaged.onnx"), "--input", digit, "--atol", 1)
                        .code())
                .isZero();
        Said quiet = check("--a", archive, "--b", folder.resolve("damaged.onnx"), "--input", digit, "-q");
        assertThat(quiet.code()).isEqualTo(5);
        assertThat(quiet.out()).isEmpty();
    }

    /** The other file would have to be given pixels of another scale. */
    @Test
    void anotherPreparationOfTheInputIsFound() throws IOException {
        Said said =
                check("--a", archive, "--b", graph, "--input", digit, "--input-b", scaled(0.5), "--methods", "none");
        assertThat(said.code()).isEqualTo(5);
        assertThat(said.out())
                .contains("the first layer that differs: relu1")
                .doesNotContain("attribution")
                .contains("the largest output is");
    }

    @Test
    void layersCanBeLeftOut() {
        Said said = check("--a", graph, "--b", graph, "--input", digit, "--no-layers", "--methods", "none");
        assertThat(said.code()).isZero();
        assertThat(said.out()).doesNotContain("layer ").containsPattern("score +same +0.00");
    }

    /** Trees have no gradients: what is left is compared, and with --strict that is not enough. */
    @Test
    void whatAModelDoesNotHaveIsNotCompared() throws IOException {
        Path trees = Cli.golden("tabular/trees.json");
        Path rows = folder.resolve("rows.npz");
        try (TensorScope scope = TensorScope.open()) {
            Tensor table = Tensors.ofJava().of(new float[] {0, 1, 2, 3, 3, 2, 1, 0, 0.5f, 0.5f, 0.5f, 0.5f}, 3, 4);
            NumpyFiles.writeNpz(rows, Map.of("x", table));
        }
        Object[] words = {
            "--a", trees, "--b", trees, "--input", rows, "--methods", "feature-ablation", "--target", "output"
        };
        Said said = check(words);
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .containsPattern("gradient +not compared")
                .contains("all that was compared is the same; not all could be compared");
        List<Object> strict = new ArrayList<>(Arrays.asList(words));
        strict.add("--strict");
        assertThat(check(strict.toArray()).code()).isEqualTo(5);
    }

    @Test
    void aFileThatTakesOtherInputsIsNamed() {
        Path other = Cli.golden("onnx/golden/multi_input.script.onnx");
        Said said = check("--a", archive, "--b", other, "--input", digit);
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.refusal())
                .contains("--b " + other, "the model takes 3 inputs", "give what it takes with --input-b");
        Said swapped = check("--a", other, "--b", archive, "--input", digit);
        assertThat(swapped.refusal()).contains("--a " + other).doesNotContain("--input-b");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--methods;oclusion | did you mean 'occlusion'",
                "--set;saliency.absolute=false | 'saliency' is not in --methods, which are integrated-gradients",
                "--set;steps=3 | write it as NAME.SETTING=VALUE, such as --set integrated-gradients.steps=100",
                "--rtol;-1 | neither may be negative",
                "--target;12 | 12",
                "--model;x.pt | option '--model' does not exist",
            })
    void badOptionsAreRefused(String options, String said) {
        List<Object> words = new ArrayList<>(List.of("--a", archive, "--b", graph, "--input", digit));
        words.addAll(List.of(options.split(";")));
        Said refused = check(words.toArray());
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.refusal()).contains(said);
    }

    @Test
    void bothFilesAreNeeded() {
        assertThat(check("--a", archive, "--input", digit).refusal()).contains("--b");
        Said missing = check("--a", archive, "--b", folder.resolve("none.onnx"), "--input", digit);
        assertThat(missing.code()).isEqualTo(2);
        assertThat(missing.refusal()).contains("none.onnx: no such file");
        assertThat(Cli.run("convert-check", "--help").out())
                .contains("--a=FILE", "--b=FILE")
                .doesNotContain("--model=");
    }
}
