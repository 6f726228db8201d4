// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

/** Sizes in CSS pixels and colors shared by all pictures. */
final class Style {

    static final double MARGIN = 18;
    static final double TITLE = 15;
    static final double TEXT = 12;
    static final double SMALL = 11;

    static final int PAPER = 0xffffff;
    static final int INK = 0x1c1c1c;
    static final int QUIET = 0x5f6368;
    static final int RULE = 0x9aa0a6;
    static final int GRID = 0xe4e6e9;

    static final int NEGATIVE = ColorMap.BLUE_WHITE_RED.at(-0.72);
    static final int POSITIVE = ColorMap.BLUE_WHITE_RED.at(0.72);
    static final int NEUTRAL = 0x8a8f95;

    private Style() {}

    static int signed(double value) {
        return value == 0 ? NEUTRAL : value < 0 ? NEGATIVE : POSITIVE;
    }
}
