// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models for one example without an axis of rows, and models in 16 bits, from the command line. */
class UnbatchedCommandTest {
    @TempDir
    Path folder;

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Map<String, Tensor> golden(String name) throws IOException {
        return NumpyFiles.readNpz(Cli.golden("rows/" + name + ".npz"), Tensors.ofJava());
    }

    private Cli.Said explain(String archive, Tensor input, String... more) throws IOException {
        Path file = folder.resolve("input.npz");
        NumpyFiles.writeNpz(file, Map.of("x", input));
        List<String> arguments = new ArrayList<>(
                List.of("--model", Cli.golden("rows/" + archive).toString(), "--input", file.toString()));
        arguments.addAll(List.of(
                "--method", "saliency", "--out", folder.resolve("why.npz").toString()));
        arguments.addAll(List.of(more));
        return Cli.explain(arguments);
    }

    private Tensor attribution() throws IOException {
        return NumpyFiles.readNpz(folder.resolve("why.npz"), Tensors.ofJava()).get("attribution_0");
    }

    private void isGradient(Tensor gradient) throws IOException {
        assertThat(attribution().shape()).isEqualTo(gradient.shape());
        assertThat(attribution().toDoubleArray()).containsExactly(gradient.abs().toDoubleArray(), within(1e-10));
    }

    @Test
    @DisplayName("The input is one example, or axis 0 counts examples")
    void oneOrMany() throws IOException {
        Map<String, Tensor> energy = golden("energy");
        Tensor many = energy.get("input/positions");
        assertThat(explain("energy_script.pt", many, "--unbatched", "many").err())
                .isEmpty();
        isGradient(energy.get("gradient/positions"));
        Tensor one = many.rows(1, 2).reshape(4, 3);
        assertThat(explain("energy_script.pt", one, "--unbatched", "one").err()).isEmpty();
        isGradient(energy.get("gradient/positions").rows(1, 2));
    }

    @Test
    @DisplayName("Without a word about it the model decides, if it runs on one of the two alone")
    void auto() throws IOException {
        Map<String, Tensor> image = golden("image");
        Tensor many = image.get("input/x");
        for (Tensor input : List.of(many, many.rows(0, 1).reshape(1, 6, 6))) {
            assertThat(explain("image_trace.pt", input, "--target", "1", "--unbatched")
                            .err())
                    .isEmpty();
            isGradient(image.get("gradient/x").rows(0, input.shape().rank() == 4 ? 3 : 1));
        }
        Tensor atoms = golden("energy").get("input/positions").rows(0, 1).reshape(4, 3);
        Cli.Said both = explain("energy_script.pt", atoms, "--unbatched");
        assertThat(both.code()).isEqualTo(Failure.BAD_REQUEST);
        assertThat(both.refusal()).contains("--unbatched one", "--unbatched many");
        assertThat(explain("energy_script.pt", atoms, "--unbatched", "two").refusal())
                .contains("--unbatched two: choose one");
    }

    @Test
    @DisplayName("Where the option would help, refusals and doctor name it")
    void hints() throws IOException {
        Tensor positions = golden("energy").get("input/positions");
        assertThat(explain("energy_script.pt", positions).refusal()).contains("--unbatched one or many");
        Tensor vector = golden("charges").get("input/positions");
        assertThat(explain("charges_script.pt", vector).refusal()).doesNotContain("--unbatched");
        Cli.Said doctor = Cli.run(
                "doctor",
                "--device",
                Cli.DEVICE,
                "--model",
                Cli.golden("rows/energy_script.pt").toString(),
                "--input",
                folder.resolve("input.npz").toString());
        assertThat(doctor.out()).contains("no    output has rows", "--unbatched one or many");
        Cli.Said one = Cli.run(
                "doctor",
                "--device",
                Cli.DEVICE,
                "--model",
                Cli.golden("rows/energy_script.pt").toString(),
                "--input",
                folder.resolve("input.npz").toString(),
                "--unbatched",
                "many");
        assertThat(one.out())
                .contains("the program takes one example without an axis of rows (--unbatched)")
                .doesNotContain("LoadOptions");
    }

    @Test
    @DisplayName("A model in 16 bits is converted")
    void dtype() throws IOException {
        Map<String, Tensor> stored = golden("stored");
        for (String archive : List.of("stored_script.pt", "mixed_trace.pt", "autocast_frozen.pt")) {
            String name = archive.substring(0, archive.indexOf('_'));
            Tensor x = golden(name).get("x").to(DataType.FLOAT32);
            assertThat(explain(archive, x, "--target", "1", "--dtype", "float64")
                            .err())
                    .isEmpty();
            isGradient(golden(name).get("gradient"));
        }
        assertThat(explain("stored_script.pt", stored.get("x"), "--target", "1", "--dtype", "float16")
                        .refusal())
                .contains("choose float32 or float64");
        assertThat(attribution().shape()).isEqualTo(Shape.of(3, 4));
    }
}
