// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Style;
import java.util.Locale;

/**
 * A continuous scale of colors, interpolated in the OKLab space, where equal steps look equally large.
 *
 * <p>A <em>diverging</em> map takes −1 to 1 and is neutral at 0: blue for negative and red for positive values by
 * default. People with any of the common color-vision deficiencies can distinguish these two, and the map stays
 * symmetric in lightness when it is printed in gray. A <em>sequential</em> map takes 0 to 1.
 *
 * <p>Immutable.
 */
public final class ColorMap {

    /** Diverging: blue (negative), near white (zero), red (positive). */
    public static final ColorMap BLUE_WHITE_RED =
            new ColorMap(true, new int[] {0x0b3f8f, 0x4f8fd6, 0xb5d3f0, 0xf7f7f7, 0xf5c0b0, 0xdf6a55, 0x9c1127});

    /** Diverging: purple (negative), near white (zero), green (positive). */
    public static final ColorMap PURPLE_WHITE_GREEN =
            new ColorMap(true, new int[] {0x4d1a73, 0x9068b8, 0xd5c2e6, 0xf7f7f7, 0xb9e0bb, 0x56a563, 0x0a5127});

    /** Sequential: near white to dark violet, for magnitudes without a sign. */
    public static final ColorMap WHITE_VIOLET =
            new ColorMap(false, new int[] {0xf7f7f7, 0xcfc9e8, 0x9a86cf, 0x6a3fae, 0x33105f});

    /**
     * Sequential: dark indigo, teal, amber, for values of features from low to high. None of its colors is read as a
     * sign, and it is ordered by lightness for every kind of color vision.
     */
    public static final ColorMap INDIGO_AMBER =
            new ColorMap(false, new int[] {0x2a1a6e, 0x27568f, 0x2f8a8b, 0x8fae5d, 0xf2b01e});

    /** Sequential: black to white. */
    public static final ColorMap BLACK_WHITE = new ColorMap(false, new int[] {0x000000, 0xffffff});

    static final int NEGATIVE = BLUE_WHITE_RED.at(-0.72);
    static final int POSITIVE = BLUE_WHITE_RED.at(0.72);

    private final boolean diverging;
    private final double[][] anchors;

    private ColorMap(boolean diverging, int[] anchors) {
        this.diverging = diverging;
        this.anchors = new double[anchors.length][];
        for (int i = 0; i < anchors.length; i++) {
            this.anchors[i] = OkLab.fromRgb(anchors[i]);
        }
    }

    /**
     * Returns a diverging map between given colors.
     *
     * @param negative the color of −1 as {@code 0xRRGGBB}
     * @param zero the color of 0
     * @param positive the color of 1
     * @return the map
     */
    public static ColorMap diverging(int negative, int zero, int positive) {
        return new ColorMap(true, new int[] {rgb(negative), rgb(zero), rgb(positive)});
    }

    /**
     * Returns a sequential map between given colors.
     *
     * @param zero the color of 0 as {@code 0xRRGGBB}
     * @param one the color of 1
     * @return the map
     */
    public static ColorMap sequential(int zero, int one) {
        return new ColorMap(false, new int[] {rgb(zero), rgb(one)});
    }

    /** The color of a bar of this sign; gray for zero. */
    static int ofSign(double value) {
        return value == 0 ? Style.NEUTRAL : value < 0 ? NEGATIVE : POSITIVE;
    }

    private static int rgb(int value) {
        if ((value & 0xff000000) != 0) {
            throw new IllegalArgumentException("color: 0x" + Integer.toHexString(value)
                    + " has more than 24 bits; write colors as 0xRRGGBB, without opacity");
        }
        return value;
    }

    /** Returns whether the map takes signed values: −1 to 1 rather than 0 to 1. */
    public boolean isDiverging() {
        return diverging;
    }

    /**
     * Returns the color at a position of the scale.
     *
     * @param t −1 to 1 for a diverging map, 0 to 1 for a sequential one; values outside take the color of the
     *     nearer end
     * @return the color as {@code 0xRRGGBB}
     * @throws IllegalArgumentException if {@code t} is NaN
     */
    public int at(double t) {
        if (Double.isNaN(t)) {
            throw new IllegalArgumentException("t: NaN has no color; replace it before it is drawn");
        }
        double low = diverging ? -1 : 0;
        double unit = Math.min(1, Math.max(0, (t - low) / (1 - low)));
        double place = unit * (anchors.length - 1);
        int left = Math.min(anchors.length - 2, (int) place);
        double weight = place - left;
        double[] mixed = new double[3];
        for (int i = 0; i < 3; i++) {
            mixed[i] = (1 - weight) * anchors[left][i] + weight * anchors[left + 1][i];
        }
        return OkLab.toRgb(mixed);
    }

    /** Returns the colors of its ends. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "ColorMap[#%06x to #%06x%s]",
                at(diverging ? -1 : 0),
                at(1),
                diverging ? ", diverging" : "");
    }
}
