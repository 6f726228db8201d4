// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Style;
import java.util.Arrays;
import java.util.function.DoubleToIntFunction;

/** The colors of a drawing. */
public final class Palette {
    /** A color takes longer to compute than a point to draw. */
    private static final int STEPS = 256;

    private final int[] values = new int[STEPS];
    private final DoubleToIntFunction signs;

    /** Apart in hue and in lightness, also for color-blind readers. */
    private static final int[] KINDS = {0x0a6bb0, 0xe39a0b, 0x15906a, 0x7a3f8f, 0xd1569b, 0x5ab3e2, 0x8a4b12, 0x454a50};

    /** How many kinds have a color of their own. */
    public static final int MOST_KINDS = KINDS.length;

    private static final double STRONG = 0.72;

    /**
     * Takes the colors.
     *
     * @param values of values from low (0) to high (1)
     * @param signs of attributions from negative (−1) to positive (1)
     */
    public Palette(DoubleToIntFunction values, DoubleToIntFunction signs) {
        Arrays.setAll(this.values, i -> values.applyAsInt(i / (STEPS - 1.0)));
        this.signs = signs;
    }

    DoubleToIntFunction signs() {
        return signs;
    }

    /** Returns the color of one kind among several: a cohort, a category. */
    public static int kind(int kind) {
        return kind < KINDS.length ? KINDS[kind] : Style.NEUTRAL;
    }

    /** Returns the color of a bar of this sign. */
    int sign(double value) {
        return value == 0 ? Style.NEUTRAL : signs.applyAsInt(value < 0 ? -STRONG : STRONG);
    }

    /** Returns the color of a place on the scale of values; gray for NaN. */
    int value(double place) {
        return Double.isNaN(place) ? Style.NEUTRAL : values[(int) Math.round(place * (STEPS - 1))];
    }
}
