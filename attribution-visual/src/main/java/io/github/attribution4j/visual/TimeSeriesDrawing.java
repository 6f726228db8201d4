// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.ColorScale;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Resample;
import io.github.attribution4j.visual.internal.Style;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Layout of a {@link TimeSeriesChart}. */
final class TimeSeriesDrawing {

    private static final double GAP = 16;
    private static final double ROW_GAP = 24;
    private static final String LEGEND = "attribution";

    private final double[][] values;
    private final double[][] attributions;
    private final String[] names;
    private final int[] shown;
    private final ColorScale scale;
    private final double width;
    private final Canvas canvas;

    TimeSeriesDrawing(
            double[][] values,
            double[][] attributions,
            String[] names,
            double outlierPercentage,
            int top,
            double width,
            Caption caption) {
        this.values = values;
        this.attributions = attributions;
        this.names = names;
        this.width = width;
        this.canvas = caption.canvas();
        this.shown = IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(
                        c -> -Arrays.stream(attributions[c]).map(Math::abs).sum()))
                .limit(top)
                .sorted()
                .mapToInt(Integer::intValue)
                .toArray();
        double[] all = Arrays.stream(shown)
                .mapToObj(c -> attributions[c])
                .flatMapToDouble(Arrays::stream)
                .toArray();
        this.scale = ColorScale.of(all, outlierPercentage, ColorMap.BLUE_WHITE_RED::at);
    }

    Picture draw(String timeName, double start, double step) {
        double y = canvas.heading(width);
        double rowHeight = shown.length == 1 ? 160 : shown.length <= 4 ? 84 : 52;
        double labels = 0;
        for (int c : shown) {
            for (String label : Numbers.briefApart(valueTicks(c, rowHeight))) {
                labels = Math.max(labels, Glyphs.width(label, Style.SMALL, false));
            }
        }
        double left = Math.ceil(Style.MARGIN + labels + 8);
        double barLeft = Math.floor(width - Style.MARGIN - scale.verticalWidth(LEGEND));
        double plot = barLeft - GAP - left;
        double top = y + 19;
        double bottom = top;
        for (int c : shown) {
            channel(c, left, top, plot, rowHeight);
            bottom = top + rowHeight;
            top = bottom + ROW_GAP;
        }
        times(left, bottom, plot, timeName, start, step);
        canvas.text(barLeft, y + 6, LEGEND, Style.TEXT, Style.QUIET, Anchor.START);
        double bar = Math.min(220, Math.max(96, bottom - y - 19));
        scale.vertical(canvas, barLeft, y + 19, bar, place -> scale.map().applyAsInt(place));
        double below = Math.max(bottom + 34, y + 19 + bar);
        double end = canvas.foot(foot(), below + 12, width);
        return new Picture(canvas.titleOr("Attributions over time"), width, end, canvas, null);
    }

    private String foot() {
        String channels = shown.length < values.length
                ? shown.length + " of " + values.length + " channels, those with the largest \u03a3|a|. "
                : "";
        if (scale.largest() == 0) {
            return channels + "All attributions are zero.";
        }
        return scale.clips()
                ? channels + "Colors saturate at |a| = " + Numbers.brief(scale.limit()) + "; largest |a| = "
                        + Numbers.brief(scale.largest()) + "."
                : channels;
    }

    private double[] range(int channel) {
        double low = Arrays.stream(values[channel]).min().orElseThrow();
        double high = Arrays.stream(values[channel]).max().orElseThrow();
        // A constant series needs a range, in whose middle it is drawn.
        double pad = high > low ? 0.06 * (high - low) : Math.max(Math.abs(low) * 0.1, 0.5);
        return new double[] {low - pad, high + pad};
    }

    private double[] valueTicks(int channel, double rowHeight) {
        double[] range = range(channel);
        return Numbers.ticks(range[0], range[1], (int) Math.max(2, rowHeight / 36));
    }

    private void channel(int channel, double left, double top, double plot, double rowHeight) {
        String name = Glyphs.elide(Glyphs.visible(names[channel]), Style.TEXT, false, plot);
        canvas.text(left, top - 6, name, Style.TEXT, Style.INK, Anchor.START);
        background(attributions[channel], left, top, plot, rowHeight);
        double[] range = range(channel);
        double[] ticks = valueTicks(channel, rowHeight);
        String[] labels = Numbers.briefApart(ticks);
        for (int i = 0; i < ticks.length; i++) {
            double y = top + rowHeight * (range[1] - ticks[i]) / (range[1] - range[0]);
            canvas.line(left - 4, y, left, y, Style.RULE);
            canvas.text(left - 7, y + 4, labels[i], Style.SMALL, Style.QUIET, Anchor.END);
        }
        line(values[channel], range, left, top, plot, rowHeight);
        canvas.frame(left, top, plot, rowHeight, Style.RULE);
    }

    private void background(double[] row, double left, double top, double plot, double rowHeight) {
        int columns = canvas.device(plot);
        int rows = canvas.device(rowHeight);
        double[] resized = row.length <= columns
                ? Resample.nearest(row, row.length, 1, columns, 1)
                : Resample.smooth(row, row.length, 1, columns, 1);
        int[] rgb = new int[columns * rows];
        for (int x = 0; x < columns; x++) {
            rgb[x] = scale.map().applyAsInt(scale.place(resized[x]));
        }
        for (int y = 1; y < rows; y++) {
            System.arraycopy(rgb, 0, rgb, y * columns, columns);
        }
        canvas.raster(left, top, plot, rowHeight, columns, rows, rgb);
    }

    private void line(double[] series, double[] range, double left, double top, double plot, double rowHeight) {
        List<double[]> points = new ArrayList<>();
        int steps = series.length;
        int buckets = (int) Math.min(steps, Math.max(1, 2 * plot));
        for (int b = 0; b < buckets; b++) {
            int from = (int) ((long) b * steps / buckets);
            int to = (int) ((long) (b + 1) * steps / buckets);
            int lowest = from;
            int highest = from;
            for (int i = from; i < to; i++) {
                lowest = series[i] < series[lowest] ? i : lowest;
                highest = series[i] > series[highest] ? i : highest;
            }
            for (int i : lowest == highest
                    ? new int[] {lowest}
                    : new int[] {Math.min(lowest, highest), Math.max(lowest, highest)}) {
                points.add(new double[] {
                    left + (i + 0.5) / steps * plot, top + rowHeight * (range[1] - series[i]) / (range[1] - range[0])
                });
            }
        }
        if (points.size() == 1) {
            canvas.box(points.get(0)[0] - 2.5, points.get(0)[1] - 2.5, 5, 5, 2.5, Style.INK);
            return;
        }
        double[] xs = points.stream().mapToDouble(p -> p[0]).toArray();
        double[] ys = points.stream().mapToDouble(p -> p[1]).toArray();
        // A pale rim keeps the line visible on the dark ends of the color scale.
        canvas.curve(xs, ys, 3.4, Style.PAPER);
        canvas.curve(xs, ys, 1.4, Style.INK);
    }

    private void times(double left, double bottom, double plot, String name, double start, double step) {
        int steps = values[0].length;
        double last = start + (steps - 1) * step;
        double occupied = Double.NEGATIVE_INFINITY;
        double[] ticks = Numbers.ticks(start, last, (int) Math.min(steps, Math.max(1, plot / 80)));
        String[] labels = Numbers.briefApart(ticks);
        for (int i = 0; i < ticks.length; i++) {
            double x = left + ((ticks[i] - start) / step + 0.5) / steps * plot;
            String label = labels[i];
            double half = Glyphs.width(label, Style.SMALL, false) / 2;
            canvas.line(x, bottom, x, bottom + 4, Style.RULE);
            if (x - half > occupied) {
                canvas.text(x, bottom + 16, label, Style.SMALL, Style.QUIET, Anchor.MIDDLE);
                occupied = x + half + 4;
            }
        }
        String shownName = Glyphs.elide(Glyphs.visible(name), Style.SMALL, false, plot);
        canvas.text(left + plot / 2, bottom + 31, shownName, Style.SMALL, Style.QUIET, Anchor.MIDDLE);
    }
}
