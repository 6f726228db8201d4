// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReplayCommandTest {
    /** Texts of settings that are required, or expensive by default. */
    private static final Map<String, String> CHEAP = Map.of(
            "layer",
            "conv2",
            "window",
            "1,4,4",
            "method",
            "saliency",
            "unit",
            "2,1,1",
            "steps",
            "3",
            "mask",
            "grid:2x2");

    @TempDir
    Path folder;

    private List<String> question;

    @BeforeEach
    void question() {
        question = asked("digits.pt", "digit-3.npz");
    }

    private List<String> asked(String model, String input) {
        return List.of(
                "--device",
                Cli.DEVICE,
                "--model",
                Cli.demo(folder, model).toString(),
                "--input",
                Cli.demo(folder, input).toString());
    }

    private Path explained(String... options) {
        Path json = folder.resolve("why.json");
        List<String> all = new ArrayList<>(List.of("--quiet", "--json", json.toString()));
        all.addAll(question);
        all.addAll(List.of(options));
        Said said = Cli.explain(all);
        assertThat(said.err()).isEmpty();
        return json;
    }

    private Said replay(Path json, String... options) {
        List<String> all = new ArrayList<>(List.of("replay", json.toString()));
        all.addAll(question);
        all.addAll(List.of(options));
        return Cli.run(all.toArray(String[]::new));
    }

    static Stream<Description<? extends Attribution<?>>> methods() {
        return Methods.all().stream();
    }

    @ParameterizedTest
    @MethodSource("methods")
    void every_method_gives_the_same_bits_from_its_json(Description<?> description) {
        List<String> options = new ArrayList<>(List.of("--method", description.name(), "--seed", "5"));
        boolean several = description.examples() > 1;
        if (several) {
            question = asked("breast-cancer.pt", "patients.csv");
        }
        for (Setting<?> setting : description.settings()) {
            if (CHEAP.containsKey(setting.name()) && !several) {
                options.addAll(List.of("--set", setting.name() + "=" + CHEAP.get(setting.name())));
            }
        }
        Said said = replay(explained(options.toArray(String[]::new)));
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).as(said.out()).isZero();
        assertThat(said.out()).startsWith(description.name() + ", target ").endsWith("seed 5\nthe bits agree\n");
    }

    @Test
    void methods_at_layers_towards_units_and_in_tunnels_are_replayed_too() {
        assertThat(replay(explained("--method", "deep-lift", "--layer", "conv2"))
                        .out())
                .endsWith("the bits agree\n");
        assertThat(replay(explained("--method", "saliency", "--layer", "conv2", "--unit", "2,1,1"))
                        .out())
                .startsWith("saliency towards neuron, target index [2, 1, 1]")
                .endsWith("the bits agree\n");
        assertThat(replay(explained(
                                "--method",
                                "var-grad",
                                "--set",
                                "method=lrp",
                                "--set",
                                "method.layer=conv2",
                                "--classes",
                                "a,b,c,d,e,f,g,h,i,j",
                                "--difference",
                                "3,8"))
                        .out())
                .startsWith("var-grad, target index 3 minus index 8")
                .endsWith("the bits agree\n");
    }

    @Test
    void an_array_is_given_again_and_compared_by_digest() {
        String input = question.get(5);
        Path json = explained("--set", "steps=3", "--baseline", "mean:" + input);
        assertThat(replay(json).refusal())
                .contains("setting baseline=mean of samples (1, 1, 8, 8) sha256:")
                .contains("name the file with --set");
        assertThat(replay(json, "--set", "baseline=mean:" + input).out()).endsWith("the bits agree\n");
        Said other = replay(json, "--set", "baseline=0.25");
        assertThat(other.code()).isEqualTo(5);
        assertThat(other.out())
                .contains("the bits differ, then and now:\n  attributions of ")
                .contains("of what they depend on, then and now:\n  setting baseline: mean of samples (1, 1, 8, 8)");
    }

    @Test
    void another_model_and_input_are_named() throws IOException {
        Path json = explained("--set", "steps=3");
        Path changed = Files.writeString(
                folder.resolve("changed.json"), Files.readString(json).replaceAll("\"digest\":\\s*\"", "$0 "));
        assertThat(replay(changed).out())
                .contains("the bits agree\nof what they depend on, then and now:")
                .contains("  model digest: ")
                .contains("  input ");
    }
}
