// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.benchmark.BenchmarkTable;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Methods judged by metrics from a shell. */
class JudgeCommandTest {
    @TempDir
    Path folder;

    private Path model;
    private Path patients;

    @BeforeEach
    void files() {
        model = Cli.demo(folder, "breast-cancer.pt");
        patients = Cli.demo(folder, "patients.csv");
    }

    private Said run(Object... words) {
        List<String> all = new ArrayList<>(List.of("judge", "-m", model.toString(), "-i", patients.toString()));
        all.addAll(List.of("--device", Cli.DEVICE));
        Arrays.stream(words).map(Object::toString).forEach(all::add);
        return Cli.run(all.toArray(String[]::new));
    }

    private BenchmarkTable read(String file) throws IOException {
        return BenchmarkTable.fromJson(Files.readString(folder.resolve(file)));
    }

    @Test
    void advice_says_whose_setting_it_is() {
        Said said = Cli.run(
                "judge",
                "--model",
                Cli.demo(folder, "digits.pt").toString(),
                "--input",
                Cli.demo(folder, "digit-3.npz").toString(),
                "--target",
                "3",
                "--methods",
                "saliency,grad-cam",
                "--metrics",
                "deletion",
                "--set",
                "grad-cam.layer=relu3",
                "--device",
                Cli.DEVICE);
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .contains("grad-cam, deletion: explanation: the attribution of 'relu3' has shape")
                .contains("with --set grad-cam.upsample=bilinear");
    }

    @Test
    void a_table_is_printed_and_written_in_every_form() throws IOException {
        Path json = folder.resolve("t.json");
        Said said = run(
                "--probability",
                0,
                "--methods",
                "integrated-gradients,shapley-sampling,random",
                "--metrics",
                "deletion,sparseness",
                "--set",
                "integrated-gradients.steps=7",
                "--set",
                "deletion.points=5",
                "--set",
                "shapley-sampling.samples=2",
                "--baseline",
                Cli.demo(folder, "patient-baseline.csv"),
                "--json",
                json,
                "--csv",
                folder.resolve("t.csv"),
                "--html",
                folder.resolve("t.html"),
                "--png",
                folder.resolve("t.png"),
                "--svg",
                folder.resolve("t.svg"));
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .contains("deletion (lower is better)", "sparseness (higher is better)", "random", "#1*", "wrote ");
        BenchmarkTable table = read("t.json");
        assertThat(table.cell("integrated-gradients", "deletion").scores()).hasSize(5);
        assertThat(table.cell("integrated-gradients", "deletion")
                        .methodInWords()
                        .orElseThrow())
                .contains("steps=7", "baseline=tensor (1, 30) sha256:");
        assertThat(table.cell("random", "deletion").metricInWords().orElseThrow())
                .contains("points=5", "baseline=tensor (1, 30) sha256:");
        assertThat(table.cell("random", "deletion").curves().get(0).shares()).hasSize(6);
        assertThat(table.origin().targets()).containsExactly("probability of 0");
        assertThat(folder.resolve("t.csv")).content().startsWith("method,metric,better,examples,");
        assertThat(folder.resolve("t.html")).content().contains("<table>", "<svg");
        assertThat(folder.resolve("t.png")).isNotEmptyFile();
        assertThat(folder.resolve("t.svg")).content().startsWith("<svg");
    }

    @Test
    void a_run_goes_on_where_a_deadline_stopped_it() throws IOException {
        Object[] words = {
            "--methods", "saliency,random", "--part", 2, "--target", 0, "--results", folder.resolve("r.jsonl")
        };
        Said stopped = run(plus(words, "--deadline", "0ms"));
        assertThat(stopped.code()).isEqualTo(4);
        assertThat(run(plus(words, "--json", folder.resolve("a.json"))).code()).isZero();
        int lines = Files.readAllLines(folder.resolve("r.jsonl")).size();
        assertThat(lines).isEqualTo(3 * 2 * 2);
        assertThat(run(plus(words, "--json", folder.resolve("b.json"))).code()).isZero();
        assertThat(Files.readAllLines(folder.resolve("r.jsonl")).size()).isEqualTo(lines);
        assertThat(folder.resolve("b.json")).hasSameTextualContentAs(folder.resolve("a.json"));
    }

    private static Object[] plus(Object[] words, Object... more) {
        List<Object> all = new ArrayList<>(Arrays.asList(words));
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }

    @Test
    void a_failure_is_said_and_the_others_go_on() {
        Said said = run("--methods", "saliency,grad-cam", "--set", "grad-cam.layer=nowhere", "--metrics", "deletion");
        assertThat(said.code()).isZero();
        assertThat(said.out()).contains("grad-cam, deletion: ", "nowhere");
        Said none = run("--methods", "grad-cam", "--set", "grad-cam.layer=nowhere", "--metrics", "deletion");
        assertThat(none.code()).isEqualTo(3);
    }

    @Test
    void a_wrapped_method_takes_the_shared_baseline() throws IOException {
        Said said = run(
                "--methods",
                "smooth-grad",
                "--metrics",
                "complexity",
                "--set",
                "smooth-grad.method=integrated-gradients",
                "--set",
                "smooth-grad.method.steps=3",
                "--set",
                "smooth-grad.samples=2",
                "--baseline",
                "0.5",
                "--json",
                folder.resolve("w.json"));
        assertThat(said.code()).isZero();
        assertThat(read("w.json")
                        .cell("smooth-grad", "complexity")
                        .methodInWords()
                        .orElseThrow())
                .contains("method.steps=3", "method.baseline=0.5");
    }

    @Test
    void metrics_are_listed_with_their_settings() {
        Said said = Cli.run("methods", "--metrics");
        assertThat(said.code()).isZero();
        assertThat(said.out()).contains("deletion: area under", "--set points=", "infidelity: ");
        assertThat(Cli.run("methods", "--metrics", "deletion").out()).doesNotContain("infidelity");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--methods salience|2|method 'salience' does not exist; did you mean 'saliency'",
                "--methods saliency --metrics delete|2|'attribution methods --metrics' lists all",
                "--methods saliency --set steps=3|2|--set steps=3: write it as NAME.SETTING=VALUE",
                "--methods saliency --set lime.samples=3|2|'lime' is neither in --methods nor in --metrics",
                "--methods saliency --set deletion.point=3|2|deletion has no setting 'point'; did you mean 'points'",
                "--methods saliency --set deletion.points=3 --set deletion.points=4|2|given twice",
                "--methods saliency,saliency|2|given twice",
                "--methods saliency --part 0|2|--part 0: must be at least 1",
                "--methods saliency --csv nowhere/t.csv|2|does not exist; make it first",
                "--methods saliency --metrics complexity --png why.png|2|none of the metrics has curves",
                "--metrics deletion|2|--methods"
            })
    void refusals_name_the_option(String words, int code, String message) {
        Said said = run((Object[]) words.split(" ", -1));
        assertThat(said.err()).contains(message);
        assertThat(said.code()).isEqualTo(code);
    }
}
