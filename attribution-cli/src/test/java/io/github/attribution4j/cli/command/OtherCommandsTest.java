// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OtherCommandsTest {
    @TempDir
    Path folder;

    @Test
    void methodsListsAllOfThemWithTheirSettings() {
        Said said = Cli.run("methods");
        assertThat(said.code()).isZero();
        for (Description<?> entry : Methods.all()) {
            assertThat(said.out()).contains(entry.name() + ": " + entry.claim());
            for (Setting<?> setting : entry.settings()) {
                assertThat(said.out()).contains("--set " + setting.name() + "=  " + setting.meaning());
            }
        }
        assertThat(said.out())
                .contains("gradients taken along the path from the baseline; an integer, at least 1, for trapezoids 2;"
                        + " default 50");
    }

    @Test
    void methodsAsJson() {
        JsonArray all =
                JsonParser.parseString(Cli.run("methods", "--json").out()).getAsJsonArray();
        assertThat(all).hasSameSizeAs(Methods.all());
        Said one = Cli.run("methods", "occlusion", "--json");
        JsonObject occlusion =
                JsonParser.parseString(one.out()).getAsJsonArray().get(0).getAsJsonObject();
        assertThat(occlusion.get("needs").getAsString()).isEqualTo("forward");
        JsonObject window = occlusion.getAsJsonArray("settings").get(0).getAsJsonObject();
        assertThat(window.get("name").getAsString()).isEqualTo("window");
        assertThat(window.get("required").getAsBoolean()).isTrue();
        assertThat(window.get("default").isJsonNull()).isTrue();
    }

    @Test
    void methodsRefusesUnknownOnes() {
        Said said = Cli.run("methods", "oclusion");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.refusal()).contains("did you mean 'occlusion'");
    }

    @Test
    void layersWithAndWithoutShapes() {
        String model = Cli.demo(folder, "digits.pt").toString();
        Said plain = Cli.run("layers", "--device", Cli.DEVICE, "--model", model);
        assertThat(plain.code()).isZero();
        assertThat(plain.out().lines().toList())
                .startsWith("path     kind", "conv1    Conv2d", "bn1      BatchNorm2d")
                .hasSize(11);
        String input = Cli.demo(folder, "digit-3.png").toString();
        Said shapes = Cli.run("layers", "--device", Cli.DEVICE, "--model", model, "--input", input);
        assertThat(shapes.out().lines().toList())
                .contains("conv1    Conv2d       (1, 16, 8, 8)", "fc       Linear       (1, 10)");
        Said all = Cli.run("layers", "--device", Cli.DEVICE, "--model", model, "--input", input, "--all");
        assertThat(all.out().lines().toList())
                .anyMatch(line -> line.matches("conv1 +Conv2d +\\(1, 16, 8, 8\\)"))
                .anyMatch(line -> line.matches("conv1:in +Conv2d +\\(1, 1, 8, 8\\)"))
                .anyMatch(line -> line.matches("conv1/\\w+#0 +\\w+ +\\(1, 16, 8, 8\\)"));
        assertThat(Cli.run("layers", "--device", Cli.DEVICE, "--model", model, "--all")
                        .out()
                        .lines()
                        .toList())
                .anyMatch(line -> line.matches("conv1/\\w+#0 +\\w+"));
    }

    @Test
    void doctorTriesEveryMethod() {
        Said said = Cli.run(
                "doctor",
                "--device",
                Cli.DEVICE,
                "--model",
                Cli.demo(folder, "digits.pt").toString(),
                "--input",
                Cli.demo(folder, "digit-3.npz").toString());
        assertThat(said.code()).isZero();
        List<String> lines = said.out().lines().toList();
        assertThat(lines).anyMatch(line -> line.matches("ok +loads +digits.pt, 87082 bytes, sha256 bff23c3b.*"));
        assertThat(lines).anyMatch(line -> line.matches("ok +layers +10 cut points, from conv1 to fc.*"));
        assertThat(lines).anyMatch(line -> line.matches("ok +rules, deeplift +one for each of 16 operations"));
        assertThat(lines).anyMatch(line -> line.matches("ok +forward +output float32 \\(1, 10\\) for one example"));
        assertThat(lines).anyMatch(line -> line.matches("ok +gradients +defined for every attributed input"));
        for (Description<?> entry : Methods.all()) {
            String verdict = entry.name().equals("feature-permutation") ? "no" : "yes";
            assertThat(lines).anyMatch(line -> line.matches(verdict + " +" + entry.name() + "( .*)?"));
        }
        assertThat(lines.get(lines.size() - 1))
                .isEqualTo(Methods.all().size() - 1 + " of " + Methods.all().size()
                        + " methods work with this model and this input.");
    }

    @Test
    void doctorSaysWhyNot() {
        Said text = Cli.run(
                "doctor",
                "--device",
                Cli.DEVICE,
                "--model",
                Cli.golden("data/models/text_lstm.scripted.pt").toString(),
                "--input",
                Cli.golden("data/text_lstm/inputs.npz").toString());
        assertThat(text.code()).isZero();
        assertThat(text.out())
                .containsPattern(
                        "no +gradients +input 'ids' is of type int64, which has no gradient; attribute by token")
                .containsPattern("yes +saliency +with --layer embedding; not at the input, which holds integers")
                .containsPattern("ok +rules, deeplift +one for each of \\d+ operations")
                .containsPattern("yes +deep-lift +with --layer embedding")
                .containsPattern("yes +feature-ablation")
                .containsPattern("yes +smooth-grad +with --layer embedding")
                .containsPattern("yes +grad-cam +for instance --layer head.lstm");

        Said alone = Cli.run(
                "doctor",
                "--device",
                Cli.DEVICE,
                "--model",
                Cli.demo(folder, "digits.pt").toString());
        assertThat(alone.code()).isZero();
        assertThat(alone.out()).contains("Give --input");
    }

    @Test
    void doctorRefusesWhatIsNoArchive() throws IOException {
        Path file = Files.writeString(folder.resolve("weights.pt"), "weights");
        Said said = Cli.run("doctor", "--model", file.toString());
        assertThat(said.code()).isEqualTo(3);
        assertThat(said.refusal()).contains("is not a TorchScript archive").contains("torch.jit.script");
    }

    @Test
    void demoExplainsADigitAPatientAndASentence() throws IOException {
        Path into = folder.resolve("demo");
        Said said = Cli.run("demo", "--dir", into.toString());
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .contains("integrated-gradients, target index 3")
                .contains("grad-cam, target index 3")
                .contains("lrp, target index 3")
                .contains("kernel-shap, target probability of 0")
                .contains("worst texture")
                .contains("integrated-gradients by token, target index 0")
                .contains("--text \"Draw the edges of the graph as lines on the axes.\"")
                .contains("all on one page: " + into.resolve("index.html"));
        for (String name : List.of(
                "digit-integrated-gradients.png",
                "digit-grad-cam.png",
                "digit-lrp.png",
                "patient-kernel-shap.png",
                "sentence-integrated-gradients.png")) {
            BufferedImage image = ImageIO.read(into.resolve(name).toFile());
            assertThat(image.getWidth()).as(name).isGreaterThan(600);
            assertThat(Files.readString(into.resolve("index.html"))).contains(name);
        }
        // The commands that it shows can be repeated.
        String shown = said.out()
                .lines()
                .filter(line -> line.startsWith("$ "))
                .findFirst()
                .orElseThrow();
        String[] words = shown.substring("$ attribution ".length()).split(" ");
        assertThat(Cli.run(words).code()).isZero();
        assertThat(Cli.run("demo", "--dir", into.toString(), "--quiet").out()).isEmpty();
    }
}
