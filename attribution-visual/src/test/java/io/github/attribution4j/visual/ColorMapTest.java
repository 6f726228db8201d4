// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.visual.internal.OkLab;
import java.util.List;
import org.junit.jupiter.api.Test;

class ColorMapTest {

    @Test
    void okLabGoesThereAndBack() {
        for (int rgb = 0; rgb <= 0xffffff; rgb += 0x010305) {
            assertThat(OkLab.toRgb(OkLab.fromRgb(rgb))).isEqualTo(rgb);
        }
        // The published value of pure red.
        assertThat(OkLab.fromRgb(0xff0000)).containsExactly(new double[] {0.628, 0.225, 0.126}, within(5e-4));
    }

    @Test
    void divergingMapsDarkenEvenlyAndAlikeOnBothSides() {
        for (ColorMap map : List.of(ColorMap.BLUE_WHITE_RED, ColorMap.PURPLE_WHITE_GREEN)) {
            double before = 1;
            for (int i = 0; i <= 100; i++) {
                double positive = OkLab.fromRgb(map.at(i / 100.0))[0];
                double negative = OkLab.fromRgb(map.at(-i / 100.0))[0];
                assertThat(positive).isLessThanOrEqualTo(before + 0.004);
                assertThat(positive).isCloseTo(negative, within(0.075));
                before = positive;
            }
        }
    }

    @Test
    void blueAndRedDifferForThoseWhoSeeNoRedOrNoGreen() {
        // Both deficiencies keep the blue-yellow axis, OKLab's b.
        for (double t : new double[] {0.25, 0.5, 1}) {
            double[] positive = OkLab.fromRgb(ColorMap.BLUE_WHITE_RED.at(t));
            double[] negative = OkLab.fromRgb(ColorMap.BLUE_WHITE_RED.at(-t));
            assertThat(positive[2] - negative[2]).isGreaterThan(0.05);
        }
    }

    @Test
    void endsHoldOutside() {
        assertThat(ColorMap.BLUE_WHITE_RED.at(7)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(1));
        assertThat(ColorMap.WHITE_VIOLET.at(-7)).isEqualTo(0xf7f7f7);
        assertThat(ColorMap.sequential(0x112233, 0x445566).at(1)).isEqualTo(0x445566);
        assertThat(ColorMap.diverging(0x0000ff, 0xffffff, 0xff0000).at(-1)).isEqualTo(0x0000ff);
        assertThat(ColorMap.BLACK_WHITE.isDiverging()).isFalse();
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> ColorMap.BLUE_WHITE_RED.at(Double.NaN)).hasMessageStartingWith("t: NaN");
        assertThatThrownBy(() -> ColorMap.sequential(0xff112233, 0)).hasMessageContaining("write colors as 0xRRGGBB");
    }

    @Test
    void inkIsReadableOnEveryColor() {
        for (int i = -100; i <= 100; i++) {
            int background = ColorMap.BLUE_WHITE_RED.at(i / 100.0);
            double a = OkLab.luminance(background) + 0.05;
            double b = OkLab.luminance(OkLab.ink(background)) + 0.05;
            assertThat(Math.max(a, b) / Math.min(a, b)).isGreaterThan(4.1);
        }
    }
}
