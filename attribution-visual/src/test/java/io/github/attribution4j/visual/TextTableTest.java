// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Ranking;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextTableTest {

    private static final String[] NAMES = {"age", "income", "debt", "zip", "pets"};
    private static final double[] VALUES = {0.1, -2, 1, 0.02, -0.03};

    private static TextTable table() {
        return TextTable.of(NAMES, VALUES)
                .values(new double[] {41, 52000, 7.5, 10115, 2})
                .top(3)
                .width(52);
    }

    @Test
    void wholeTable() {
        assertThat(table().title("Why?").baselineScore(1.5).score(0.59).render())
                .isEqualTo("""
                    Why?
                    feature   value  attribution
                    income    52000       -2.000  ██████████│
                    debt        7.5       +1.000            │█████
                    age          41       +0.100            │▌
                    2 others              -0.010            │
                    baseline score 1.5 + sum of attributions -0.91 = 0.59; score 0.59; completeness gap 0
                    """);
    }

    @Test
    void asciiBars() {
        assertThat(table().ascii(true).render())
                .contains("##########|\n", "|#####\n")
                .matches("\\p{ASCII}+");
    }

    @Test
    void ansiColorsTheBarsOnly() {
        String ansi = table().ansi(true).render();
        assertThat(ansi).contains("\u001b[34m██████████\u001b[0m│");
        assertThat(ansi.replaceAll("\u001b\\[[0-9]+m", "")).isEqualTo(table().render());
    }

    @Test
    void oneSidedValuesUseTheWholeWidth() {
        String render = TextTable.of(new String[] {"a", "b"}, new float[] {2, 1})
                .width(80)
                .render();
        assertThat(render).contains("│" + "█".repeat(40) + "\n", "│" + "█".repeat(20) + "\n");
    }

    @Test
    void noLineOfTheTableIsWiderThanAllowed() {
        String[] names = {"x".repeat(300), "\u77ed\u3044".repeat(30), "e\u0301"};
        for (int width = 40; width < 120; width += 7) {
            String render = TextTable.of(names, new double[] {-1e-9, 2e-9, 1e-12})
                    .values(new String[] {"v".repeat(99), "", "\ud83d\ude00"})
                    .width(width)
                    .render();
            for (String line : render.lines().limit(4).toList()) {
                assertThat(Glyphs.columns(line)).as("%d: %s", width, line).isLessThanOrEqualTo(width);
            }
        }
    }

    @Test
    void escapeSequencesInNamesAreNotSent() {
        String render =
                TextTable.of(new String[] {"\u001b[2Jx\r\n"}, new double[] {0}).render();
        assertThat(render).doesNotContain("\u001b", "\r").contains("\ufffd[2Jx\ufffd\u21b5");
    }

    @Test
    void zerosHaveNoBars() {
        assertThat(TextTable.of(new String[] {"a"}, new double[1]).render())
                .contains("0.0  │\n", "sum of attributions 0\n");
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> TextTable.of(new String[1], new double[2])).hasMessageStartingWith("names: 1 values");
        assertThatThrownBy(() -> table().width(39)).hasMessageContaining("40 and 1000");
        assertThatThrownBy(() -> table().top(-1)).hasMessageStartingWith("features: -1;");
        assertThatThrownBy(() -> table().completenessGap(Double.NaN)).hasMessageStartingWith("completenessGap: NaN");
    }

    /** An image has millions of elements: names are made only for those that are shown. */
    @Test
    void onlyWhatIsShownIsFormatted() {
        double[] attributions = new double[100_000];
        Random random = new Random(3);
        for (int i = 0; i < attributions.length; i++) {
            attributions[i] = random.nextGaussian();
        }
        attributions[77_777] = -50;
        attributions[12] = 40;
        attributions[99_999] = 40;
        List<Integer> named = new ArrayList<>();
        List<Integer> valued = new ArrayList<>();
        IntFunction<String> names = i -> {
            named.add(i);
            return "x" + i;
        };
        IntToDoubleFunction values = i -> {
            valued.add(i);
            return i == 12 ? Double.NaN : i;
        };
        String text = TextTable.of(names, attributions).values(values).top(3).render();
        assertThat(named).containsExactly(77_777, 12, 99_999);
        assertThat(valued).containsExactly(77_777, 12, 99_999);
        assertThat(text)
                .containsPattern("x77777 +77777 +-50.0 ")
                .containsPattern("x12 +\\+40.0 ")
                .containsPattern("x99999 +99999 +\\+40.0 ")
                .contains("99997 others");
        named.clear();
        BarChart.of(names, attributions).values(values).top(3).picture();
        assertThat(named).containsOnly(77_777, 12, 99_999);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 40})
    void theLargestAreThoseOfASort(int top) {
        Random random = new Random(top);
        double[] attributions = new double[60];
        for (int i = 0; i < attributions.length; i++) {
            attributions[i] = random.nextInt(13) - 6; // many ties
        }
        List<Integer> sorted = IntStream.range(0, attributions.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -Math.abs(attributions[i])))
                .limit(top)
                .toList();
        Ranking ranking = Ranking.of(i -> "x", i -> "", attributions, top);
        assertThat(ranking.rows()).extracting(Ranking.Row::index).containsExactlyElementsOf(sorted);
        double all = Arrays.stream(attributions).sum();
        assertThat(ranking.total()).isEqualTo(all);
        assertThat(ranking.othersSum())
                .isEqualTo(
                        all - sorted.stream().mapToDouble(i -> attributions[i]).sum());
        assertThat(ranking.others()).isEqualTo(60 - top);
    }
}
