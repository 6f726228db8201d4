// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.benchmark.BenchmarkTable;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
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

    private Said digit(String... words) {
        List<String> all = new ArrayList<>(List.of("judge", "--target", "3", "--device", Cli.DEVICE));
        all.addAll(List.of("-m", Cli.demo(folder, "digits.pt").toString()));
        all.addAll(List.of("-i", Cli.demo(folder, "digit-3.png").toString()));
        all.addAll(List.of("--json", folder.resolve("d.json").toString()));
        all.addAll(List.of(words));
        return Cli.run(all.toArray(String[]::new));
    }

    /** The right half of the digit, as boxes, as a file of them, as arrays of several shapes, and as an image. */
    @Test
    void a_region_is_said_in_many_ways() throws IOException {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
        float[] flags = new float[64];
        for (int pixel = 0; pixel < 64; pixel++) {
            flags[pixel] = pixel % 8 >= 4 ? 1 : 0;
            image.getRaster().setSample(pixel % 8, pixel / 8, 0, pixel % 8 >= 4 ? 255 : 0);
        }
        ImageIO.write(image, "png", folder.resolve("half.png").toFile());
        try (TensorScope scope = TensorScope.open()) {
            Tensors tensors = Tensors.ofJava();
            NumpyFiles.writeNpy(folder.resolve("half.npy"), tensors.of(flags, 1, 1, 8, 8));
            NumpyFiles.writeNpy(
                    folder.resolve("plane.npy"), tensors.of(flags, 8, 8).gt(0));
        }
        Files.writeString(folder.resolve("boxes.csv"), "left,top,right,bottom\n4,0,8,8\n");
        Files.writeString(folder.resolve("two.csv"), "example,left,top,right,bottom\n0,4,0,8,4\n0,4,4,8,8\n");
        String metrics = "pointing-game,attribution-localization,top-k-intersection,relevance-rank-accuracy,"
                + "relevance-mass-accuracy,localization-auc,focus";
        List<double[]> expected = List.of();
        for (String region : List.of(
                "boxes:4,0,8,8",
                "boxes:" + folder.resolve("boxes.csv"),
                "boxes:" + folder.resolve("two.csv"),
                folder.resolve("half.npy").toString(),
                folder.resolve("plane.npy").toString(),
                folder.resolve("half.png").toString())) {
            Said said = digit(
                    "--methods",
                    "input-x-gradient",
                    "--metrics",
                    metrics,
                    "--place",
                    region,
                    "--set",
                    "top-k-intersection.top=6",
                    // Of the input only, not of the mask.
                    "--mean",
                    "0.1",
                    "--std",
                    "0.5");
            assertThat(said.err()).isEmpty();
            List<double[]> scores = read("d.json").cells().stream()
                    .map(BenchmarkTable.Cell::scores)
                    .toList();
            assertThat(scores).hasSize(7);
            expected = expected.isEmpty() ? scores : expected;
            for (int i = 0; i < 7; i++) {
                assertThat(scores.get(i)).as(region).containsExactly(expected.get(i));
            }
        }
        assertThat(expected.get(4)[0]).isBetween(0.01, 0.99);
    }

    @Test
    void a_reference_takes_settings_and_the_shared_baseline() throws IOException {
        Said said = digit(
                "--methods",
                "integrated-gradients,saliency",
                "--metrics",
                "spearman-agreement,sign-agreement",
                "--set",
                "spearman-agreement.reference=integrated-gradients",
                "--set",
                "spearman-agreement.reference.steps=50",
                "--set",
                "sign-agreement.reference=smooth-grad",
                "--set",
                "sign-agreement.reference.method=integrated-gradients",
                "--baseline",
                "0.5");
        assertThat(said.err()).isEmpty();
        BenchmarkTable table = read("d.json");
        assertThat(table.cell("integrated-gradients", "spearman-agreement").scores()[0])
                .isGreaterThan(0.99);
        assertThat(table.cell("saliency", "spearman-agreement").scores()[0]).isLessThan(0.9);
        assertThat(table.cell("saliency", "spearman-agreement").metricInWords().orElseThrow())
                .contains("reference=integrated-gradients", "reference.steps=50", "reference.baseline=0.5");
        assertThat(table.cell("saliency", "sign-agreement").metricInWords().orElseThrow())
                .contains("reference=smooth-grad", "reference.method.baseline=0.5");
    }

    @Test
    void advice_about_a_reference_says_so() {
        Said said = digit(
                "--methods",
                "saliency",
                "--metrics",
                "spearman-agreement,kendall-agreement",
                "--set",
                "spearman-agreement.reference=grad-cam",
                "--set",
                "spearman-agreement.reference.layer=relu3",
                "--set",
                "kendall-agreement.reference=lrp");
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .contains("spearman-agreement: reference grad-cam: the attribution of 'relu3' has shape")
                .contains("with --set spearman-agreement.reference.upsample=bilinear");
    }

    @Test
    void metrics_are_listed_with_their_settings() {
        Said said = Cli.run("methods", "--metrics");
        assertThat(said.code()).isZero();
        assertThat(said.out()).contains("deletion: area under", "--set points=", "infidelity: ");
        assertThat(Cli.run("methods", "--metrics", "deletion").out()).doesNotContain("infidelity");
        assertThat(Cli.run("methods", "--metrics", "focus").out())
                .contains("--set region=", "to be given", "A region is a file with 1 inside");
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
                "--metrics deletion|2|--methods",
                "--methods saliency --metrics focus|2|--metrics focus: needs a region, where an explanation should",
                "--methods saliency --metrics focus|2|give --set focus.region=..., or --place for all metrics",
                "--methods saliency --metrics focus --place nowhere.png|2|nowhere.png: no such file",
                "--methods saliency --metrics focus --place nowhere.npy|2|nowhere.npy: no such file",
                "--methods saliency --metrics focus --place boxes:1,2|2|setting region=boxes:1,2: a box is four whole",
                "--methods saliency --metrics sign-agreement|2|give --set sign-agreement.reference=...",
                "--methods saliency --metrics sign-agreement --set sign-agreement.reference=x|2|'x' does not exist",
                "--methods saliency --metrics sign-agreement --set sign-agreement.reference=grad-cam|2|sign-agreement:"
                        + " setting 'layer' is needed",
                "--methods saliency --metrics sign-agreement --set sign-agreement.reference=grad-cam|2|give --set"
                        + " sign-agreement.reference.layer=..."
            })
    void refusals_name_the_option(String words, int code, String message) {
        Said said = run((Object[]) words.split(" ", -1));
        assertThat(said.err()).contains(message);
        assertThat(said.code()).isEqualTo(code);
    }
}
