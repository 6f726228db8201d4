// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.Cli;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files with what published ONNX files have: the guards they meet, and scores and gradients against known ones. */
class OnnxSurveyTest {
    private static final Pattern ERROR = Pattern.compile("(scores|gradient\\\\_0) (\\d[^,\\s]*)");

    private static String table;

    @BeforeAll
    static void survey() {
        Cli.Said said = Cli.run("survey", "--models", Cli.golden("onnx/traits").toString(), "--device", Cli.DEVICE);
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        table = said.out();
    }

    private static List<String> cells(String file) {
        String row = table.lines()
                .filter(line -> line.startsWith("| " + file.replace("_", "\\_") + ".onnx"))
                .findFirst()
                .orElseThrow();
        return List.of(row.substring(2).split(" \\| ?", -1));
    }

    private static String section(String file) {
        String from = table.substring(table.indexOf("### " + file + ".onnx"));
        int end = from.indexOf("\n### ");
        return end < 0 ? from : from.substring(0, end);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "state          |                                | 5 | 1e-3",
                "one_row        | the file fixes one row | 14 | 1e-6",
                "three_rows     | the model was saved for 3 rows | 14 | 1e-6",
                "rows_meet      | the model's rows change each other | 16 | 1e-6",
                "rows_inside    |                                | 3 | 1e-6",
                "moving_bounds  | the model's rows change each other | 20 | 1e-6",
                "nested_choices |                                | 16 | 1e-6",
                "sequence       |                                | 16 | 1e-6"
            })
    @DisplayName("Examples are explained one by one where that is needed, with a note, and numbers are right")
    void guarded(String file, String note, int refused, double tolerance) {
        List<String> cells = cells(file);
        assertThat(cells.get(1)).isEqualTo("yes");
        if (note == null) {
            assertThat(cells.get(3)).isEmpty();
        } else {
            assertThat(cells.get(3)).contains(note);
        }
        int all = Methods.all().size();
        assertThat(cells.get(5)).isEqualTo(all - refused + " of " + all);
        Matcher errors = ERROR.matcher(cells.get(6));
        int compared = 0;
        while (errors.find()) {
            compared++;
            assertThat(Double.parseDouble(errors.group(2))).as(errors.group(1)).isLessThan(tolerance);
        }
        assertThat(compared).isEqualTo(2);
    }

    @Test
    @DisplayName("A classical classifier is explained at the tensor that its map is made of, also by rules")
    void maps() {
        assertThat(section("maps"))
                .containsPattern("work: saliency, .*feature-ablation, .*deep-lift, deep-lift-shap, lrp");
    }

    @Test
    @DisplayName("Categories have no gradient; their vectors have one")
    void categories() {
        assertThat(section("categories"))
                .contains("input 'kind' is of type int64, which has no gradient")
                .containsPattern("work: saliency, .*feature-ablation");
    }
}
