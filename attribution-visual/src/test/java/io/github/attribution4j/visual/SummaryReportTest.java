// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.SummaryStatistics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SummaryReportTest {
    private static AttributionTable table(int size, int features) {
        Random random = new Random(1);
        double[][] attributions = new double[size][features];
        for (double[] row : attributions) {
            Arrays.setAll(row, f -> random.nextGaussian() / (1 + f));
        }
        return AttributionTable.of(
                        IntStream.range(0, features)
                                .mapToObj(f -> "<f" + f + ">")
                                .toArray(String[]::new),
                        attributions)
                .values(attributions)
                .scores(Arrays.stream(attributions)
                        .mapToDouble(row -> Arrays.stream(row).sum())
                        .toArray())
                .cohorts(
                        IntStream.range(0, size).mapToObj(e -> "class " + e % 2).toArray(String[]::new));
    }

    private static long count(String text, String part) {
        return text.split(part, -1).length - 1L;
    }

    @Test
    void onePageWithoutScriptHasEveryPart() throws Exception {
        String html = SummaryReport.of(table(250, 14))
                .title("Why & <who>?")
                .facts(Map.of("model", "a<b>.pt"))
                .notes(List.of("Rows were \"left out\"."))
                .toHtml();
        assertThat(html.replace("http://www.w3.org/", ""))
                .doesNotContain("http", "url(", "<script", "<link", "@import");
        assertThat(html)
                .contains("<h1>Why &amp; &lt;who&gt;?</h1>", "<dt>model</dt><dd>a&lt;b&gt;.pt</dd>")
                .contains("Rows were &quot;left out&quot;.", "class 0: 125, class 1: 125")
                .contains("id=\"importance\"", "id=\"values\"", "id=\"examples\"", "id=\"single\"");
        assertThat(count(html, "attribution of &lt;f")).isEqualTo(10);
        assertThat(count(html, "<details>")).isEqualTo(100);
        assertThat(html).contains("100 of 250, evenly by score");
        // The page is also XML: all elements closed, everything escaped.
        Svg.parse(html.substring(html.indexOf('\n')));
    }

    @Test
    void theLowestAndTheHighestScoreAreAmongTheSingleExamples() {
        AttributionTable table = table(250, 3);
        double[] scores = table.examples().scores();
        int lowest = IntStream.range(0, 250)
                .reduce((a, b) -> scores[b] < scores[a] ? b : a)
                .orElseThrow();
        int highest = IntStream.range(0, 250)
                .reduce((a, b) -> scores[b] > scores[a] ? b : a)
                .orElseThrow();
        String html = SummaryReport.of(table).singles(7).dependences(0).toHtml();
        assertThat(count(html, "<details>")).isEqualTo(7);
        assertThat(html)
                .contains("<summary>example " + lowest + " <b>", "<summary>example " + highest + " <b>")
                .doesNotContain("#dependences", "id=\"dependences\"");
        assertThat(count(SummaryReport.of(table(4, 3)).toHtml(), "<details>")).isEqualTo(4);
        assertThat(SummaryReport.of(table).singles(0).toHtml()).doesNotContain("<details>", "#single");
    }

    @Test
    void theNumbersOfAllFeaturesAreATableToo() {
        AttributionTable table = AttributionTable.of(
                new String[] {"a", "<script>alert(1)</script>", "c"}, new double[][] {{1, -2, 0}, {3, -4.5, 0}});
        String html = SummaryReport.of(table).top(1).toHtml();
        assertThat(html)
                .contains("<tr><th scope=\"row\">&lt;script&gt;alert(1)&lt;/script&gt;</th>"
                        + "<td>3.25</td><td>\u22123.25</td>"
                        + "<td>1.768</td><td>\u22124.5</td><td>\u22122</td><td>2</td></tr>")
                .contains("<th scope=\"row\">c</th><td>0</td><td>0</td><td>0</td><td>0</td><td>0</td><td>2</td>")
                .doesNotContain("<script");
        assertThat(html.indexOf("scope=\"row\">a<")).isBetween(html.indexOf("scope=\"row\">&lt;"), html.indexOf(">c<"));
    }

    @Test
    void featuresOfTheSameNameHaveADependenceEach() {
        AttributionTable table = AttributionTable.of(
                        new String[] {"same", "same"}, new double[][] {{1, 7}, {2, 8}, {3, 9}})
                .values(new double[][] {{10, 40}, {20, 50}, {30, 60}});
        String html = SummaryReport.of(table).toHtml();
        assertThat(html).contains("same = 10: +1", "same = 60: +9");
        String dependences = html.substring(html.indexOf("id=\"dependences\""), html.indexOf("id=\"single\""));
        assertThat(dependences).contains("same = 10: +1", "same = 60: +9");
    }

    @Test
    void importancesMayBeThoseOfMoreExamplesThanAreDrawn() {
        AttributionTable table = table(20, 2);
        SummaryStatistics all = table.statistics();
        all.merge(table.statistics());
        String html = SummaryReport.of(table).statistics(all).toHtml();
        assertThat(html).contains("40; pictures of single points show 20 of them", "(40 examples)");
        assertThatThrownBy(() -> SummaryReport.of(table).statistics(new SummaryStatistics(List.of("x"))))
                .hasMessageStartingWith("statistics: features [x]; the table has [<f0>, <f1>];");
    }

    @Test
    void aTableWithoutValuesScoresAndCohortsIsReportedToo(@TempDir Path folder) throws Exception {
        AttributionTable bare = AttributionTable.of(new String[] {"a"}, new double[][] {{1}});
        Path file = folder.resolve("r.html");
        SummaryReport.of(bare).write(file);
        assertThat(Files.readString(file))
                .isEqualTo(SummaryReport.of(bare).toHtml())
                .contains("<details>");
        assertThatThrownBy(() ->
                        SummaryReport.of(bare).write(folder.resolve("missing").resolve("r.html")))
                .hasMessageContaining("check that its folder exists and is writable");
        assertThat(SummaryReport.of(bare))
                .hasToString("SummaryReport[Explanations of many examples, AttributionTable[1 examples, 1 features]]");
    }
}
