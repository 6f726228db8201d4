// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Axis;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Style;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The forces of many examples beside each other, each turned upright: below the score what raises it, above it what
 * lowers it, a band for each feature.
 */
public final class ForceStack {
    private static final double HEIGHT = 300;
    private static final int MOST_PARTS = 120;
    private static final int NAMED = 3;

    private final Canvas canvas;
    private final Examples examples;
    private final Palette palette;
    private final int columns;

    private ForceStack(Canvas canvas, Examples examples, Palette palette, int columns) {
        this.canvas = canvas;
        this.examples = examples;
        this.palette = palette;
        this.columns = columns;
    }

    /**
     * Draws it.
     *
     * @param order in which the examples are, in words
     */
    public static double draw(Canvas canvas, Examples all, String order, int features, double width, Palette palette) {
        Examples shown = all.top(features);
        int columns = Math.min(shown.size(), canvas.device(width - 2 * Style.MARGIN - 60));
        return new ForceStack(canvas, shown, palette, columns).draw(order, width);
    }

    /** The means of the examples in one column of the picture. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Slice(double end, double[] attributions) {
        double up() {
            return Arrays.stream(attributions).filter(a -> a > 0).sum();
        }

        double down() {
            return -Arrays.stream(attributions).filter(a -> a < 0).sum();
        }
    }

    private Slice slice(int from, int to, double[] ends) {
        double[] means = new double[examples.features()];
        Arrays.setAll(
                means,
                f -> Arrays.stream(examples.attributions()[f], from, to)
                        .average()
                        .orElse(0));
        return new Slice(Arrays.stream(ends, from, to).average().orElse(0), means);
    }

    private double draw(String order, double width) {
        double top = canvas.heading(width);
        double[] ends = examples.ends();
        Slice[] slices = IntStream.range(0, columns)
                .mapToObj(i -> slice(examples.first(i, columns), examples.first(i + 1, columns), ends))
                .toArray(Slice[]::new);
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Slice slice : slices) {
            low = Math.min(low, slice.end - slice.up());
            high = Math.max(high, slice.end + slice.down());
        }
        double edge = (high - low) * 0.03;
        Axis up = new Axis(low - edge, high + edge, top + HEIGHT, top);
        double left = Style.MARGIN + up.widthBeside();
        double right = width - Style.MARGIN;
        up.beside(canvas, left, right);
        raster(slices, up, left, right, top);
        double wide = (right - left) / columns;
        double[] xs = new double[2 * columns];
        double[] ys = new double[2 * columns];
        for (int i = 0; i < columns; i++) {
            xs[2 * i] = left + i * wide;
            xs[2 * i + 1] = left + (i + 1) * wide;
            Arrays.fill(ys, 2 * i, 2 * i + 2, up.at(slices[i].end));
        }
        canvas.curve(xs, ys, 1.4, Style.INK);
        if (examples.hasBaselines()
                && Arrays.stream(examples.baselines()).distinct().count() == 1) {
            canvas.line(left, up.at(examples.baseline(0)), right, up.at(examples.baseline(0)), Style.RULE);
        }
        hints(ends, left, right, top);
        double bottom = top + HEIGHT;
        canvas.line(left, bottom, right, bottom, Style.RULE);
        canvas.text(
                (left + right) / 2,
                bottom + 16,
                examples.size() + (examples.size() == 1 ? " example" : " examples, " + order),
                Style.SMALL,
                Style.QUIET,
                Anchor.MIDDLE);
        String averaged = columns < examples.size() ? " Columns are means of neighboring examples." : "";
        return canvas.foot(
                "Black: the " + examples.endName()
                        + ". Below it features that raise it, above it those that lower it; a"
                        + " band for each feature, the largest at the line." + averaged,
                bottom + 26,
                width);
    }

    private void raster(Slice[] slices, Axis up, double left, double right, double top) {
        int rows = canvas.device(HEIGHT);
        int[] rgb = new int[columns * rows];
        Arrays.fill(rgb, Style.PAPER);
        for (double tick : Numbers.ticks(up.low(), up.high(), 7)) {
            int row = Math.min(rows - 1, (int) ((up.at(tick) - top) / HEIGHT * rows));
            Arrays.fill(rgb, row * columns, (row + 1) * columns, Style.GRID);
        }
        for (int column = 0; column < columns; column++) {
            Slice slice = slices[column];
            Integer[] byMagnitude = IntStream.range(0, examples.features())
                    .boxed()
                    .sorted(Comparator.comparingDouble(f -> -Math.abs(slice.attributions[f])))
                    .toArray(Integer[]::new);
            double above = slice.end;
            double below = slice.end;
            for (int f : byMagnitude) {
                double a = slice.attributions[f];
                if (a > 0) {
                    band(rgb, rows, column, up.at(below), up.at(below - a), top, shade(a, f));
                    below -= a;
                } else if (a < 0) {
                    band(rgb, rows, column, up.at(above - a), up.at(above), top, shade(a, f));
                    above -= a;
                }
            }
        }
        canvas.raster(left, top, right - left, HEIGHT, columns, rows, rgb);
    }

    /** Features beside each other are told apart by two shades of the color of their sign. */
    private int shade(double attribution, int feature) {
        return OkLab.blend(palette.sign(attribution), Style.PAPER, feature % 2 == 0 ? 0 : 0.3);
    }

    private void band(int[] rgb, int rows, int column, double from, double to, double top, int color) {
        int first = Math.max(0, (int) Math.round((from - top) / HEIGHT * rows));
        int last = Math.min(rows, (int) Math.round((to - top) / HEIGHT * rows));
        for (int row = first; row < last; row++) {
            rgb[row * columns + column] = color;
        }
    }

    private void hints(double[] ends, double left, double right, double top) {
        int parts = Math.min(examples.size(), MOST_PARTS);
        double wide = (right - left) / parts;
        for (int part = 0; part < parts; part++) {
            int from = examples.first(part, parts);
            int to = examples.first(part + 1, parts);
            Slice slice = slice(from, to, ends);
            StringBuilder text = new StringBuilder(
                    to - from == 1 ? examples.describe(from) : "means of " + (to - from) + " examples");
            IntStream.range(0, examples.features())
                    .boxed()
                    .sorted(Comparator.comparingDouble(f -> -Math.abs(slice.attributions[f])))
                    .limit(NAMED)
                    .forEach(f -> text.append("; ")
                            .append(to - from == 1 ? examples.label(f, from) : examples.names()[f])
                            .append(": ")
                            .append(Examples.signed(slice.attributions[f])));
            canvas.hint(left + part * wide, top, wide, HEIGHT, text.toString());
        }
    }
}
