// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Style;
import java.awt.image.BufferedImage;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Element;

class SummaryChartTest {
    private static final String[] NAMES = {"age", "income", "constant"};

    /** Attributions of age grow by its value, the more so the larger the income. */
    private static AttributionTable table(int size) {
        Random random = new Random(3);
        double[][] values = new double[size][3];
        double[][] attributions = new double[size][3];
        double[] scores = new double[size];
        for (int e = 0; e < size; e++) {
            values[e] = new double[] {random.nextGaussian(), random.nextGaussian(), 1};
            attributions[e] = new double[] {values[e][0] * values[e][1], 3 * values[e][1], 0};
            scores[e] = 0.5 + attributions[e][0] + attributions[e][1];
        }
        double[] baselines = new double[size];
        Arrays.fill(baselines, 0.5);
        return AttributionTable.of(NAMES, attributions)
                .values(values)
                .scores(scores)
                .baselineScores(baselines);
    }

    private static AttributionTable small() {
        return AttributionTable.of(NAMES, new double[][] {{1, -2, 0}, {-3, 4, 0}, {2, 0, 0}, {0, -6, 0}})
                .values(new double[][] {{10, 1, 5}, {30, 2, 5}, {20, Double.NaN, 5}, {40, 4, 5}});
    }

    private static Svg svg(SummaryChart chart) throws Exception {
        return Svg.parse(chart.picture().toSvg());
    }

    private static List<String> hints(Svg svg) {
        return svg.elements("title").stream().map(Element::getTextContent).toList();
    }

    private static List<Element> dots(Svg svg, String feature) {
        return svg.elements("circle").stream()
                .filter(dot -> dot.getTextContent().startsWith(feature + " = "))
                .toList();
    }

    private static Element dot(Svg svg, String hint) {
        return svg.elements("circle").stream()
                .filter(dot -> dot.getTextContent().equals(hint))
                .findFirst()
                .orElseThrow(() -> new AssertionError(hint + " is not in " + hints(svg)));
    }

    @Test
    void barsAreMeanMagnitudesTheLargestFirst() throws Exception {
        Svg svg = svg(SummaryChart.bars(small().statistics()));
        assertThat(svg.texts()).containsSubsequence("income", "3", "age", "1.5", "constant", "0");
        assertThat(hints(svg))
                .contains("age: mean magnitude 1.5, mean 0, standard deviation 2.16, \u22123 to 2 (4 examples)");
        List<Element> bars = svg.elements("rect").stream()
                .filter(bar -> bar.getAttribute("fill").equals("#0a6bb0"))
                .toList();
        assertThat(Svg.number(bars.get(1), "width")).isCloseTo(Svg.number(bars.get(0), "width") / 2, within(0.02));
        assertThat(svg(SummaryChart.bars(small().statistics()).top(1)).texts())
                .contains("2 other features are less important.")
                .doesNotContain("age");
    }

    @Test
    void cohortsAreComparedBarByBar() throws Exception {
        AttributionTable table = small().cohorts(new String[] {"young", "old", "young", "old"});
        Svg svg = svg(SummaryChart.cohorts(table.statistics()));
        assertThat(svg.texts())
                .containsSubsequence("young (2)", "old (2)", "income", "1", "5", "age", "1.5", "1.5", "constant");
        SummaryStatistics many = new SummaryStatistics(List.of("a"));
        assertThatThrownBy(() -> SummaryChart.cohorts(many))
                .hasMessage("statistics: 0 groups; 1 to 8 can be compared; give each example a cohort");
        IntStream.range(0, 9).forEach(i -> many.add(new double[1], "group " + i));
        assertThatThrownBy(() -> SummaryChart.cohorts(many))
                .hasMessage("statistics: 9 groups; 1 to 8 can be compared; join the small ones, or draw bars");
    }

