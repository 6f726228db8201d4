// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code doctor} reports about backward rules, and that {@code explain} agrees. */
class DoctorCommandTest {
    @TempDir
    Path folder;

    private static List<String> rules(String archive) {
        Cli.Said said = Cli.run(
                "doctor",
                "--device",
                Cli.DEVICE,
                "--model",
                Cli.golden("zoo/" + archive).toString());
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        return said.out().lines().filter(line -> line.contains(" rules, ")).toList();
    }

    private Cli.Said explain(String model, String form, String method) throws IOException {
        Path input = folder.resolve(model + ".npz");
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(Cli.golden("zoo/" + model + ".npz"), Tensors.ofJava());
            NumpyFiles.writeNpz(input, Map.of("x", arrays.get("input_0")));
        }
        String archive = Cli.golden("zoo/" + model + "." + form + ".pt").toString();
        return Cli.explain("--model", archive, "--input", input.toString(), "--method", method, "--target", "0");
    }

    @Test
    @DisplayName("One rule for each operation, and the methods run")
    void everyOperationHasARule() throws IOException {
        assertThat(rules("convnext_shaped.trace.pt"))
                .containsExactly(
                        "ok    rules, deeplift        one for each of 12 operations",
                        "ok    rules, lrp             one for each of 12 operations");
        for (String method : List.of("deep-lift", "lrp")) {
            assertThat(explain("convnext_shaped", "trace", method).code())
                    .as(method)
                    .isZero();
        }
    }

    @Test
    @DisplayName("Recurrent cells have rules, by which the methods go through them")
    void recurrentCells() throws IOException {
        String all = "one for each of 13 operations";
        assertThat(rules("cells.script.pt"))
                .containsExactly("ok    rules, deeplift        " + all, "ok    rules, lrp             " + all);
        for (String method : List.of("deep-lift", "lrp")) {
            assertThat(explain("cells", "script", method).code()).as(method).isZero();
        }
    }

    @Test
    @DisplayName(
            "An operator without a rule is named by the address of its first place, and its other places are counted")
    void severalPlaces() {
        String missing =
                "none for linear_dynamic (layers.0/linear_dynamic#0 and 2 more); refused where a gradient has to pass";
        assertThat(rules("mlp_quantized.trace.pt"))
                .containsExactly("note  rules, deeplift        " + missing, "note  rules, lrp             " + missing);
    }

    @Test
    @DisplayName("Gradients of a quantized ONNX file are defined, and called approximate")
    void quantizedFiles() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = NumpyFiles.readNpz(Cli.golden("onnx/quantized.npz"), Tensors.ofJava());
            ByteBuffer bytes = golden.get("digits_qdq/model").toByteBuffer();
            byte[] file = new byte[bytes.remaining()];
            bytes.get(file);
            Path model = Files.write(folder.resolve("quantized.onnx"), file);
            Path input = folder.resolve("digits.npz");
            NumpyFiles.writeNpz(input, Map.of("image", golden.get("digits_qdq/x")));
            Cli.Said said = Cli.run("doctor", "--model", model.toString(), "--input", input.toString());
            assertThat(said.err()).isEmpty();
            assertThat(said.out().lines().filter(line -> line.matches("\\w+ +gradients .*")))
                    .hasSize(2)
                    .anyMatch(line -> line.matches("ok +gradients +defined for every attributed input"))
                    .anyMatch(line -> line.matches("note +gradients +approximate: quantizers \\(.*"));
        }
    }

    /** The line about rows, for the first rows of some values. */
    private String rowsOf(String archive, Tensor values) throws IOException {
        return linesOf("together/" + archive, values, "\\w+ +rows( .*)?");
    }

    private String linesOf(String archive, Tensor values, String lines) throws IOException {
        Path input = folder.resolve("values.npz");
        NumpyFiles.writeNpz(input, Map.of("x", values));
        Cli.Said said = Cli.run(
                "doctor",
                "--device",
                Cli.DEVICE,
                "--model",
                Cli.golden(archive + ".pt").toString(),
                "--input",
                input.toString());
        assertThat(said.err()).isEmpty();
        return said.out()
                .lines()
                .filter(line -> line.matches(lines))
                .reduce((one, other) -> one + "\n" + other)
                .orElse("");
    }

    @Test
    @DisplayName("Rows are compared beside values near those given where zeros have no finite score")
    void rowsOfModelsThatTakeNoZeros() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            float[] points = {0.3f, 1, -2, 1, 0.5f, 2, -1, 0.25f, 0.75f, 2, 2, -1.5f};
            Tensor one = Tensors.ofJava().of(points, 1, 4, 3);
            Tensor two = Tensors.ofJava().concat(List.of(one, one.mul(0.5)), 0);
            for (Tensor given : List.of(one, two)) {
                assertThat(rowsOf("Distances", given)).isEqualTo("ok    rows independent");
                assertThat(rowsOf("DistancesOverAll", given))
                        .startsWith("note  rows")
                        .contains("the model's rows change each other");
            }
            Tensor integers = Tensors.ofJava().of(new long[] {2, 3, 4, 7, 5, 6}, 2, 3);
            assertThat(rowsOf("Ratios", integers)).isEqualTo("ok    rows independent");
            assertThat(rowsOf("RatiosOverAll", integers))
                    .startsWith("note  rows")
                    .contains("change each other");
            assertThat(rowsOf("Ratios", integers.rows(0, 1)))
                    .startsWith("note  rows")
                    .contains("not compared: zeros give no finite output here");
        }
    }

    @Test
    @DisplayName("A model that is random is said to be, with the place where it draws")
    void randomModels() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Tensor picture = Tensors.ofJava().full(Shape.of(1, 6), DataType.FLOAT32, 1);
            assertThat(linesOf("special/random-in-eval", picture, "no +same answer twice.*"))
                    .endsWith("the model is random (dropout in training mode at \"/dropout\"): was it saved in train"
                            + " mode?");
        }
    }
}
