// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Style;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * A cloud of points over a plot. Few points are disks, each of which says what it is. Many are one raster, as large for
 * a hundred thousand points as for a thousand; what its parts say is for the drawing to add.
 */
final class Dots {
    /** From here on a picture of single disks is slow to open. */
    private static final int MOST_DISKS = 4000;

    private final Canvas canvas;
    private final double left;
    private final double top;
    private final double width;
    private final double height;
    private final double radius;
    private final boolean many;
    private final int columns;
    private final int rows;
    private final int[] rgb;

    Dots(Canvas canvas, double left, double top, double width, double height, double radius, int count) {
        this.canvas = canvas;
        this.left = left;
        this.top = top;
        this.width = width;
        this.height = height;
        this.radius = radius;
        many = count > MOST_DISKS;
        columns = many ? canvas.device(width) : 0;
        rows = many ? canvas.device(height) : 0;
        rgb = new int[columns * rows];
        Arrays.fill(rgb, Style.PAPER);
    }

    /** Returns whether there are too many points for a disk each. */
    boolean isRaster() {
        return many;
    }

    /** Draws grid lines again, which a raster would hide. */
    void grid(double[] xs, double[] ys) {
        if (many) {
            Arrays.stream(xs).forEach(x -> vertical(x, Style.GRID));
            Arrays.stream(ys).forEach(y -> horizontal(y, Style.GRID));
        }
    }

    /** Draws a vertical line below the points. */
    void vertical(double x, int color) {
        if (!many) {
            canvas.line(x, top, x, top + height, color);
            return;
        }
        int column = (int) Math.round((x - left) / width * (columns - 1));
        for (int y = 0; y < rows && column >= 0 && column < columns; y++) {
            rgb[y * columns + column] = color;
        }
    }

    /** Draws a horizontal line below the points. */
    void horizontal(double y, int color) {
        if (!many) {
            canvas.line(left, y, left + width, y, color);
            return;
        }
        int row = (int) Math.round((y - top) / height * (rows - 1));
        if (row >= 0 && row < rows) {
            Arrays.fill(rgb, row * columns, (row + 1) * columns, color);
        }
    }

    void dot(double x, double y, int color, Supplier<String> hint) {
        if (many) {
            stamp((x - left) / width * columns, (y - top) / height * rows, radius / width * columns, color);
        } else {
            canvas.dot(x, y, radius, color, hint.get());
        }
    }

    private void stamp(double x, double y, double r, int color) {
        int firstColumn = Math.max(0, (int) Math.floor(x - r));
        int lastColumn = Math.min(columns - 1, (int) Math.floor(x + r));
        int lastRow = Math.min(rows - 1, (int) Math.floor(y + r));
        for (int row = Math.max(0, (int) Math.floor(y - r)); row <= lastRow; row++) {
            for (int column = firstColumn; column <= lastColumn; column++) {
                double covered = covered(column - x, row - y, r);
                if (covered > 0) {
                    int at = row * columns + column;
                    rgb[at] = covered == 1 ? color : OkLab.blend(rgb[at], color, covered);
                }
            }
        }
    }

    /** Returns about which part of the pixel from here to one further is within the disk, for smooth edges. */
    private static double covered(double x, double y, double r) {
        double distance = Math.sqrt((x + 0.5) * (x + 0.5) + (y + 0.5) * (y + 0.5));
        return Math.min(1, Math.max(0, r + 0.5 - distance));
    }

    /** Draws the raster, if there is one. */
    void draw() {
        if (many) {
            canvas.raster(left, top, width, height, columns, rows, rgb);
        }
    }

    /**
     * Returns the examples in an order without a pattern, the same for the same number: where points cover each other,
     * those that come last in a sorted table must not win.
     */
    static int[] shuffled(int size) {
        long[] keys = new long[size];
        for (int i = 0; i < size; i++) {
            long mixed = i * 0x9e3779b97f4a7c15L;
            mixed ^= mixed >>> 29;
            keys[i] = (mixed & 0xffff_ffff_0000_0000L) | i;
        }
        Arrays.sort(keys);
        return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
    }
}
