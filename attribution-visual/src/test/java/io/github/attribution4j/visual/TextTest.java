// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.SvgWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Numbers, widths, shortening. */
class TextTest {

    @Test
    void briefNumbers() {
        assertThat(List.of(
                        Numbers.brief(0),
                        Numbers.brief(0.01234),
                        Numbers.brief(-184.4),
                        Numbers.brief(1.5),
                        Numbers.brief(1.2e-7),
                        Numbers.brief(-3.14e9),
                        Numbers.brief(1200)))
                .containsExactly("0", "0.0123", "\u2212184", "1.5", "1.2e-07", "\u22123.1e+09", "1200");
    }

    @Test
    void signedNumbersOfOneColumnShareTheirDecimals() {
        assertThat(Numbers.decimals(2.62)).isEqualTo(3);
        assertThat(Numbers.decimals(184)).isEqualTo(1);
        assertThat(Numbers.decimals(3e-7)).isEqualTo(-1);
        assertThat(Numbers.signed(0.5, 3)).isEqualTo("+0.500");
        assertThat(Numbers.signed(-0.0001, 3)).isEqualTo("0.000");
        assertThat(Numbers.signed(-3e-7, -1)).isEqualTo("-3.00e-07");
    }

    @Test
    void ticksOfOneAxisDiffer() {
        assertThat(Numbers.briefApart(new double[] {1000, 1000.5, 1001})).containsExactly("1000", "1000.5", "1001");
        assertThat(Numbers.briefApart(new double[] {-1, 0, 1})).containsExactly("\u22121", "0", "1");
        assertThat(Numbers.briefApart(new double[] {1e6, 1e6 + 1})).containsExactly("1.000000e+06", "1.000001e+06");
    }

    @Test
    void cellsAndScores() {
        assertThat(Numbers.cell(1234567)).isEqualTo("1234567");
        assertThat(Numbers.cell(0.00920812)).isEqualTo("0.009208");
        assertThat(Numbers.cell(Double.NaN)).isEqualTo("NaN");
        assertThat(Numbers.score(1000.25)).isEqualTo("1000.25");
    }

    @Test
    void ticksAreRoundAndInside() {
        assertThat(Numbers.ticks(-1.1, 1.1, 2)).containsExactly(-1, 0, 1);
        assertThat(Numbers.ticks(78, 122, 2)).containsExactly(80, 100, 120);
        assertThat(Numbers.ticks(5, 5, 3)).containsExactly(5);
    }

    @Test
    void elidesInTheMiddle() {
        assertThat(Glyphs.elide("abcdefghij", 7)).isEqualTo("abc\u2026hij");
        assertThat(Glyphs.elide("abcdefghij", 10)).isEqualTo("abcdefghij");
        assertThat(Glyphs.elide("\u77ed\u3044\u540d\u524d\u3067\u3059", 6)).isEqualTo("\u77ed\u2026\u3059");
        String fitted = Glyphs.elide("x".repeat(500), 12, false, 100);
        assertThat(Glyphs.width(fitted, 12, false)).isBetween(90.0, 100.0);
        // Never half of a surrogate pair.
        assertThat(Glyphs.elide("\ud83d\ude00".repeat(9), 8)).isEqualTo("\ud83d\ude00\ud83d\ude00\u2026\ud83d\ude00");
    }

    @Test
    void wrapsAtSpacesAndElidesWhatIsLeft() {
        List<String> lines = Glyphs.wrap("one two three four five six seven", 12, false, 70, 2);
        assertThat(lines).hasSize(2).first().isEqualTo("one two");
        assertThat(lines.get(1)).contains("\u2026");
        assertThat(Glyphs.wrap("  one  ", 12, false, 70, 2)).containsExactly("one");
    }

    @Test
    void dangerousCharactersBecomeVisible() {
        assertThat(Glyphs.visible("a\nb\tc\u0000\u001b\u202e\ud800\uffff"))
                .isEqualTo("a\u21b5b\u2192c\ufffd\ufffd\ufffd\ufffd\ufffd");
        assertThat(Glyphs.visible("\ud83d\ude00 \u00e9")).isEqualTo("\ud83d\ude00 \u00e9");
        assertThat(SvgWriter.escape("<a b=\"c\" d='e'>&\u0007"))
                .isEqualTo("&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\ufffd");
    }
}
