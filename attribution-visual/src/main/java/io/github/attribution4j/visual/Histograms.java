// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.view.LayerInspector;
import io.github.attribution4j.view.LayerView;
import io.github.attribution4j.view.LayerView.Quantity;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Style;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Histograms of activations, gradients or weights, one for each layer or tensor.
 *
 * <pre>{@code
 * Histograms.of(views, LayerView.Quantity.GRADIENT).picture().write(Path.of("gradient-flow.png"));
 * }</pre>
 *
 * <p>Each panel has its own axis, from its smallest value to its largest, and marks zero if it is in between; mean,
 * standard deviation and the fraction of zeros are printed below. Bars left of zero are blue, bars right of it red; a
 * bar that contains zero is gray. Heights are counts; the highest bar fills its panel.
 *
 * <p>Immutable and thread-safe. Arrays are copied.
 */
public final class Histograms implements Chart {
    /** The values of one histogram. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this package
    record Entry(String name, double[] values, LayerView.Statistics statistics) {}

    private final List<Entry> entries;
    private final Settings settings;

    private static final class Settings extends Look {
        int bins = 40;
        int columns = 3;
    }

    private Histograms(List<Entry> entries, Settings settings) {
        this.entries = List.copyOf(entries);
        this.settings = settings;
    }

    /** Returns a picture without histograms; {@link #add} adds them. */
    public static Histograms empty() {
        return new Histograms(List.of(), new Settings());
    }

    /**
     * Returns one histogram for each layer, over all examples, channels and positions.
     *
     * @param views of the layers; not closed
     * @param quantity activations, gradients or their product
     * @return histograms with default settings
     */
    public static Histograms of(LayerInspector.Views views, Quantity quantity) {
        Histograms histograms = empty();
        for (LayerView view : views.all()) {
            histograms = histograms.add(view.point().toString(), view.values(quantity));
        }
        String what = quantity == Quantity.PRODUCT
                ? "activation \u00b7 gradient"
                : quantity.name().toLowerCase(Locale.ROOT);
        return histograms.caption(Caption.of("Distribution of " + what + " by layer"));
    }

    /**
     * Returns a copy with one more histogram.
     *
     * @param name shown above it
     * @param values at least one, finite; copied
     * @throws IllegalArgumentException if there are none or one is not finite
     */
    public Histograms add(String name, double[] values) {
        double[] copy = Checks.finite("values", values.clone());
        return new Histograms(Look.plus(entries, new Entry(name, copy, LayerView.Statistics.of(copy))), settings);
    }

    /**
     * Returns a copy with another number of bars.
     *
     * @param number 2 to 400; 40 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public Histograms bins(int number) {
        return with(settings -> settings.bins = (int) Checks.within("number", number, 2, 400));
    }

    /**
     * Returns a copy with another number of histograms in a row.
     *
     * @param number at least 1; 3 by default
     * @throws IllegalArgumentException if it is less than 1
     */
    public Histograms columns(int number) {
        return with(settings -> settings.columns = Checks.atLeast("number", number, 1));
    }

