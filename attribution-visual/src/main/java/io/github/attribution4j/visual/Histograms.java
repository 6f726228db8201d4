// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.view.LayerView;
import io.github.attribution4j.view.LayerView.Quantity;
import io.github.attribution4j.view.LayerViews;
import io.github.attribution4j.view.ValueStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How values are distributed, one histogram for each set of them: activations or gradients layer by layer, weights.
 *
 * <pre>{@code
 * Histograms.of(views, LayerView.Quantity.GRADIENT).picture().write(Path.of("gradient-flow.png"));
 * }</pre>
 *
 * <p>Each panel has its own axis, from its smallest value to its largest, with zero marked where it lies between; below it stand mean,
 * standard deviation and the fraction of zeros. Bars left of zero are blue, right of it red; a bar that holds zero is grey.
 * Heights are counts, the highest bar filling its panel.
 *
 * <p>An instance collects settings, like a builder: not thread-safe. The picture is immutable. Arrays are copied.
 */
public final class Histograms {
    /** One set of values. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this package
    record Entry(String name, double[] values, ValueStatistics statistics) {}

    private final List<Entry> entries = new ArrayList<>();
    private int bins = 40;
    private int columns = 3;
    private String title = "";
    private String subtitle = "";
    private String note = "";
    private double scale = 2;

    private Histograms() {}

    /** Returns a picture without histograms, to which {@link #add} adds. */
    public static Histograms empty() {
        return new Histograms();
    }

    /**
     * One histogram for each layer, over all examples, channels and positions.
     *
     * @param views of the layers; not closed
     * @param quantity activations, gradients or their product
     * @return histograms with default settings
     */
    public static Histograms of(LayerViews views, Quantity quantity) {
        Histograms histograms = new Histograms();
        for (LayerView view : views.all()) {
            histograms.add(view.point().toString(), view.values(quantity));
        }
        String what = quantity == Quantity.PRODUCT
                ? "activation \u00b7 gradient"
                : quantity.name().toLowerCase(Locale.ROOT);
        return histograms.title("Distribution of " + what + " by layer");
    }

    /**
     * Adds a histogram.
     *
     * @param name shown above it
     * @param values at least one, finite; copied
     * @return this
     * @throws IllegalArgumentException if there are none or one is not finite
     */
    public Histograms add(String name, double[] values) {
        double[] copy = Checks.finite("values", values.clone());
        entries.add(new Entry(name, copy, ValueStatistics.of(copy)));
        return this;
    }

    /**
     * How many bars a histogram has.
     *
     * @param number 2 to 400; 40 by default
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Histograms bins(int number) {
        this.bins = (int) Checks.within("number", number, 2, 400);
        return this;
    }

    /**
     * How many histograms stand in a row.
     *
     * @param number at least 1; 3 by default
     * @return this
     * @throws IllegalArgumentException if it is less than 1
     */
    public Histograms columns(int number) {
        this.columns = Checks.atLeast("number", number, 1);
        return this;
    }

    /**
     * The title.
     *
     * @param text at most two lines are shown
     * @return this
     */
    public Histograms title(String text) {
        this.title = text;
        return this;
    }

    /**
     * A smaller line below the title.
     *
     * @param text at most two lines are shown
     * @return this
     */
    public Histograms subtitle(String text) {
        this.subtitle = text;
        return this;
    }

    /**
     * A foot line of one's own.
     *
     * @param text at most six lines are shown
     * @return this
     */
    public Histograms note(String text) {
        this.note = text;
        return this;
    }

    /**
     * Device pixels per CSS pixel.
     *
     * @param devicePixels 0.25 to 16; 2 by default
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Histograms scale(double devicePixels) {
        this.scale = Picture.checkScale(devicePixels);
        return this;
    }

    /**
     * Counts values into bars of equal width from the smallest to the largest; a value at the border of two belongs to the upper one,
     * the largest to the last.
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
     * Draws with the settings as they are now.
     *
     * @return the picture
     * @throws IllegalStateException if no values were added
     */
    public Picture picture() {
        if (entries.isEmpty()) {
            throw new IllegalStateException("histograms: none was added; there is nothing to draw");
        }
        return new HistogramsDrawing(entries, bins, scale)
                .draw(Math.min(columns, entries.size()), title, subtitle, note);
    }

    /** Returns the names. */
    @Override
    public String toString() {
        return "Histograms" + entries.stream().map(Entry::name).toList();
    }
}
