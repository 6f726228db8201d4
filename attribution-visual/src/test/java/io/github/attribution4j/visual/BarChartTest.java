// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Style;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class BarChartTest {

    private static final String[] NAMES = {"age", "income", "debt", "zip", "pets"};
    private static final double[] VALUES = {0.1, -2, 1, 0.02, -0.03};

    private static BarChart chart() {
        return BarChart.of(NAMES, VALUES);
    }

    private static List<Element> bars(Picture picture, int... colors) throws Exception {
        List<String> wanted =
                java.util.Arrays.stream(colors).mapToObj(OkLab::css).toList();
        return Svg.parse(picture.toSvg()).elements("rect").stream()
                .filter(r -> wanted.contains(r.getAttribute("fill")))
                .toList();
    }

    @Test
    void barsAreSortedByMagnitudeWithTheRestAsOne() throws Exception {
        Picture picture = chart().top(2).picture();
        assertThat(Svg.parse(picture.toSvg()).texts())
                .containsSubsequence("income", "\u22122.000", "debt", "+1.000", "3 others", "+0.090");
        assertThat(Svg.parse(picture.toSvg()).texts()).doesNotContain("age");
    }

    @Test
    void aSingleLeftoverIsShownItself() throws Exception {
        assertThat(Svg.parse(chart().top(4).picture().toSvg()).texts())
                .contains("zip")
                .doesNotContain("1 others");
    }

    @Test
    void lengthsAreProportionalAndMeetAtZero() throws Exception {
        List<Element> bars = bars(chart().picture(), ColorMap.NEGATIVE, ColorMap.POSITIVE);
        assertThat(bars).hasSize(5);
        double income = Svg.number(bars.get(0), "width");
        assertThat(Svg.number(bars.get(1), "width")).isCloseTo(income / 2, within(0.02));
        assertThat(Svg.number(bars.get(2), "width")).isCloseTo(income / 20, within(0.02));
        double zero = Svg.number(bars.get(0), "x") + income;
        assertThat(Svg.number(bars.get(1), "x")).isCloseTo(zero, within(0.02));
        assertThat(bars.get(0).getAttribute("fill")).isEqualTo(OkLab.css(ColorMap.NEGATIVE));
        assertThat(bars.get(1).getAttribute("fill")).isEqualTo(OkLab.css(ColorMap.POSITIVE));
    }

    @Test
    void footLineLetsTheReaderAdd() throws Exception {
        assertThat(String.join(" ", Svg.parse(chart().picture().toSvg()).texts()))
                .contains("Sum of attributions \u22120.91.");
        assertThat(String.join(
                        " ",
                        Svg.parse(chart().baselineScore(1.5)
                                        .score(0.6)
                                        .picture()
                                        .toSvg())
                                .texts()))
                .contains("Baseline score 1.5 + sum of attributions \u22120.91 = 0.59; score 0.6; completeness gap"
                        + " \u22120.01.");
        assertThat(String.join(
                        " ",
                        Svg.parse(chart().completenessGap(-2e-7).picture().toSvg())
                                .texts()))
                .contains("completeness gap \u22122.00e-07.");
    }

    @Test
    void waterfallStepsFromTheBaselineToTheScore() throws Exception {
        Picture picture = chart().layout(BarChart.Layout.WATERFALL)
                .baselineScore(1.5)
                .score(0.59)
                .picture();
        List<String> texts = Svg.parse(picture.toSvg()).texts();
        assertThat(texts)
                .containsSubsequence("baseline score", "1.5", "income", "\u22122.000", "debt", "score", "0.59");
        assertThat(texts).doesNotContain("not explained (gap)");
        List<Element> steps = bars(picture, ColorMap.NEGATIVE, ColorMap.POSITIVE);
        // income goes down from 1.5 to −0.5, debt up from there.
        assertThat(Svg.number(steps.get(1), "x")).isCloseTo(Svg.number(steps.get(0), "x"), within(0.02));
        List<Element> ends = bars(picture, Style.INK);
        double unit = Svg.number(steps.get(1), "width");
        double fall = Svg.number(ends.get(0), "x") - Svg.number(ends.get(1), "x");
        assertThat(fall).isCloseTo(0.91 * unit, within(0.02));
    }

    @Test
    void waterfallShowsWhatIsNotExplained() throws Exception {
        Picture picture = chart().layout(BarChart.Layout.WATERFALL)
                .baselineScore(1.5)
                .score(0.8)
                .picture();
        assertThat(Svg.parse(picture.toSvg()).texts())
                .containsSubsequence("not explained (gap)", "+0.210", "score", "0.8");
    }

    @Test
    void valuesStandBesideTheNames() throws Exception {
        Picture numbers =
                chart().values(new double[] {41, 52000, Double.NaN, 10115, 2}).picture();
        assertThat(Svg.parse(numbers.toSvg()).texts())
                .containsSubsequence("income", "52000", "debt", "NaN", "age", "41");
        Picture texts =
                chart().values(new String[] {"41", "high", "<none>", "", "cat"}).picture();
        assertThat(Svg.parse(texts.toSvg()).texts()).contains("<none>");
        assertThat(texts.toSvg()).contains("&lt;none&gt;").doesNotContain("<none>");
    }

    @Test
    void float32IsTheSame() {
        assertThat(BarChart.of(new String[] {"a"}, new float[] {0.5f}).picture().toSvg())
                .isEqualTo(BarChart.of(new String[] {"a"}, new double[] {0.5})
                        .picture()
                        .toSvg());
    }

    @Test
    void barsOfSomethingElseSayWhatAndNoSum() throws Exception {
        BarChart chart = BarChart.of(new String[] {"a", "b"}, new double[] {0.5, 0.25});
        assertThat(Svg.parse(chart.picture().toSvg()).texts()).contains("attribution", "Sum of attributions 0.75.");
        assertThat(Svg.parse(chart.unit("increase of the loss").picture().toSvg())
                        .texts())
                .contains("increase of the loss")
                .noneMatch(text -> text.contains("attribution"));
        assertThatThrownBy(() -> chart.unit(" "))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("unit: ' '");
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> BarChart.of(new String[2], new double[3]))
                .hasMessage(
                        "names: 2 values, but attributions has 3; give one value of names for each of attributions");
        assertThatThrownBy(() -> BarChart.of(new String[0], new double[0]))
                .hasMessageStartingWith("attributions: 0 values");
        assertThatThrownBy(() -> BarChart.of(new String[] {"a"}, new double[] {Double.NaN}))
                .hasMessageStartingWith("attributions[0]: NaN");
        assertThatThrownBy(() -> chart().values(new double[1])).hasMessageStartingWith("values: 1 values");
        assertThatThrownBy(() -> chart().values(new String[5])).hasMessageStartingWith("values[0]: null;");
        assertThatThrownBy(() -> chart().top(0)).hasMessageStartingWith("features: 0;");
        assertThatThrownBy(() -> chart().width(10)).hasMessageContaining("420 and 4096");
        assertThatThrownBy(() -> chart().score(Double.POSITIVE_INFINITY)).hasMessageStartingWith("score: Infinity");
        assertThatThrownBy(() -> chart().layout(BarChart.Layout.WATERFALL).picture())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("call baselineScore, or choose BARS");
    }
}
