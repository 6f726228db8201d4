// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of a folder of archives. */
class SurveyCommandTest {
    @TempDir
    Path folder;

    private void archive(String name) throws IOException {
        Files.copy(Cli.golden("zoo/mlp.script.pt"), folder.resolve(name + ".pt"));
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> zoo = NumpyFiles.readNpz(Cli.golden("zoo/mlp.npz"), Tensors.ofJava());
            NumpyFiles.writeNpz(folder.resolve(name + ".npz"), Map.of("x", zoo.get("input_0")));
        }
    }

    /** What PyTorch computes for the archive, with a number added to each score. */
    private void expected(String name, double wrong) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Tensor output = NumpyFiles.readNpz(Cli.golden("zoo/mlp.npz"), Tensors.ofJava())
                    .get("output");
            Map<String, Tensor> numbers = new HashMap<>();
            numbers.put("scores", output.sum(1).add(wrong));
            Tensor gradient = NumpyFiles.readNpz(Cli.golden("zoo/mlp.npz"), Tensors.ofJava())
                    .get("input_gradient_0");
            // The outputs are a softmax, whose sum has no gradient.
            numbers.put("gradient_0", gradient.mul(0).add(wrong));
            NumpyFiles.writeNpz(folder.resolve(name + ".expected.npz"), numbers);
        }
    }

    private String survey() {
        Cli.Said said = Cli.run("survey", "--models", folder.toString(), "--device", Cli.DEVICE);
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        return said.out();
    }

    private static List<String> cells(String table, String archive) {
        String row = table.lines()
                .filter(line -> line.startsWith("| " + archive))
                .findFirst()
                .orElseThrow();
        return List.of(row.substring(2).split(" \\| ?", -1));
    }

    @Test
    @DisplayName("An archive with an input has its methods counted, and the rest of a folder is passed over")
    void methods() throws IOException {
        archive("mlp");
        Files.writeString(folder.resolve("notes.txt"), "not an archive");
        String table = survey();
        List<String> cells = cells(table, "mlp.pt");
        assertThat(cells.get(1)).isEqualTo("yes");
        assertThat(cells.get(5)).matches("\\d+ of " + Methods.all().size());
        assertThat(table).contains("### mlp.pt").contains("* work: ").doesNotContain("notes");
    }

    @Test
    @DisplayName("Scores are compared with PyTorch's: right ones, and wrong ones")
    void compared() throws IOException {
        archive("right");
        expected("right", 0);
        archive("wrong");
        expected("wrong", 1);
        String table = survey();
        assertThat(errors(cells(table, "right.pt").get(6))).hasSize(2).allMatch(error -> error < 1e-3);
        assertThat(errors(cells(table, "wrong.pt").get(6))).hasSize(2).allMatch(error -> error > 1e-2);
    }

    /** Of scores, and of gradients. */
    private static List<Double> errors(String cell) {
        assertThat(cell).matches("scores \\S+, gradient\\\\_0 \\S+.*");
        return Stream.of(cell.replace("|", "").strip().split(", ", -1))
                .map(part -> Double.parseDouble(part.split(" ", -1)[1]))
                .toList();
    }

    @Test
    @DisplayName("A damaged archive is a row that says why, and the next one is looked at")
    void damaged() throws IOException {
        Files.writeString(folder.resolve("broken.pt"), "no archive");
        archive("whole");
        String table = survey();
        assertThat(cells(table, "broken.pt").get(1)).isEqualTo("no");
        assertThat(table).contains("### broken.pt\n\n* ");
        assertThat(cells(table, "whole.pt").get(1)).isEqualTo("yes");
    }

    @Test
    @DisplayName("The table goes to a file, and options of an archive come from the file beside it")
    void toAFile() throws IOException {
        archive("one");
        Files.writeString(folder.resolve("one.options"), "--rows 0\n");
        Path table = folder.resolve("table.md");
        Cli.Said said =
                Cli.run("survey", "--models", folder.toString(), "--device", Cli.DEVICE, "--table", table.toString());
        assertThat(said.code()).isZero();
        assertThat(said.out()).isEqualTo("one.pt" + System.lineSeparator());
        assertThat(cells(Files.readString(table), "one.pt").get(2)).isEqualTo("`--rows 0`");
    }

    @Test
    @DisplayName("In a page, the table takes the place of what follows its mark")
    void inAPage() throws IOException {
        archive("one");
        Path page = folder.resolve("page.md");
        Files.writeString(page, "# Models\n\n<!-- survey -->\n\nold\n");
        assertThat(Cli.run("survey", "-q", "--models", folder.toString(), "--table", page.toString())
                        .out())
                .isEmpty();
        assertThat(Files.readString(page))
                .startsWith("# Models\n\n<!-- survey -->\n\n| archive |")
                .doesNotContain("old");
    }

    @Test
    @DisplayName("A folder that is none, or holds no model, is refused")
    void refused() {
        assertThat(Cli.run("survey", "--models", folder.resolve("nowhere").toString())
                        .refusal())
                .contains("nowhere")
                .contains("no such folder");
        assertThat(Cli.run("survey", "--models", folder.toString()).refusal())
                .contains("holds no model; their names" + " end in .pt, .ptl, .pth, .ts or .onnx");
    }
}
