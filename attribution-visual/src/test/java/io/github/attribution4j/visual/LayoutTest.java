// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.w3c.dom.Element;

/** What every picture promises, whatever it shows. */
class LayoutTest {

    private static final String LONG = "customer_lifetime_value_rolling_mean_over_the_last_ninety_days".repeat(4);
    private static final String[] NAMES = {LONG, "b", "\u77ed\u3044\u540d\u524d", "x<&>\"'y", "\u001b[31mred\n", "f"};
    private static final double[] MIXED = {0.3, -0.7, 1e-5, 0, -0.02, 0.5};

    private static Map<String, Picture> pictures() {
        Map<String, Picture> out = new TreeMap<>();
        double[] grid = new double[3 * 8 * 8];
        Arrays.setAll(grid, i -> Math.sin(i * 0.7) * i);
        OriginalImage gray = OriginalImage.stretched(Arrays.copyOf(grid, 64), 1, 8, 8);
        out.put("heat map", HeatMap.of(grid, 3, 8, 8).picture());
        out.put(
                "side by side",
                HeatMap.of(grid, 3, 8, 8)
                        .over(gray)
                        .caption(Caption.of(LONG).subtitle(LONG).note(LONG))
                        .picture());
        for (HeatMap.View view : HeatMap.View.values()) {
            out.put(
                    "view " + view,
                    HeatMap.of(grid, 3, 8, 8)
                            .over(gray)
                            .view(view)
                            .sign(Sign.NEGATIVE)
                            .caption(Caption.of("t"))
                            .picture());
        }
        out.put("1x1", HeatMap.of(new double[] {0.5}, 1, 1, 1).panelSize(16).picture());
        out.put(
                "1x1 side by side",
                HeatMap.of(new double[] {-0.5}, 1, 1, 1)
                        .over(OriginalImage.stretched(new double[1], 1, 1, 1))
                        .panelSize(16)
                        .picture());
        out.put("1x40", HeatMap.of(Arrays.copyOf(grid, 40), 1, 1, 40).picture());
        out.put(
                "40x1",
                HeatMap.of(Arrays.copyOf(grid, 40), 1, 40, 1)
                        .caption(Caption.of("tall"))
                        .picture());
        double[] pairs = new double[36];
        Arrays.setAll(pairs, i -> Math.cos(i * 0.3) * (i % 7));
        out.put("names", HeatMap.of(pairs, 1, 6, 6).names(NAMES, NAMES).picture());
        for (int size : new int[] {1, 30, 64, 65, 100}) {
            String[] names = new String[size];
            Arrays.setAll(names, i -> i % 5 == 0 ? LONG.substring(i % 17) : "f" + i);
            out.put(
                    "names of " + size,
                    HeatMap.of(Arrays.copyOf(pairs, size * size), 1, size, size)
                            .names(names, names)
                            .caption(Caption.of("t"))
                            .panelSize(size == 30 ? 16 : 280)
                            .picture());
        }
        out.put(
                "names of columns",
                HeatMap.of(pairs, 1, 6, 6)
                        .names(new String[0], NAMES)
                        .legend(false)
                        .picture());
        out.put("zeros", HeatMap.of(new double[64], 1, 8, 8).over(gray).picture());
        out.put(
                "huge",
                HeatMap.of(new double[] {-1e300, 1e300, 5e299, 0}, 1, 2, 2).picture());
        for (BarChart.Layout layout : BarChart.Layout.values()) {
            for (int width : new int[] {420, 760}) {
                out.put(
                        "bars " + layout + width,
                        BarChart.of(NAMES, MIXED)
                                .values(new String[] {LONG, "", "3", "4", "5", "6"})
                                .baselineScore(0.1)
                                .score(0.4)
                                .layout(layout)
                                .width(width)
                                .caption(Caption.of(LONG))
                                .picture());
                out.put(
                        "zero bars " + layout + width,
                        BarChart.of(NAMES, new double[6])
                                .baselineScore(0)
                                .layout(layout)
                                .width(width)
                                .picture());
                out.put(
                        "tiny bars " + layout + width,
                        BarChart.of(NAMES, new double[] {1e-9, 2e-9, -3e-9, 0, 1e-20, 1e-9})
                                .top(2)
                                .baselineScore(1e-8)
                                .layout(layout)
                                .width(width)
                                .picture());
            }
        }
        out.put(
                "tokens",
                TokenText.of(NAMES, MIXED)
                        .width(320)
                        .caption(Caption.of(LONG).note("n"))
                        .picture());
        out.put(
                "zero tokens",
                TokenText.of(new String[] {"", " ", "\n"}, new double[3]).picture());
        out.put(
                "series",
                TimeSeriesChart.of(new double[][] {MIXED, {7, 7, 7, 7, 7, 7}}, new double[][] {MIXED, MIXED})
                        .names(new String[] {LONG, "<b>"})
                        .time(LONG, 1e6, 1e-3)
                        .width(360)
                        .picture());
        out.put(
                "one step",
                TimeSeriesChart.of(new double[][] {{3}}, new double[][] {{0}}).picture());
        out.put(
                "huge bars",
                BarChart.of(new String[] {"a", "b"}, new double[] {1e300, -1e300})
                        .baselineScore(1e300)
                        .layout(BarChart.Layout.WATERFALL)
                        .picture());
        out.put(
                "huge series",
                TimeSeriesChart.of(new double[][] {{1e300, -1e300}}, new double[][] {{1e300, 0}})
                        .picture());
        summaries(out);
        return out;
    }

