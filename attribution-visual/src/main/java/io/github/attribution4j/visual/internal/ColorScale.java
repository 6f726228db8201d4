// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import io.github.attribution4j.visual.internal.Mark.Anchor;
import java.util.Arrays;
import java.util.function.DoubleToIntFunction;
import java.util.function.DoubleUnaryOperator;

/**
 * Maps true values to positions on a color map, and draws the color bar from which a reader maps colors to values. Zero
 * always has the neutral color, and the scale is symmetric about it.
 */
public final class ColorScale {

    private static final double BAR = 14;

    private final DoubleToIntFunction map;
    private final double limit;
    private final double largest;
    private final boolean negative;
    private final boolean positive;
    private final boolean clippedLow;
    private final boolean clippedHigh;

    private ColorScale(DoubleToIntFunction map, double limit, double[] values) {
        double min = Arrays.stream(values).min().orElse(0);
        double max = Arrays.stream(values).max().orElse(0);
        this.map = map;
        this.limit = limit;
        this.largest = Math.max(-min, max);
        this.negative = min < 0;
        this.positive = max > 0;
        this.clippedLow = -min > limit;
        this.clippedHigh = max > limit;
    }

    public static ColorScale of(double[] values, double outlierPercentage, DoubleToIntFunction map) {
        return new ColorScale(map, limit(values, outlierPercentage), values);
    }

    /** See {@code HeatMap.colorLimit}. */
    public static double limit(double[] values, double outlierPercentage) {
        double[] sorted = new double[values.length];
        double total = 0;
        for (int i = 0; i < values.length; i++) {
            sorted[i] = Math.abs(values[i]);
        }
        Arrays.sort(sorted);
        for (double v : sorted) {
            total += v;
        }
        double wanted = total * (1 - outlierPercentage / 100);
        double sum = 0;
        for (double v : sorted) {
            sum += v;
            // Leading zeros reach a wanted sum of zero only if all values are zero, or all are outliers.
            if (sum >= wanted && (v > 0 || total == 0)) {
                return v;
            }
        }
        return sorted[sorted.length - 1];
    }

    public double limit() {
        return limit;
    }

    public double largest() {
        return largest;
    }

    public boolean clips() {
        return clippedLow || clippedHigh;
    }

    public DoubleToIntFunction map() {
        return map;
    }

    /** Returns the position of a value on the map, −1 to 1. */
    public double place(double value) {
        return limit == 0 ? 0 : Math.min(1, Math.max(-1, value / limit));
    }

    private double low() {
        return negative ? -1 : 0;
    }

    private double high() {
        return positive ? 1 : 0;
    }

    private double[] ticks() {
        if (!negative && !positive) {
            return new double[] {0};
        }
        return negative && positive
                ? new double[] {-1, -0.5, 0, 0.5, 1}
                : new double[] {low(), (low() + high()) / 2, high()};
    }

    private String label(double tick) {
        String number = Numbers.brief(tick * limit);
        if (tick == -1 && clippedLow) {
            return "\u2264 " + number;
        }
        return tick == 1 && clippedHigh ? "\u2265 " + number : number;
    }

    /** Returns the width that {@link #vertical} takes to the right of its x. */
    public double verticalWidth(String caption) {
        double widest = 0;
        for (double tick : ticks()) {
            widest = Math.max(widest, Glyphs.width(label(tick), Style.SMALL, false));
        }
        return Math.max(BAR + 8 + widest, Glyphs.width(caption, Style.TEXT, false));
    }

    /** Draws a vertical bar, largest value on top, with ticks to its right. */
    public void vertical(Canvas canvas, double x, double y, double height, DoubleToIntFunction color) {
        DoubleUnaryOperator at = place -> y + height * (high() - place) / Math.max(high() - low(), 1e-9);
        bar(canvas, x, y, BAR, height, true, color);
        for (double tick : ticks()) {
            double ty = high() == low() ? y + height / 2 : at.applyAsDouble(tick);
            canvas.line(x + BAR, ty, x + BAR + 4, ty, Style.RULE);
            canvas.text(x + BAR + 8, ty + 4, label(tick), Style.SMALL, Style.INK, Anchor.START);
        }
    }

    /** Draws a horizontal bar, largest value at the right, with ticks below; it is 32 pixels high. */
    public void horizontal(Canvas canvas, double x, double y, double width, DoubleToIntFunction color) {
        bar(canvas, x, y, width, 10, false, color);
        for (double tick : ticks()) {
            double unit = high() == low() ? 0.5 : (tick - low()) / (high() - low());
            double tx = x + width * unit;
            canvas.line(tx, y + 10, tx, y + 14, Style.RULE);
            Anchor anchor = unit == 0 ? Anchor.START : unit == 1 ? Anchor.END : Anchor.MIDDLE;
            canvas.text(tx, y + 26, label(tick), Style.SMALL, Style.INK, anchor);
        }
    }

    private void bar(
            Canvas canvas,
            double x,
            double y,
            double width,
            double height,
            boolean upright,
            DoubleToIntFunction color) {
        int columns = canvas.device(width);
        int rows = canvas.device(height);
        int[] rgb = new int[columns * rows];
        int length = upright ? rows : columns;
        for (int i = 0; i < length; i++) {
            double unit = length == 1 ? 0.5 : (double) i / (length - 1);
            double place = upright ? high() + unit * (low() - high()) : low() + unit * (high() - low());
            int c = color.applyAsInt(place);
            for (int j = 0; j < (upright ? columns : rows); j++) {
                rgb[upright ? i * columns + j : j * columns + i] = c;
            }
        }
        canvas.raster(x, y, width, height, columns, rows, rgb);
        canvas.frame(x, y, width, height, Style.RULE);
    }
}
