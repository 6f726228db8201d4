// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

/** Sizes in CSS pixels and colors shared by all pictures. */
public final class Style {

    public static final double MARGIN = 18;
    public static final double TITLE = 15;
    public static final double TEXT = 12;
    public static final double SMALL = 11;

    public static final int PAPER = 0xffffff;
    public static final int INK = 0x1c1c1c;
    public static final int QUIET = 0x5f6368;
    public static final int RULE = 0x9aa0a6;
    public static final int GRID = 0xe4e6e9;

    public static final int NEUTRAL = 0x8a8f95;

    private Style() {}
}
