// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands on ONNX models: the demo's networks, in both kinds of file with the same weights. */
class OnnxTest {
    private static final double CLOSE = 1e-4;

    @TempDir
    Path folder;

    private String digits;
    private String image;

    @BeforeEach
    void files() {
        digits = Cli.demo(folder, "digits.onnx").toString();
        image = Cli.demo(folder, "digit-3.png").toString();
    }

    private static Said done(String... arguments) {
        Said said = Cli.run(arguments);
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        return said;
    }

    /** Returns what {@code explain --out} writes, by name. */
    private Map<String, double[]> explained(String model, List<String> options) throws IOException {
        Path out = folder.resolve("out.npz");
        List<String> words = new ArrayList<>(List.of("explain", "-q", "-m", model, "--out", out.toString()));
        words.addAll(options);
        done(words.toArray(String[]::new));
        try (TensorScope scope = TensorScope.open()) {
            Map<String, double[]> values = new TreeMap<>();
            for (Map.Entry<String, Tensor> entry :
                    NumpyFiles.readNpz(out, Tensors.ofJava()).entrySet()) {
                values.put(entry.getKey(), entry.getValue().toDoubleArray());
            }
            return values;
        }
    }

    private static void assertSameNumbers(Map<String, double[]> actual, Map<String, double[]> expected) {
        List<double[]> left = List.copyOf(actual.values());
        List<double[]> right = List.copyOf(expected.values());
        assertThat(left).isNotEmpty().hasSameSizeAs(right);
        for (int i = 0; i < left.size(); i++) {
            assertThat(left.get(i)).containsExactly(right.get(i), within(CLOSE));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "saliency, '', ''",
        "integrated-gradients, --set steps=7, ''",
        "occlusion, '--set window=1,4,4 --set stride=1,4,4', ''",
        "shapley-sampling, '--set samples=4 --mask grid:2x2', ''",
        "smooth-grad, '--set method=saliency --set samples=3', ''",
        "grad-cam, '', relu2",
        "layer-activation, '', relu3",
        "conductance, --set steps=5, relu2",
        "saliency, '--unit 17,2,2', relu3"
    })
    @DisplayName("Both kinds of file give the same numbers, at the image, at a layer and towards a neuron")
    void sameNumbers(String method, String settings, String layer) throws IOException {
        List<String> options = new ArrayList<>(List.of("-i", image, "-M", method));
        if (!settings.contains("--unit") && !method.equals("layer-activation")) {
            options.addAll(List.of("-t", "3"));
        }
        options.addAll(settings.isEmpty() ? List.of() : List.of(settings.split(" ", -1)));
        List<String> there = new ArrayList<>(options);
        List<String> here = new ArrayList<>(options);
        if (!layer.isEmpty()) {
            there.addAll(List.of("--layer", layer));
            // The path of a module, as there, or the name of its value.
            here.addAll(List.of("--layer", method.equals("saliency") ? "/" + layer + "/Relu_output_0" : layer));
        }
        assertSameNumbers(
                explained(digits, here), explained(Cli.demo(folder, "digits.pt").toString(), there));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--method feature-ablation",
                "--set steps=5",
                "--method saliency",
                "--method smooth-grad --set method=input-x-gradient --set samples=2",
                "--layer norm --set steps=3"
            })
    @DisplayName("A text's ids and mask are bound to inputs of int64 by their names, or in order; tokens have numbers")
    void texts(String how) throws IOException {
        String topics = Cli.golden("onnx/topics.onnx").toString();
        List<String> text = new ArrayList<>(List.of(
                "--tokenizer", Cli.demo(folder, "tokenizer.json").toString(), "--text", "Save the figure.", "-t", "1"));
        text.addAll(List.of(how.split(" ", -1)));
        Map<String, double[]> expected = explained(Cli.demo(folder, "topics.pt").toString(), text);
        assertSameNumbers(explained(topics, text), expected);
        List<String> ordered = new ArrayList<>(text);
        ordered.addAll(List.of("--text-inputs", "ids,mask"));
        assertSameNumbers(explained(topics, ordered), expected);
    }

    @Test
    @DisplayName("What the file holds decides, not its name")
    void otherName() throws IOException {
        Path renamed = Files.copy(Path.of(digits), folder.resolve("renamed.pt"));
        assertThat(done("layers", "-m", renamed.toString()).out()).contains("/relu2/Relu_output_0");
        Path archive = Files.copy(Cli.demo(folder, "digits.pt"), folder.resolve("archive.onnx"));
        assertThat(done("layers", "-m", archive.toString()).out())
                .contains("relu2")
                .doesNotContain("output_0");
    }

    @Test
    void layers() {
        assertThat(done("layers", "-m", digits, "-i", image).out().lines())
                .containsExactly(
                        "path                    kind     shape          note",
                        "relu1                   Relu     (1, 16, 8, 8)  value /relu1/Relu_output_0",
                        "conv2                   Conv     (1, 32, 8, 8)  value /conv2/Conv_output_0",
                        "relu2                   Relu     (1, 32, 8, 8)  value /relu2/Relu_output_0",
                        "pool                    MaxPool  (1, 32, 4, 4)  value /pool/MaxPool_output_0",
                        "conv3                   Conv     (1, 32, 4, 4)  value /conv3/Conv_output_0",
                        "relu3                   Relu     (1, 32, 4, 4)  value /relu3/Relu_output_0",
                        "fc                      Gemm     (1, 10)        value logits",
                        "/conv1/Conv_output_0    Conv     (1, 16, 8, 8)",
                        "/relu1/Relu_output_0    Relu     (1, 16, 8, 8)",
                        "/conv2/Conv_output_0    Conv     (1, 32, 8, 8)",
                        "/relu2/Relu_output_0    Relu     (1, 32, 8, 8)",
                        "/pool/MaxPool_output_0  MaxPool  (1, 32, 4, 4)",
                        "/conv3/Conv_output_0    Conv     (1, 32, 4, 4)",
                        "/relu3/Relu_output_0    Relu     (1, 32, 4, 4)",
                        "/Flatten_output_0       Flatten  (1, 512)",
                        "logits                  Gemm     (1, 10)");
    }

    @Test
    @DisplayName("A replay gives the same bits, and the picture is drawn")
    void replayAndPicture() {
        Path json = folder.resolve("why.json");
        Path png = folder.resolve("why.png");
        done("explain", "-q", "-m", digits, "-i", image, "-t", "3", "--json", json.toString(), "--png", png.toString());
        assertThat(png).isNotEmptyFile();
        assertThat(done("replay", json.toString(), "-m", digits, "-i", image).out())
                .contains("the bits agree");
    }

    @Test
    void batch() throws IOException {
        List<String> lines = new ArrayList<>();
        for (String model : List.of(digits, Cli.demo(folder, "digits.pt").toString())) {
            JsonObject job = new JsonObject();
            job.addProperty("model", model);
            job.addProperty("input", image);
            job.addProperty("method", "saliency");
            lines.add(job.toString());
        }
        Path jobs = Files.write(folder.resolve("jobs.jsonl"), lines);
        done("batch", "--quiet", "--jobs", jobs.toString());
        assertThat(Files.readAllLines(folder.resolve("jobs-results.jsonl")))
                .hasSize(2)
                .noneMatch(line -> line.contains("error"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"activation", "gradient"})
    void view(String quantity) {
        assertThat(done("view", "-m", digits, "-i", image, "--quantity", quantity, "--layer", "/relu2/Relu_output_0")
                        .out())
                .contains("/relu2/Relu_output_0");
    }

    @Test
    @DisplayName("A comma in the name of a layer is written with a backslash, in every command")
    void commas() throws IOException {
        Path file = folder.resolve("commas.onnx");
        String bytes = Files.readString(Path.of(digits), StandardCharsets.ISO_8859_1);
        Files.writeString(file, bytes.replace("relu2", "re,u2"), StandardCharsets.ISO_8859_1);
        String commas = file.toString();
        List<String> maps = List.of("-i", image, "-t", "3", "-M", "layer-cam", "--set", "merge=max", "--layer");
        List<String> plain = new ArrayList<>(maps);
        plain.add("relu1,relu2");
        List<String> escaped = new ArrayList<>(maps);
        escaped.add("relu1,re\\,u2");
        assertSameNumbers(explained(commas, escaped), explained(digits, plain));

        assertThat(done("layers", "-m", commas).out()).contains("re\\,u2 ");
        assertThat(done("view", "-m", commas, "-i", image, "--layer", "relu1,re\\,u2")
                        .out())
                .contains("relu1", "re,u2");
        String json = folder.resolve("why.json").toString();
        for (String method : List.of("layer-cam -t 3", "saliency -t 3", "saliency --unit 3,1,1")) {
            List<String> words = new ArrayList<>(List.of("explain", "-q", "-m", commas, "-i", image, "--json", json));
            words.addAll(List.of("--layer", "re\\,u2", "-M"));
            words.addAll(List.of(method.split(" ", -1)));
            done(words.toArray(String[]::new));
            assertThat(done("replay", json, "-m", commas, "-i", image).out()).contains("the bits agree");
        }
        assertThat(Cli.explain("-m", commas, "-i", image, "--layer", "relu1,re\\,u2", "--unit", "0")
                        .refusal())
                .contains("unit 0: is of one layer, and layer names 2");
    }

    @Test
    @DisplayName("The doctor names inputs with types and open axes, and methods that work")
    void doctor() {
        String said = done("doctor", "-m", digits, "-i", image).out();
        assertThat(said)
                .contains(
                        "signature              image: float32[N, 1, 8, 8] -> logits: float32[N, 10]",
                        "gradients              defined for every attributed input");
        assertThat(said).containsPattern("(?m)^yes +integrated-gradients").containsPattern("(?m)^yes +grad-cam ");
        assertThat(said).containsPattern("(?m)^yes +deep-lift").containsPattern("(?m)^yes +lrp");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--model-method encode | --model-method encode: | graph, without methods",
                "--device cuda | device cuda:0 | onnxruntime_gpu",
                "--device tpu | device 'tpu' | use cpu, cuda",
                "--output 1 | --output 1: | 1 output, counted from 0: logits",
                "--output logit | no output 'logit' | logits",
                "--dtype float64 | float64 | the model takes float32",
                "--layer relu5 | relu5 | relu2",
                "--layer conv1 | joined a batch norm | /conv1/Conv_output_0"
            })
    @DisplayName("What ONNX models do not have is refused by name")
    void refusals(String option, String named, String why) {
        List<String> words = new ArrayList<>(List.of("explain", "-m", digits, "-i", image, "-t", "3"));
        words.addAll(List.of(option.strip().split(" ", -1)));
        Said said = Cli.run(words.toArray(String[]::new));
        assertThat(said.code()).isIn(2, 3);
        assertThat(said.refusal()).contains(named, why);
    }

    /** The exporter joined the first convolution with its batch norm, and its weights with those. */
    @Test
    void weightsAreShown() {
        assertThat(Cli.run("view", "-m", digits, "--weight", "conv2.weight").out())
                .contains("conv2.weight", "float32");
        assertThat(Cli.run("view", "-m", digits, "--weight", "conv1.weight").refusal())
                .contains("weight 'conv1.weight' does not exist; did you mean 'conv2.weight'");
    }

    @Test
    @DisplayName("The output by its name or position, and inputs in order where their names are others")
    void outputsAndOrder() throws IOException {
        Path input = folder.resolve("other.npz");
        try (TensorScope scope = TensorScope.open()) {
            NumpyFiles.writeNpz(
                    input,
                    Map.of(
                            "pixels",
                            NumpyFiles.readNpz(Cli.demo(folder, "digit-3.npz"), Tensors.ofJava())
                                    .values()
                                    .iterator()
                                    .next()));
        }
        List<String> options = List.of("-i", input.toString(), "-M", "saliency", "-t", "3");
        Map<String, double[]> first = explained(digits, options);
        for (String output : List.of("logits", "0")) {
            List<String> chosen = new ArrayList<>(options);
            chosen.addAll(List.of("--output", output));
            assertSameNumbers(explained(digits, chosen), first);
        }
    }
}
