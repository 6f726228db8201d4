// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import io.github.attribution4j.visual.internal.Mark.Anchor;
import java.util.Arrays;

/**
 * An axis of a plot.
 *
 * @param low the value where it starts
 * @param high the value where it ends; one value only if it is not larger
 * @param start the coordinate of {@code low}
 * @param end the coordinate of {@code high}
 */
public record Axis(double low, double high, double start, double end) {
    private static final double TICK = 80;

    /** Returns the coordinate of a value; the middle of an axis of one value. */
    public double at(double value) {
        return high > low ? start + (value - low) / (high - low) * (end - start) : (start + end) / 2;
    }

    /** Draws it below a plot: its line, numbers below it, and grid lines up to the top. */
    public void below(Canvas canvas, double top, double bottom) {
        canvas.line(start, bottom, end, bottom, Style.RULE);
        if (!(high > low)) {
            canvas.text((start + end) / 2, bottom + 15, Numbers.brief(low), Style.SMALL, Style.QUIET, Anchor.MIDDLE);
            return;
        }
        double occupied = Double.NEGATIVE_INFINITY;
        double[] ticks = ticks(TICK);
        String[] labels = Numbers.briefApart(ticks);
        for (int i = 0; i < ticks.length; i++) {
            double x = at(ticks[i]);
            double half = Glyphs.width(labels[i], Style.SMALL, false) / 2;
            canvas.line(x, top, x, bottom, Style.GRID);
            // A long number at an end stays inside the picture.
            double middle = Math.max(start - Style.MARGIN + half, Math.min(end + Style.MARGIN - half, x));
            if (middle - half > occupied) {
                canvas.text(middle, bottom + 15, labels[i], Style.SMALL, Style.QUIET, Anchor.MIDDLE);
                occupied = middle + half + 4;
            }
        }
    }

    /** Draws it at the left of a plot: numbers, and grid lines to the right. */
    public void beside(Canvas canvas, double left, double right) {
        double[] ticks = ticks(TICK / 2);
        String[] labels = Numbers.briefApart(ticks);
        for (int i = 0; i < ticks.length; i++) {
            double y = at(ticks[i]);
            canvas.line(left, y, right, y, Style.GRID);
            canvas.text(left - 6, y + 4, labels[i], Style.SMALL, Style.QUIET, Anchor.END);
        }
    }

    /** Returns the width of the numbers that {@link #beside} writes. */
    public double widthBeside() {
        double widest = 0;
        for (String label : Numbers.briefApart(ticks(TICK / 2))) {
            widest = Math.max(widest, Glyphs.width(label, Style.SMALL, false));
        }
        return widest + 6;
    }

    /** Returns the coordinates of the grid lines that {@link #below} draws. */
    public double[] gridBelow() {
        return high > low ? Arrays.stream(ticks(TICK)).map(this::at).toArray() : new double[0];
    }

    /** Returns the coordinates of the grid lines that {@link #beside} draws. */
    public double[] gridBeside() {
        return Arrays.stream(ticks(TICK / 2)).map(this::at).toArray();
    }

    private double[] ticks(double apart) {
        return Numbers.ticks(low, high, (int) Math.max(1, Math.abs(end - start) / apart));
    }
}