    /**
     * Counts values into bars of equal width from the smallest value to the largest. A value on the border of two bars
     * counts in the upper one, the largest value in the last bar.
     *
     * @param values at least one, finite; not changed
     * @param bins at least 1
     * @return the counts; all in the middle one if all values are equal
     * @throws IllegalArgumentException if there are no values, one is not finite, or bins is less than 1
     */
    public static int[] count(double[] values, int bins) {
        Checks.finite("values", values);
        int[] counts = new int[Checks.atLeast("bins", bins, 1)];
        double low = values[0];
        double high = values[0];
        for (double value : values) {
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        for (double value : values) {
            double place = high > low ? (value - low) / (high - low) * bins : bins * 0.5;
            counts[Math.min(bins - 1, (int) place)]++;
        }
        return counts;
    }

    /**
     * Returns a copy with another caption.
     *
     * @param caption none by default; what is shown, where layers are drawn
     */
    public Histograms caption(Caption caption) {
        return with(settings -> settings.caption = caption);
    }

    /** Returns the caption, from which another can be made: {@code chart.caption(chart.caption().title("Why?"))}. */
    public Caption caption() {
        return settings.caption;
    }

    private Histograms with(Consumer<Settings> change) {
        return new Histograms(entries, Look.with(settings, change));
    }

    /**
     * Draws the picture.
     *
     * @throws IllegalStateException if no values were added
     */
    @Override
    public Picture picture() {
        if (entries.isEmpty()) {
            throw new IllegalStateException("histograms: none was added; there is nothing to draw");
        }
        return new Drawing(entries, settings.bins, settings.caption).draw(Math.min(settings.columns, entries.size()));
    }

    /** Returns the names. */
    @Override
    public String toString() {
        return "Histograms" + entries.stream().map(Entry::name).toList();
    }

    /** The layout of one picture. */
    private static final class Drawing {
        private static final double WIDTH = 232;
        private static final double HEIGHT = 84;
        private static final double GAP = 24;

        private final List<Entry> entries;
        private final int bins;
        private final Canvas canvas;

        Drawing(List<Entry> entries, int bins, Caption caption) {
            this.entries = entries;
            this.bins = bins;
            this.canvas = caption.canvas();
        }

        Picture draw(int columns) {
            double total = 2 * Style.MARGIN + columns * (WIDTH + GAP) - GAP;
            double y = canvas.heading(total);
            for (int i = 0; i < entries.size(); i++) {
                if (i > 0 && i % columns == 0) {
                    y += HEIGHT + 66;
                }
                panel(entries.get(i), Style.MARGIN + i % columns * (WIDTH + GAP), y);
            }
            double end = canvas.foot("", y + HEIGHT + 62, total);
            return new Picture(canvas.titleOr("Histograms"), total, end, canvas, null);
        }

        private void panel(Entry entry, double x, double y) {
            canvas.text(
                    x,
                    y + 10,
                    Glyphs.elide(entry.name(), Style.TEXT, false, WIDTH),
                    Style.TEXT,
                    Style.INK,
                    Anchor.START);
            double top = y + 18;
            double bottom = top + HEIGHT;
            LayerView.Statistics facts = entry.statistics();
            int[] counts = count(entry.values(), bins);
            int most = 1;
            for (int count : counts) {
                most = Math.max(most, count);
            }
            double bar = WIDTH / bins;
            double range = facts.max() - facts.min();
            for (int i = 0; i < bins; i++) {
                if (counts[i] > 0) {
                    double low = facts.min() + range * i / bins;
                    double high = facts.min() + range * (i + 1) / bins;
                    // Even the smallest bar is visible.
                    double height = Math.max(1, HEIGHT * counts[i] / most);
                    int rgb = range == 0
                            ? ColorMap.ofSign(facts.min())
                            : low <= 0 && high >= 0 ? Style.NEUTRAL : ColorMap.ofSign(low);
                    canvas.box(x + i * bar, bottom - height, Math.max(0.5, bar - 0.5), height, rgb);
                }
            }
            canvas.line(x, bottom, x + WIDTH, bottom, Style.RULE);
            if (facts.min() < 0 && facts.max() > 0) {
                double zero = x - facts.min() / range * WIDTH;
                canvas.line(zero, top, zero, bottom + 4, Style.RULE);
            }
            canvas.text(x, bottom + 14, Numbers.brief(facts.min()), Style.SMALL, Style.INK, Anchor.START);
            canvas.text(x + WIDTH, bottom + 14, Numbers.brief(facts.max()), Style.SMALL, Style.INK, Anchor.END);
            String line = "mean " + Numbers.brief(facts.mean()) + "  sd " + Numbers.brief(facts.standardDeviation())
                    + "  zero " + Numbers.brief(100 * facts.zeros()) + " %";
            canvas.text(
                    x,
                    bottom + 29,
                    Glyphs.elide(line, Style.SMALL, false, WIDTH),
                    Style.SMALL,
                    Style.QUIET,
                    Anchor.START);
        }
    }
}