    @Test
    void pointsOfABeeswarmAreWhereTheAttributionIsAndHaveTheColorOfTheValue() throws Exception {
        Svg svg = svg(SummaryChart.beeswarm(small()));
        Element lowest = dot(svg, "age = 10: +1 (example 0)");
        Element highest = dot(svg, "age = 40: 0 (example 3)");
        Element third = dot(svg, "age = 30: \u22123 (example 1)");
        assertThat(lowest.getAttribute("fill")).isEqualTo(OkLab.css(ColorMap.INDIGO_AMBER.at(0)));
        assertThat(highest.getAttribute("fill")).isEqualTo(OkLab.css(ColorMap.INDIGO_AMBER.at(1)));
        double unit = Svg.number(lowest, "cx") - Svg.number(highest, "cx");
        assertThat(unit).isPositive();
        assertThat(Svg.number(highest, "cx") - Svg.number(third, "cx")).isCloseTo(3 * unit, within(0.05));
        assertThat(dot(svg, "income = missing: 0 (example 2)").getAttribute("fill"))
                .isEqualTo(OkLab.css(Style.NEUTRAL));
        // A constant has neither a low nor a high value.
        assertThat(dot(svg, "constant = 5: 0 (example 0)").getAttribute("fill"))
                .isEqualTo(OkLab.css(ColorMap.INDIGO_AMBER.at(128 / 255.0)));
        assertThat(svg.texts()).contains("Gray: the value is missing, or a category.");
        assertThat(svg.texts()
                        .subList(svg.texts().indexOf("income"), svg.texts().size()))
                .containsSubsequence("income", "age", "constant", "low");
    }

    @Test
    void equalAttributionsStandApartAndInsideTheirLane() throws Exception {
        AttributionTable ties = AttributionTable.of(new String[] {"a", "b"}, new double[400][2]);
        List<Element> all = svg(SummaryChart.beeswarm(ties)).elements("circle");
        assertThat(all).hasSize(800);
        double[] lane = all.subList(0, 400).stream()
                .mapToDouble(dot -> Svg.number(dot, "cy"))
                .sorted()
                .toArray();
        assertThat(Arrays.stream(lane).distinct().count()).isGreaterThan(300);
        double next = all.subList(400, 800).stream()
                .mapToDouble(dot -> Svg.number(dot, "cy"))
                .min()
                .orElseThrow();
        assertThat(lane[399]).isLessThan(next);
    }

    @Test
    void manyPointsAreOneImageWhosePartsSayWhatIsThere() throws Exception {
        AttributionTable table = table(3000);
        Picture picture = SummaryChart.beeswarm(table).picture();
        Svg svg = Svg.parse(picture.toSvg());
        assertThat(svg.elements("circle")).isEmpty();
        assertThat(picture.toSvg().length()).isLessThan(300_000);
        long counted = hints(svg).stream()
                .filter(hint -> hint.startsWith("age = "))
                .mapToLong(hint -> Long.parseLong(hint.replaceAll(".*: (\\d+) examples?,.*", "$1")))
                .sum();
        assertThat(counted).isEqualTo(3000);
        // The same points as disks: the image has them where the disks would be.
        AttributionTable few = table(1000);
        BufferedImage image = SummaryChart.beeswarm(few).picture().toImage();
        for (Element dot : svg(SummaryChart.beeswarm(few)).elements("circle").subList(0, 50)) {
            int x = (int) Math.round(2 * Svg.number(dot, "cx"));
            int y = (int) Math.round(2 * Svg.number(dot, "cy"));
            assertThat(image.getRGB(x, y) & 0xffffff).isNotEqualTo(Style.PAPER);
        }
    }

