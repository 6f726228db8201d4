// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.ColorScale;
import io.github.attribution4j.visual.internal.Explained;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Resample;
import io.github.attribution4j.visual.internal.Style;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Attributions of a time series: each channel is a line on a background colored by the attribution of each time step.
 *
 * <p>All channels share one color scale (as in {@link HeatMap}: {@link HeatMap#colorLimit}, true values at the ticks),
 * so colors can be compared between channels; every channel has its own value axis. Series with more steps than pixels
 * show the mean attribution of the steps that fall on a pixel, and the smallest and largest value of the line.
 *
 * <p>Immutable and thread-safe. Arrays are copied.
 */
public final class TimeSeriesChart implements Chart {

    /** The order of the axes of a batch of series. */
    public enum Axes {
        /** {@code [N, C, T]}, as convolutions take it. */
        CHANNELS_FIRST,
        /** {@code [N, T, C]}, as recurrent networks take it. */
        CHANNELS_LAST
    }

    private final double[][] values;
    private final double[][] attributions;
    private final Settings settings;

    private static final class Settings extends Look {
        String[] names;
        double start;
        double step = 1;
        String timeName = "time step";
        double outlierPercentage = 2;
        int top = 12;
        int width = 760;

        Settings(int channels) {
            names = IntStream.range(0, channels).mapToObj(c -> "channel " + c).toArray(String[]::new);
        }
    }

    private TimeSeriesChart(double[][] values, double[][] attributions, Settings settings) {
        this.values = values;
        this.attributions = attributions;
        this.settings = settings;
    }

    /**
     * Returns a chart of series and their attributions.
     *
     * @param values shape {@code [channels][steps]}, finite
     * @param attributions shape {@code [channels][steps]}, finite
     * @return a chart with default settings
     * @throws IllegalArgumentException if there are none, the shapes differ, or a value is not finite
     */
    public static TimeSeriesChart of(double[][] values, double[][] attributions) {
        Checks.atLeast("channels of values", values.length, 1);
        Checks.sameLength("attributions", attributions.length, "the channels of values", values.length);
        double[][] series = new double[values.length][];
        double[][] copies = new double[values.length][];
        for (int c = 0; c < series.length; c++) {
            series[c] = Checks.finite("values[" + c + "]", values[c].clone());
            copies[c] = Checks.finite("attributions[" + c + "]", attributions[c].clone());
            Checks.sameLength("values[" + c + "]", series[c].length, "values[0]", series[0].length);
            Checks.sameLength("attributions[" + c + "]", copies[c].length, "values[" + c + "]", series[c].length);
        }
        return new TimeSeriesChart(series, copies, new Settings(series.length));
    }

    /**
     * Returns a chart of one example of an explanation with one attributed input. Channels have the names of the
     * input's features.
     *
     * @param explanation copied, not closed
     * @param example which row of the batch
     * @param inputs the batch that was explained, of the shape of the attributions; copied, not closed
     * @param axes their order
     * @return a chart with default settings, and with method and target as title until another is set
     * @throws IllegalArgumentException if there are several inputs, the shapes differ or are not of rank 3, or the
     *     example is out of range
     */
    public static TimeSeriesChart of(Explanation explanation, int example, Tensor inputs, Axes axes) {
        Explained explained = new Explained(explanation, example);
        Tensor attribution = explained.input(explained.onlyName());
        if (attribution.shape().rank() != 3 || !attribution.shape().equals(inputs.shape())) {
            throw Checks.refuse(
                    "inputs",
                    "shape " + inputs.shape() + ", attributions of shape " + attribution.shape(),
                    "both must be [examples, channels, steps] or [examples, steps, channels]; give the batch that was"
                            + " explained");
        }
        int first = Math.toIntExact(attribution.shape().dim(1));
        int second = Math.toIntExact(attribution.shape().dim(2));
        TimeSeriesChart chart = of(
                channels(Explained.row("inputs", inputs, example), first, second, axes),
                channels(Explained.row("attribution", attribution, example), first, second, axes));
        return explained
                .names(explained.onlyName(), axes == Axes.CHANNELS_LAST ? 2 : 1)
                .filter(names -> names.length == chart.values.length)
                .map(chart::names)
                .orElse(chart)
                .caption(Caption.of(explained));
    }

    private static double[][] channels(double[] row, int first, int second, Axes axes) {
        boolean last = axes == Axes.CHANNELS_LAST;
        double[][] out = last ? new double[second][first] : new double[first][second];
        for (int i = 0; i < row.length; i++) {
            int a = i / second;
            int b = i % second;
            out[last ? b : a][last ? a : b] = row[i];
        }
        return out;
    }

    /**
     * Returns a copy with names of the channels.
     *
     * @param names one per channel
     * @throws IllegalArgumentException if their number differs from that of the channels
     */
    public TimeSeriesChart names(String[] names) {
        Checks.sameLength("names", names.length, "the channels", values.length);
        return with(settings -> settings.names = Checks.copy("names", names));
    }

    /**
     * Returns a copy with another time axis: step i is at {@code start + i·step}.
     *
     * @param name such as {@code "time in s"}
     * @param start the time of the first step
     * @param step between steps, positive
     * @throws IllegalArgumentException if a number is not finite or the step not positive
     */
    public TimeSeriesChart time(String name, double start, double step) {
        Checks.finite("start", start);
        if (!(Checks.finite("step", step) > 0)) {
            throw Checks.refuse("step", step, "time runs forward; give a positive step");
        }
        return with(settings -> {
            settings.timeName = name;
            settings.start = start;
            settings.step = step;
        });
    }

    /**
     * Returns a copy that lets another part saturate; see {@link HeatMap#colorLimit}.
     *
     * @param percentage 0 to 100; 2 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public TimeSeriesChart outlierPercentage(double percentage) {
        return with(settings -> settings.outlierPercentage = Checks.within("percentage", percentage, 0, 100));
    }

    /**
     * Returns a copy that draws another number of channels: those with the largest Σ|attribution|, in their own order.
     *
     * @param channels at least 1; 12 by default
     * @throws IllegalArgumentException if it is less than 1
     */
    public TimeSeriesChart top(int channels) {
        return with(settings -> settings.top = Checks.atLeast("channels", channels, 1));
    }

    /**
     * Returns a copy of another width.
     *
     * @param pixels CSS pixels, 360 to 4096; 760 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public TimeSeriesChart width(int pixels) {
        return with(settings -> settings.width = (int) Checks.within("pixels", pixels, 360, 4096));
    }

    /**
     * Returns a copy with another caption.
     *
     * @param caption none by default; of an explanation method, target, scores and settings
     */
    public TimeSeriesChart caption(Caption caption) {
        return with(settings -> settings.caption = caption);
    }

    /** Returns the caption, from which another can be made: {@code chart.caption(chart.caption().title("Why?"))}. */
    public Caption caption() {
        return settings.caption;
    }

    private TimeSeriesChart with(Consumer<Settings> change) {
        return new TimeSeriesChart(values, attributions, Look.with(settings, change));
    }

    /** Draws the picture. */
    @Override
    public Picture picture() {
        Settings s = settings;
        return new TimeSeriesDrawing(values, attributions, s.names, s.outlierPercentage, s.top, s.width, s.caption)
                .draw(s.timeName, s.start, s.step);
    }

    /** Returns the names of the series and the title. */
    @Override
    public String toString() {
        return "TimeSeriesChart[" + String.join(", ", settings.names) + settings.caption.inBrackets();
    }

    /** Layout of a {@link TimeSeriesChart}. */
    private static final class TimeSeriesDrawing {

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
                        left + (i + 0.5) / steps * plot,
                        top + rowHeight * (range[1] - series[i]) / (range[1] - range[0])
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
}