    private static void summaries(Map<String, Picture> out) {
        for (int size : new int[] {1, 60, 1500}) {
            Random random = new Random(size);
            double[][] attributions = new double[size][NAMES.length];
            String[][] values = new String[size][NAMES.length];
            String[] cohorts = new String[size];
            for (int e = 0; e < size; e++) {
                String kind = "kind " + LONG + e % 3;
                Arrays.setAll(attributions[e], f -> f == 2 ? 0 : random.nextGaussian() / (1 + f));
                Arrays.setAll(values[e], f -> f == 1 ? kind : String.valueOf(random.nextGaussian()));
                // Where all are empty they are not known, so a single one says that it is missing.
                values[e][4] = e % 5 != 0 ? "7" : size == 1 ? "missing" : "";
                cohorts[e] = e % 2 == 0 ? LONG : "<odd>";
            }
            AttributionTable table = AttributionTable.of(NAMES, attributions)
                    .values(values)
                    .cohorts(cohorts)
                    .baselineScores(new double[size])
                    .scores(new double[size]);
            for (int width : new int[] {420, 760}) {
                Caption caption = Caption.of(width == 420 ? LONG : "").note("note");
                Map<String, SummaryChart> charts = new TreeMap<>();
                charts.put("mean bars", SummaryChart.bars(table.statistics()).top(3));
                charts.put("cohorts", SummaryChart.cohorts(table.statistics()));
                charts.put("beeswarm", SummaryChart.beeswarm(table));
                charts.put("heat map of examples", SummaryChart.heatMap(table).top(2));
                charts.put("forces", SummaryChart.forces(table));
                charts.put("forces of one", SummaryChart.forces(table, 0));
                charts.put("decisions", SummaryChart.decisions(table).top(3));
                for (int f = 0; f < NAMES.length; f++) {
                    charts.put(
                            "dependence " + f,
                            SummaryChart.dependence(table, NAMES[f], NAMES[f == 1 ? 0 : (f + 1) % 3]));
                }
                charts.forEach((name, chart) -> out.put(
                        name + " of " + size + ", " + width,
                        chart.width(width).caption(caption).picture()));
            }
        }
        AttributionTable huge = AttributionTable.of(new String[] {"a", "b"}, new double[][] {{1e300, -1e300}, {0, 0}});
        out.put("huge forces", SummaryChart.forces(huge).picture());
        out.put("huge forces of one", SummaryChart.forces(huge, 0).picture());
        out.put("huge beeswarm", SummaryChart.beeswarm(huge).picture());
        out.put("huge decisions", SummaryChart.decisions(huge).picture());
        AttributionTable zeros =
                AttributionTable.of(new String[] {"a"}, new double[2][1]).values(new double[2][1]);
        out.put("zero forces", SummaryChart.forces(zeros).picture());
        out.put("zero forces of one", SummaryChart.forces(zeros, 1).picture());
        out.put("zero beeswarm", SummaryChart.beeswarm(zeros).picture());
        out.put("zero mean bars", SummaryChart.bars(zeros.statistics()).picture());
        out.put("zero heat map", SummaryChart.heatMap(zeros).picture());
        out.put("zero decisions", SummaryChart.decisions(zeros).picture());
        out.put("zero dependence", SummaryChart.dependence(zeros, "a").picture());
    }

