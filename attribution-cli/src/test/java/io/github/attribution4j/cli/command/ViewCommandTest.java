// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.cli.Cli;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ViewCommandTest {
    @TempDir
    Path folder;

    private String model;
    private String image;

    @BeforeEach
    void files() {
        model = Cli.demo(folder, "digits.pt").toString();
        image = Cli.demo(folder, "digit-3.png").toString();
    }

    private static Cli.Said view(String... arguments) {
        List<String> all = new ArrayList<>(List.of("view", "--device", Cli.DEVICE));
        all.addAll(List.of(arguments));
        return Cli.run(all.toArray(String[]::new));
    }

    @Test
    void everyLayerIsALine() {
        Cli.Said said = view("--model", model, "--input", image);
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        List<String> lines = said.out().lines().toList();
        assertThat(lines.get(0)).matches("layer +mean +sd +min +median +max +norm +zeros");
        assertThat(lines).anyMatch(line -> line.matches("relu2 +[0-9.]+ .*%"));
        assertThat(lines).anyMatch(line -> line.startsWith("conv1 ") && line.endsWith(" 0.0 %"));
    }

    @Test
    void oneLayerAsMapsAndHistogram() throws IOException {
        Path png = folder.resolve("maps.png");
        Path histogram = folder.resolve("flow.png");
        Cli.Said said = view(
                "--model",
                model,
                "--input",
                image,
                "--layer",
                "relu2",
                "--quantity",
                "gradient",
                "--target",
                "3",
                "--by-channel",
                "--own-scale",
                "--png",
                png.toString(),
                "--histogram",
                histogram.toString());
        assertThat(said.err()).isEmpty();
        assertThat(said.out()).contains("  channel 0 ");
        BufferedImage maps = ImageIO.read(png.toFile());
        assertThat(maps.getWidth()).isGreaterThan(300);
        assertThat(ImageIO.read(histogram.toFile()).getHeight()).isGreaterThan(100);
    }

    @Test
    void weights() throws IOException {
        Path png = folder.resolve("filters.png");
        Cli.Said said = view("--model", model, "--weight", "conv1.weight", "--png", png.toString());
        assertThat(said.err()).isEmpty();
        assertThat(said.out()).contains("float32").contains("conv1.weight");
        assertThat(ImageIO.read(png.toFile()).getWidth()).isGreaterThan(100);
    }

    @Test
    void refusals() {
        assertThat(view("--model", model, "--weight", "conv1.wieght").refusal())
                .contains("weight 'conv1.wieght' does not exist; did you mean")
                .contains("conv1.weight");
        assertThat(view("--model", model, "--input", image, "--quantity", "gradeint")
                        .refusal())
                .contains("--quantity 'gradeint' is unknown; did you mean 'gradient'");
        assertThat(view("--model", model, "--input", image, "--png", "x.png").refusal())
                .contains("--png shows one layer's channels; name it with --layer");
        assertThat(view("--model", model).refusal()).contains("--input is needed");
    }
}
