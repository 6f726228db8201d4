// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class TimeSeriesChartTest {

    private static final double[][] VALUES = {{0, 1, 2, 3}, {5, 5, 5, 5}};
    private static final double[][] ATTRIBUTIONS = {{1, -1, 0, 0.5}, {0, 0, 0, 0.25}};

    @Test
    void backgroundIsTheColorOfTheStep() throws Exception {
        Picture picture =
                TimeSeriesChart.of(VALUES, ATTRIBUTIONS).outlierPercentage(0).picture();
        Element plot = Svg.parse(picture.toSvg()).elements("image").get(0);
        BufferedImage image = picture.toImage();
        double left = Svg.number(plot, "x");
        double width = Svg.number(plot, "width");
        int y = (int) (2 * (Svg.number(plot, "y") + 4));
        int[] seen = new int[3];
        for (int step = 0; step < 3; step++) {
            seen[step] = image.getRGB((int) (2 * (left + (step + 0.3) * width / 4)), y) & 0xffffff;
        }
        assertThat(seen).containsExactly(0x9c1127, 0x0b3f8f, 0xf7f7f7);
    }

    @Test
    void lineRisesWithTheValues() throws Exception {
        Element line = Svg.parse(
                        TimeSeriesChart.of(VALUES, ATTRIBUTIONS).picture().toSvg())
                .elements("polyline")
                .get(1);
        double[] ys = Arrays.stream(line.getAttribute("points").split(" ", -1))
                .mapToDouble(p -> Double.parseDouble(p.split(",", -1)[1]))
                .toArray();
        assertThat(ys).hasSize(4);
        assertThat(ys[0]).isGreaterThan(ys[1]);
        assertThat(ys[2]).isGreaterThan(ys[3]);
    }

    @Test
    void namesTimesAndTheLegendAreShown() throws Exception {
        Picture picture = TimeSeriesChart.of(VALUES, ATTRIBUTIONS)
                .names(new String[] {"speed", "load"})
                .time("time in s", 10, 0.5)
                .outlierPercentage(0)
                .picture();
        assertThat(Svg.parse(picture.toSvg()).texts())
                .contains("speed", "load", "time in s", "10", "11", "\u22121", "0.5");
    }

    @Test
    void theStrongestChannelsAreKept() throws Exception {
        Picture picture = TimeSeriesChart.of(VALUES, ATTRIBUTIONS).top(1).picture();
        assertThat(Svg.parse(picture.toSvg()).texts())
                .contains("channel 0")
                .doesNotContain("channel 1")
                .anyMatch(t -> t.startsWith("1 of 2 channels"));
    }

    @Test
    void longSeriesKeepTheirExtremes() throws Exception {
        double[] values = new double[100_000];
        values[54_321] = 1;
        Element line = Svg.parse(TimeSeriesChart.of(new double[][] {values}, new double[][] {new double[values.length]})
                        .picture()
                        .toSvg())
                .elements("polyline")
                .get(0);
        String[] points = line.getAttribute("points").split(" ", -1);
        assertThat(points).hasSizeBetween(500, 4000);
        assertThat(Arrays.stream(points)
                        .map(p -> p.split(",", -1)[1])
                        .distinct()
                        .count())
                .isEqualTo(2);
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> TimeSeriesChart.of(new double[0][], new double[0][]))
                .hasMessageStartingWith("channels of values: 0;");
        assertThatThrownBy(() -> TimeSeriesChart.of(VALUES, new double[1][4]))
                .hasMessageStartingWith("attributions: 1 values");
        assertThatThrownBy(() -> TimeSeriesChart.of(new double[][] {{1, 2}}, new double[][] {{1}}))
                .hasMessageStartingWith("attributions[0]: 1 values, but values[0] has 2");
        assertThatThrownBy(() -> TimeSeriesChart.of(new double[][] {{1, 2}, {1}}, new double[][] {{1, 2}, {1}}))
                .hasMessageStartingWith("values[1]: 1 values, but values[0] has 2");
        assertThatThrownBy(() -> TimeSeriesChart.of(new double[][] {{Double.NaN}}, new double[][] {{1}}))
                .hasMessageStartingWith("values[0][0]: NaN");
        assertThatThrownBy(() -> TimeSeriesChart.of(VALUES, ATTRIBUTIONS).time("t", 0, 0))
                .hasMessageContaining("give a positive step");
        assertThatThrownBy(() -> TimeSeriesChart.of(VALUES, ATTRIBUTIONS).names(new String[1]))
                .hasMessageStartingWith("names: 1 values");
    }
}
