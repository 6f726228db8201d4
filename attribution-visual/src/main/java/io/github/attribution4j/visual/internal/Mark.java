// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

/**
 * One thing drawn. Lengths are CSS pixels with the origin at the top left; colors are {@code 0xRRGGBB}. Both renderers
 * (Java2D and SVG) paint the same marks in the same order, so a PNG and an SVG of one picture agree.
 */
@SuppressWarnings("ArrayRecordComponent") // marks are never compared, and their arrays never changed
public sealed interface Mark {

    /** A filled rectangle with rounded corners of the given radius. */
    record Box(double x, double y, double width, double height, double radius, int rgb) implements Mark {}

    /** The outline of a rectangle, one thin line. */
    record Frame(double x, double y, double width, double height, int rgb) implements Mark {}

    /** A straight line. */
    record Line(double x1, double y1, double x2, double y2, double width, int rgb) implements Mark {}

    /** A filled disk about a point; {@code hint} is said where it is hovered over, and may be empty. */
    record Dot(double x, double y, double radius, int rgb, String hint) implements Mark {}

    /** What is said where a rectangle is hovered over. Pixels cannot say it. */
    record Hint(double x, double y, double width, double height, String text) implements Mark {}

    /** An open curve through the points; the arrays have equal length and are never changed. */
    record Curve(double[] xs, double[] ys, double width, int rgb) implements Mark {}

    /**
     * A line of text on the baseline {@code y}. {@code width} is what the layout reserved: a font with wider glyphs
     * than the layout assumed is squeezed into it, so that labels never overlap. An {@code upright} one is turned about
     * the point, a quarter counterclockwise, and read from bottom to top.
     */
    record Label(
            double x,
            double y,
            String text,
            double size,
            boolean bold,
            boolean upright,
            int rgb,
            Anchor anchor,
            double width)
            implements Mark {}

    /** An opaque raster of {@code columns × rows} pixels, row-major {@code 0xRRGGBB}, stretched over the rectangle. */
    record Raster(double x, double y, double width, double height, int columns, int rows, int[] rgb) implements Mark {}

    /** The end of a label at its {@code x}. */
    enum Anchor {
        /** Its left end. */
        START,
        /** Its middle. */
        MIDDLE,
        /** Its right end. */
        END
    }
}
