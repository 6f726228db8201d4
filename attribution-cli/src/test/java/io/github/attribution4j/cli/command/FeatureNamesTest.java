// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features.Feature;
import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.Cli.Said;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names of columns, groups and classes on the command line. */
class FeatureNamesTest {
    private static final String GROUPS = "ranges:1:10,10,10 named [mean, error, worst]";

    @TempDir
    Path folder;

    private Said patient(String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "--model",
                Cli.demo(folder, "breast-cancer.pt").toString(),
                "--input",
                Cli.demo(folder, "patient.csv").toString()));
        arguments.addAll(List.of(more));
        return Cli.explain(arguments);
    }

    @Test
    void namesGoIntoTableJsonAndPicture() throws IOException {
        Path json = folder.resolve("why.json");
        Path svg = folder.resolve("why.svg");
        Said said = patient(
                "--method",
                "shapley-values",
                "--mask",
                GROUPS,
                "--target",
                "0",
                "--classes",
                "malignant,benign",
                "--json",
                json.toString(),
                "--svg",
                svg.toString());
        assertThat(said.err()).isEmpty();
        List<String> lines = said.out().lines().toList();
        assertThat(lines.get(0)).isEqualTo("shapley-values, target 'malignant'");
        assertThat(lines.subList(2, 5)).allMatch(line -> line.matches("(mean|error|worst) .*"));
        assertThat(Files.readString(svg)).contains("malignant", ">worst<");
        String text = Files.readString(json);
        try (Explanation why = Explanation.fromJson(text)) {
            assertThat(why.features(0)).extracting(Feature::name).containsExactly("mean", "error", "worst");
            assertThat(why.features(0)).extracting(Feature::values).containsOnly(List.of());
            assertThat(why.featureNames(0).along(1, 0))
                    .startsWith("mean radius")
                    .hasSize(30);
            assertThat(why.features(0).sum())
                    .isCloseTo(why.scores()[0] - why.baselineScores().orElseThrow()[0], within(1e-4));
        }
    }

    @Test
    void columnsAreGroupedByNameAndOthersStay() {
        Said said = patient(
                "--method",
                "feature-ablation",
                "--mask",
                "columns:size=mean radius,mean area,mean perimeter;look=mean texture",
                "--target",
                "0",
                "--top",
                "40");
        assertThat(said.err()).isEmpty();
        assertThat(said.out())
                .containsPattern("(?m)^size ")
                .containsPattern("(?m)^look +\\d")
                .contains("worst radius");
        assertThat(said.out().lines().filter(line -> line.contains("mean radius")))
                .isEmpty();
    }

    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        assertThat(patient("--classes", "a,b,c").refusal()).contains("class names: 3 given");
        assertThat(patient("--classes", "a,a").refusal()).contains("two are 'a'");
        assertThat(patient("--method", "feature-ablation", "--mask", "columns:size=mean radios")
                        .refusal())
                .contains("there is no column 'mean radios'; did you mean 'mean radius'");
        assertThat(patient("--method", "feature-ablation", "--mask", "columns:size")
                        .refusal())
                .contains("columns need groups with their columns");
    }

    @Test
    void classesComeFromAFile() throws IOException {
        Path names = folder.resolve("classes.txt");
        Files.writeString(names, "malignant\nbenign\n");
        Said said = patient("--classes", names.toString());
        assertThat(said.err()).isEmpty();
        assertThat(said.out().lines().findFirst().orElseThrow()).matches(".*, target '(malignant|benign)'");
    }
}
