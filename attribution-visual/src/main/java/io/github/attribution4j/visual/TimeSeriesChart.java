// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.visual.internal.Checks;
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
                .caption(explained.caption());
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
}