    @Test
    void tenThousandExamplesOfThirtyFeaturesTakeLessThanTwoSeconds() {
        Random random = new Random(1);
        double[][] attributions = new double[10_000][30];
        double[][] values = new double[10_000][30];
        for (int e = 0; e < attributions.length; e++) {
            Arrays.setAll(attributions[e], f -> random.nextGaussian() / (1 + f));
            Arrays.setAll(values[e], f -> random.nextGaussian());
        }
        String[] names = IntStream.range(0, 30).mapToObj(f -> "feature " + f).toArray(String[]::new);
        AttributionTable table = AttributionTable.of(names, attributions).values(values);
        // Time of this thread: other tests may run beside it. The first runs are those of a cold JVM.
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < 3; i++) {
            long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            assertThat(SummaryChart.beeswarm(table).picture().toPng()).isNotEmpty();
            best = Math.min(best, (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start) / 1e9);
        }
        assertThat(best).isLessThan(2);
    }

    @Test
    void aDependenceShowsValueAttributionAndTheInteractingFeature() throws Exception {
        AttributionTable table = table(500);
        assertThat(SummaryChart.interacting(table, "age")).contains("income");
        assertThat(SummaryChart.interacting(table, "income")).isEmpty();
        Svg svg = svg(SummaryChart.dependence(table, "age"));
        assertThat(svg.texts()).contains("attribution of age", "age", "income");
        List<Element> dots = dots(svg, "age");
        assertThat(dots).hasSize(500);
        assertThat(dots.get(0).getTextContent()).contains(", income = ").contains("(example ");
        double[][] places = dots.stream()
                .map(dot -> new double[] {
                    Svg.number(dot, "cx"),
                    Double.parseDouble(dot.getTextContent().replaceAll("age = ([-0-9.e]+):.*", "$1"))
                })
                .toArray(double[][]::new);
        for (double[] place : places) {
            double unit = (places[1][0] - places[0][0]) / (places[1][1] - places[0][1]);
            assertThat(place[0] - places[0][0]).isCloseTo((place[1] - places[0][1]) * unit, within(0.5));
        }
        assertThat(svg(SummaryChart.dependence(table, "income")).texts()).doesNotContain("age");
        assertThat(svg(SummaryChart.dependence(table, "income", "age")).texts()).contains("age");
    }

    @Test
    void valuesThatAreMissingAndCategoriesHavePlacesOfTheirOwn() throws Exception {
        Svg missing = svg(SummaryChart.dependence(small(), "income", "age"));
        double x = Svg.number(dot(missing, "income = missing: 0, age = 20 (example 2)"), "cx");
        assertThat(dots(missing, "income").stream()
                        .mapToDouble(dot -> Svg.number(dot, "cx"))
                        .min())
                .hasValue(x);
        assertThat(missing.texts()).contains("missing");
        AttributionTable texts = small().values(
                        new String[][] {{"north", "1", ""}, {"south", "2", ""}, {"north", "", ""}, {"", "4", ""}});
        Svg kinds = svg(SummaryChart.dependence(texts, "age", "income"));
        assertThat(kinds.texts()).containsSubsequence("north", "south", "missing");
        double north = Svg.number(dot(kinds, "age = north: +1, income = 1 (example 0)"), "cx");
        double south = Svg.number(dot(kinds, "age = south: \u22123, income = 2 (example 1)"), "cx");
        assertThat(south).isGreaterThan(north + 100);
        Svg colored = svg(SummaryChart.dependence(texts, "income", "age"));
        assertThat(colored.texts()).containsSubsequence("age", "north", "south", "missing");
        assertThat(dot(colored, "income = 1: \u22122, age = north (example 0)").getAttribute("fill"))
                .isNotEqualTo(
                        dot(colored, "income = 2: +4, age = south (example 1)").getAttribute("fill"));
    }

    @Test
    void aHeatMapPutsSimilarExamplesBesideEachOther() throws Exception {
        int size = 90;
        double[][] centers = {{5, 0, 0}, {0, 5, 0}, {0, -5, 0}};
        double[][] attributions = new double[size][3];
        Random random = new Random(2);
        for (int e = 0; e < size; e++) {
            double[] center = centers[e % 3];
            Arrays.setAll(attributions[e], f -> center[f] + 0.1 * random.nextGaussian());
        }
        String[] labels =
                IntStream.range(0, size).mapToObj(e -> "group " + e % 3).toArray(String[]::new);
        AttributionTable table = AttributionTable.of(NAMES, attributions).labels(labels);
        Svg svg = svg(SummaryChart.heatMap(table));
        assertThat(svg.texts()).contains("90 examples, similar ones beside each other", "sum of attributions");
        List<String> order = new ArrayList<>();
        hints(svg(SummaryChart.forces(table))).stream()
                .filter(hint -> hint.contains("group "))
                .map(hint -> hint.replaceAll(".*(group \\d).*", "$1"))
                .forEach(order::add);
        assertThat(order).hasSize(size);
        long changes = IntStream.range(1, size)
                .filter(i -> !order.get(i).equals(order.get(i - 1)))
                .count();
        assertThat(changes).isEqualTo(2);
        // The group of the lowest sums comes first in the tree.
        assertThat(order.get(0)).isEqualTo("group 2");
    }

    @Test
    void clusteringOfManyExamplesKeepsEachOnce() throws Exception {
        AttributionTable table = table(1300);
        String byScore = SummaryChart.forces(table)
                .order(SummaryChart.Order.SCORE)
                .picture()
                .toSvg();
        List<String> scores = hints(Svg.parse(byScore));
        assertThat(scores.stream()
                        .filter(hint -> hint.startsWith("means of "))
                        .mapToInt(hint -> Integer.parseInt(hint.replaceAll("means of (\\d+) examples.*", "$1")))
                        .sum())
                .isEqualTo(1300);
        for (SummaryChart.Order order : SummaryChart.Order.values()) {
            Svg svg = svg(SummaryChart.heatMap(table).order(order));
            assertThat(hints(svg).stream()
                            .filter(hint -> hint.startsWith("income = "))
                            .mapToInt(hint -> Integer.parseInt(hint.replaceAll(".* of (\\d+) examples", "$1")))
                            .sum())
                    .as(order.name())
                    .isEqualTo(1300);
        }
    }

    @Test
    void forcesMeetAtTheScore() throws Exception {
        AttributionTable table = AttributionTable.of(NAMES, new double[][] {{3, -1, 0.5}})
                .values(new double[][] {{41, 5200, 1}})
                .baselineScores(new double[] {2})
                .scores(new double[] {4.5});
        Svg svg = svg(SummaryChart.forces(table, 0));
        assertThat(svg.texts())
                .contains(
                        "score 4.5", "baseline score 2", "age = 41", "+3", "income = 5200", "\u22121", "constant = 1");
        List<Element> up = svg.elements("rect").stream()
                .filter(rect -> rect.getAttribute("fill").equals(OkLab.css(ColorMap.POSITIVE)))
                .toList();
        Element down = svg.elements("rect").stream()
                .filter(rect -> rect.getAttribute("fill").equals(OkLab.css(ColorMap.NEGATIVE)))
                .findFirst()
                .orElseThrow();
        double end = Svg.number(down, "x");
        double unit = Svg.number(down, "width") + 1;
        assertThat(Svg.number(up.get(0), "x")).isCloseTo(end - 3 * unit, within(0.05));
        assertThat(Svg.number(up.get(1), "x")).isCloseTo(end - 3.5 * unit, within(0.05));
        assertThat(hints(svg)).contains("age = 41: +3", "income = 5200: \u22121");
    }

    @Test
    void decisionsGoFromBaselineToScore() throws Exception {
        AttributionTable table = AttributionTable.of(NAMES, new double[][] {{3, -1, 0.5}, {-3, 0, 0}})
                .baselineScores(new double[] {2, 2})
                .scores(new double[] {4.5, -1});
        Svg svg = svg(SummaryChart.decisions(table));
        List<Element> ways = svg.elements("polyline");
        assertThat(ways).hasSize(2);
        double[][] xs = ways.stream()
                .map(way -> Arrays.stream(way.getAttribute("points").split(" ", -1))
                        .mapToDouble(point -> Double.parseDouble(point.substring(0, point.indexOf(','))))
                        .toArray())
                .sorted((a, b) -> Double.compare(b[3], a[3]))
                .toArray(double[][]::new);
        // From the bottom: baseline, constant, income, age.
        double unit = (xs[0][3] - xs[0][2]) / 3;
        assertThat(xs[0][0]).isCloseTo(xs[1][0], within(0.02));
        assertThat(xs[0][2] - xs[0][0]).isCloseTo((0.5 - 1) * unit, within(0.05));
        assertThat(xs[1][3] - xs[1][0]).isCloseTo(-3 * unit, within(0.05));
        assertThat(hints(svg)).contains("example 0, score 4.5", "example 1, score \u22121");
        Svg many = svg(SummaryChart.decisions(table(1000)));
        assertThat(many.elements("polyline")).hasSize(400);
        assertThat(many.texts()).contains("400 of 1000 examples, evenly by score.");
    }

    @Test
    void featuresBeyondTheTopAreSummedUp() throws Exception {
        double[][] attributions = new double[5][300];
        for (double[] row : attributions) {
            Arrays.setAll(row, f -> 1.0 / (1 + f));
        }
        String[] names = IntStream.range(0, 300).mapToObj(f -> "f" + f).toArray(String[]::new);
        AttributionTable table = AttributionTable.of(names, attributions);
        double rest = IntStream.range(20, 300).mapToDouble(f -> 1.0 / (1 + f)).sum();
        assertThat(rest).isCloseTo(2.685, within(1e-3));
        Svg svg = svg(SummaryChart.beeswarm(table));
        assertThat(svg.texts()).contains("f0", "f19", "sum of 280 others").doesNotContain("f20");
        assertThat(hints(svg)).contains("sum of 280 others: +2.68 (example 4)");
        assertThat(svg(SummaryChart.decisions(table)).texts()).contains("sum of 280 others");
    }

    @Test
    void refusals() {
        AttributionTable table = small();
        assertThatThrownBy(() -> SummaryChart.dependence(table, "rent"))
                .hasMessage("feature: 'rent'; the table has [age, income, constant]; choose one of them");
        AttributionTable bare = AttributionTable.of(NAMES, new double[1][3]);
        assertThatThrownBy(() -> SummaryChart.dependence(bare, "age"))
                .hasMessage("feature: 'age'; its values are not known; give the table values of its features");
        assertThatThrownBy(() -> SummaryChart.forces(table, 4))
                .hasMessage("example: 4; the table has 4; choose one from 0 to 3");
        assertThatThrownBy(() -> SummaryChart.bars(new SummaryStatistics()))
                .hasMessageStartingWith("statistics: 0 examples;");
        assertThatThrownBy(() -> SummaryChart.beeswarm(table).top(0)).hasMessageStartingWith("features: 0;");
        assertThatThrownBy(() -> SummaryChart.beeswarm(table).width(3)).hasMessageContaining("420 and 4096");
        assertThatThrownBy(() -> SummaryChart.beeswarm(table).valueColors(ColorMap.BLUE_WHITE_RED))
                .hasMessageContaining("choose a sequential map");
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0", "1, -1, 0.1", "1, -0.9, 0.1", "-1, 0.9, 0.1", "5, -0.01, 0", "-5, 0.01, 0", "0.01, -5, 0"})
    void theLineOfTheScoreCrossesNoLabel(double first, double second, double third) throws Exception {
        double score = 3 + first + second + third;
        Svg svg = svg(SummaryChart.forces(
                AttributionTable.of(new String[] {"a", "b", "c"}, new double[][] {{first, second, third}})
                        .scores(new double[] {score})
                        .baselineScores(new double[] {3}),
                0));
        Element line = svg.elements("rect").stream()
                .filter(box -> Svg.number(box, "width") == 2
                        && box.getAttribute("fill").equals(OkLab.css(Style.INK)))
                .findFirst()
                .orElseThrow();
        double x = Svg.number(line, "x") + 1;
        double top = Svg.number(line, "y");
        for (Element text : svg.elements("text")) {
            double[] extent = Svg.extent(text);
            boolean beside = extent[1] < top + Svg.number(line, "height") && extent[3] > top;
            assertThat(beside && extent[0] < x && extent[2] > x)
                    .as(text.getTextContent())
                    .isFalse();
            assertThat(extent[0]).as(text.getTextContent()).isGreaterThanOrEqualTo(0);
            assertThat(extent[2]).as(text.getTextContent()).isLessThanOrEqualTo(760);
        }
    }

    @Test
    void numbersOfAnAxisAreWrittenInOneWayAndDiffer() throws Exception {
        assertThat(Numbers.briefApart(new double[] {-1_000_000, 0, 500_000, 1_000_000}))
                .containsExactly("\u22121.0e+06", "0", "5.0e+05", "1.0e+06");
        assertThat(Numbers.briefApart(new double[] {0.00005, 0.5})).containsExactly("0.00005", "0.5");
        assertThat(Numbers.brief(999_999.7)).isEqualTo("1.0e+06");
        assertThat(Numbers.brief(999_999)).isEqualTo("999999");
        Svg svg = svg(SummaryChart.heatMap(AttributionTable.of(new String[] {"a"}, new double[][] {{1e-7}, {3e-7}})
                .scores(new double[] {1e6, 1e6})
                .baselineScores(new double[] {1e6, 1e6})));
        assertThat(svg.texts().stream().filter(text -> text.endsWith("e+06")).distinct())
                .hasSize(2);
    }
}
