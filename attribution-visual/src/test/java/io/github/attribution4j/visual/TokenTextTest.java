// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Style;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class TokenTextTest {

    private static final String[] TOKENS = {"<script>alert('x')</script>", "not", "bad\u001b[0m", ""};
    private static final double[] VALUES = {0, -1, 2, 0.5};

    @Test
    void htmlIsEscapedTextWithTheAttributionsAsTooltips() {
        String html = TokenText.of(TOKENS, VALUES)
                .caption(Caption.of("a & b"))
                .picture()
                .toHtml();
        assertThat(html)
                .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;", "a &amp; b")
                .contains("title=\"-1.000\">not</span>", "title=\"+2.000\">bad\ufffd[0m</span>", ">\u00b7</span>")
                .doesNotContain("<script", "\u001b", "<svg");
    }

    @Test
    void backgroundsFollowTheAttributions() throws Exception {
        Picture picture = TokenText.of(TOKENS, VALUES).picture();
        List<String> fills = Svg.parse(picture.toSvg()).elements("rect").stream()
                .filter(r -> r.hasAttribute("rx"))
                .map(r -> r.getAttribute("fill"))
                .toList();
        assertThat(fills)
                .containsExactly(
                        OkLab.css(ColorMap.BLUE_WHITE_RED.at(0)),
                        OkLab.css(ColorMap.BLUE_WHITE_RED.at(-0.4)),
                        OkLab.css(ColorMap.BLUE_WHITE_RED.at(0.8)),
                        OkLab.css(ColorMap.BLUE_WHITE_RED.at(0.2)));
        assertThat(Svg.parse(picture.toSvg()).texts()).containsSubsequence("\u22122", "\u22121", "0", "1", "2");
    }

    @Test
    void wordsWrapInsideTheMargins() throws Exception {
        String[] words = "the quick brown fox jumps over the lazy dog and then some more".split(" ", -1);
        Picture picture =
                TokenText.of(words, new double[words.length]).width(320).picture();
        List<Element> boxes = Svg.parse(picture.toSvg()).elements("rect").stream()
                .filter(r -> r.hasAttribute("rx"))
                .toList();
        assertThat(boxes).hasSize(words.length);
        assertThat(boxes.stream().map(b -> b.getAttribute("y")).distinct().count())
                .isEqualTo(3);
        for (Element box : boxes) {
            assertThat(Svg.number(box, "x") + Svg.number(box, "width")).isLessThanOrEqualTo(320 - Style.MARGIN);
        }
    }

    @Test
    void ansiColorsEveryTokenAndResets() {
        String ansi = TokenText.of(new String[] {"good", "\u001b[2J"}, new float[] {1, -1})
                .toAnsi();
        int red = ColorMap.BLUE_WHITE_RED.at(0.8);
        assertThat(ansi)
                .startsWith("\u001b[48;2;" + (red >> 16) + ";" + (red >> 8 & 0xff) + ";" + (red & 0xff) + "m")
                .endsWith("\ufffd[2J\u001b[0m\n");
        assertThat(ansi.replaceAll("\u001b\\[[0-9;]+m", "")).isEqualTo("good \ufffd[2J\n");
    }

    @Test
    void clippingIsNamed() throws Exception {
        Picture picture = TokenText.of(new String[] {"a", "b"}, new double[] {1, 99})
                .outlierPercentage(99.5)
                .picture();
        assertThat(Svg.parse(picture.toSvg()).texts())
                .contains("\u2265 1", "Colors saturate at |a| = 1; largest |a| = 99.");
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> TokenText.of(new String[1], new double[2]))
                .hasMessageStartingWith("tokens: 1 values, but attributions has 2");
        assertThatThrownBy(() -> TokenText.of(new String[0], new double[0]))
                .hasMessageContaining("at least one is needed");
        assertThatThrownBy(() -> TokenText.of(TOKENS, VALUES).width(319)).hasMessageContaining("320 and 4096");
        assertThatThrownBy(() -> TokenText.of(TOKENS, VALUES).outlierPercentage(-1))
                .hasMessageContaining("-1.0");
    }
}