    @TestFactory
    Stream<DynamicTest> textStaysInsideAndApart() {
        return pictures().entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
                    Picture picture = e.getValue();
                    Svg svg = Svg.parse(picture.toSvg());
                    assertThat(Svg.number(svg.root(), "width")).isEqualTo(picture.width());
                    List<Element> texts = svg.elements("text");
                    for (Element text : texts) {
                        double[] a = Svg.extent(text);
                        assertThat(a[0]).as(text.getTextContent()).isGreaterThanOrEqualTo(-0.01);
                        assertThat(a[1]).as(text.getTextContent()).isGreaterThanOrEqualTo(0);
                        assertThat(a[2]).as(text.getTextContent()).isLessThanOrEqualTo(picture.width() + 0.01);
                        assertThat(a[3]).as(text.getTextContent()).isLessThanOrEqualTo(picture.height());
                        for (Element other : texts) {
                            double[] b = Svg.extent(other);
                            boolean apart = a[2] <= b[0] + 0.01 || b[2] <= a[0] + 0.01 || a[3] <= b[1] || b[3] <= a[1];
                            assertThat(apart || text == other)
                                    .as("'%s' overlaps '%s'", text.getTextContent(), other.getTextContent())
                                    .isTrue();
                        }
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> imageHasTheSizeAndTheHtmlFetchesNothing() {
        return pictures().entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
                    Picture picture = e.getValue();
                    BufferedImage image = picture.toImage();
                    assertThat(image.getWidth()).isEqualTo((int) (2 * picture.width()));
                    assertThat(image.getHeight()).isEqualTo((int) (2 * picture.height()));
                    String html = picture.toHtml();
                    assertThat(html).startsWith("<!DOCTYPE html>").contains("<meta charset=\"utf-8\"/>");
                    assertThat(html.replace("http://www.w3.org/", ""))
                            .doesNotContain("http", "url(", "<script", "<link");
                    assertThat(picture.toSvg()).doesNotContain("NaN", "Infinity");
                    // Without its doctype the document is also XML: all elements closed, everything escaped.
                    Svg.parse(html.substring(html.indexOf('\n')));
                }));
    }

    @Test
    void sameInputGivesTheSameBytes() {
        Map<String, Picture> first = pictures();
        Map<String, Picture> second = pictures();
        first.forEach((name, picture) -> {
            assertThat(picture.toHtml()).as(name).isEqualTo(second.get(name).toHtml());
            if (name.endsWith("760") || name.equals("tokens") || name.equals("series")) {
                assertThat(picture.toPng()).as(name).isEqualTo(second.get(name).toPng());
            }
        });
    }

    @Test
    void localeDoesNotShow() {
        Map<String, Picture> before = pictures();
        Locale locale = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            pictures()
                    .forEach((name, picture) -> assertThat(picture.toSvg())
                            .as(name)
                            .isEqualTo(before.get(name).toSvg()));
        } finally {
            Locale.setDefault(locale);
        }
    }
}
