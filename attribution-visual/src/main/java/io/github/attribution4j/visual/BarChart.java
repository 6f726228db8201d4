// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Ranking;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Attributions of a table row as bars: one per feature, the largest magnitude first, the rest as one bar.
 *
 * <pre>{@code
 * Picture picture = BarChart.of(names, attributions)
 *         .values(row)
 *         .baselineScore(0.37)
 *         .score(0.98)
 *         .caption(Caption.of("Why malignant?"))
 *         .picture();
 * }</pre>
 *
 * <p>{@link Layout#BARS} starts all bars at zero. {@link Layout#WATERFALL} starts at the baseline score; each bar
 * begins where the bar above it ends, down to the score. The completeness gap has a row of its own. The foot line gives
 * the sum in numbers.
 *
 * <p>Immutable and thread-safe. Arrays are copied.
 */
public final class BarChart extends ScoredFeatures<BarChart> implements Chart {

    /** Where the bars start. */
    public enum Layout {
        /** All at zero. */
        BARS,
        /** Each where the one above it ends; needs the baseline score. */
        WATERFALL
    }

    private final Settings settings;

    private static final class Settings extends ScoredFeatures.Settings {
        Layout layout = Layout.BARS;
        int width = 760;
        String unit = "";
    }

    private BarChart(IntFunction<String> names, double[] attributions, Settings settings) {
        super(names, attributions);
        this.settings = settings;
    }

    /**
     * Returns a chart of the attributions of one row.
     *
     * @param names one per feature; long ones are shortened in the middle
     * @param attributions one per feature, finite
     * @return a chart with default settings
     * @throws IllegalArgumentException if there are none, the numbers differ, or one is not finite
     */
    public static BarChart of(String[] names, double[] attributions) {
        double[] copy = Checks.finite("attributions", attributions.clone());
        return new BarChart(Ranking.names(names, copy.length), copy, new Settings());
    }

    /**
     * As {@link #of(String[], double[])}, for very many features: only the names that are shown are made.
     *
     * @param names returns the name of a feature by its index; called while the chart is drawn
     * @param attributions one per feature, finite
     * @return a chart with default settings
     * @throws IllegalArgumentException if there are none, or one is not finite
     */
    public static BarChart of(IntFunction<String> names, double[] attributions) {
        return new BarChart(names, Checks.finite("attributions", attributions.clone()), new Settings());
    }

    /**
     * As {@link #of(String[], double[])}, for float32 attributions.
     *
     * @param names one per feature
     * @param attributions one per feature, finite
     * @return a chart with default settings
     * @throws IllegalArgumentException if there are none, the numbers differ, or one is not finite
     */
    public static BarChart of(String[] names, float[] attributions) {
        return of(names, Checks.widen(attributions));
    }

    /**
     * Returns a chart of one example of an explanation, with names and values of its features, its scores and its
     * completeness gap. Each feature is shown once. Features of several inputs come in the order of the inputs.
     *
     * @param explanation copied, not closed
     * @param example which row of the batch
     * @return a chart with default settings, and with method and target as title until another is set
     * @throws IllegalArgumentException if the example is out of range
     */
    public static BarChart of(Explanation explanation, int example) {
        return of(new Explained(explanation, example), null);
    }

    /**
     * As {@link #of(Explanation, int)}, with other names.
     *
     * @param explanation copied, not closed
     * @param example which row of the batch
     * @param names one per feature; or, where elements are grouped, one per element of all attributed inputs
     * @return a chart with default settings, and with method and target as title until another is set
     * @throws IllegalArgumentException if the example is out of range, or the number of names differs from that of
     *     the features
     */
    public static BarChart of(Explanation explanation, int example, String[] names) {
        return of(new Explained(explanation, example), names);
    }

    private static BarChart of(Explained explained, String @Nullable [] names) {
        Features features = explained.features(names);
        return of(features::subject, features.contributions()).with(settings -> {
            settings.values = index -> Explained.value(features, index);
            settings.scores = explained.scores();
            settings.caption = explained.caption().subtitle("");
        });
    }

    /**
     * Returns a copy with another layout.
     *
     * @param layout bars from zero by default
     */
    public BarChart layout(Layout layout) {
        return with(settings -> settings.layout = layout);
    }

    /**
     * Returns a copy whose bars are something else than attributions, such as importances: the axis says what, and the
     * foot says no sum.
     *
     * @param unit such as {@code increase of the loss}; not blank
     */
    public BarChart unit(String unit) {
        if (unit.isBlank()) {
            throw Checks.refuse("unit", "'" + unit + "'", "it is blank; say what the bars are");
        }
        return with(settings -> settings.unit = unit);
    }

    /**
     * Returns a copy of another width.
     *
     * @param pixels CSS pixels, 420 to 4096; 760 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public BarChart width(int pixels) {
        return with(settings -> settings.width = (int) Checks.within("pixels", pixels, 420, 4096));
    }

    /**
     * Returns a copy with another caption.
     *
     * @param caption none by default; of an explanation method, target, settings and gap
     */
    public BarChart caption(Caption caption) {
        return with(settings -> settings.caption = caption);
    }

    /** Returns the caption, from which another can be made: {@code chart.caption(chart.caption().title("Why?"))}. */
    public Caption caption() {
        return settings.caption;
    }

    @Override
    BarChart changed(Consumer<ScoredFeatures.Settings> change) {
        return with(change::accept);
    }

    private BarChart with(Consumer<Settings> change) {
        return new BarChart(names, attributions, Look.with(settings, change));
    }

    /**
     * Draws the picture.
     *
     * @throws IllegalStateException if a waterfall has no baseline score
     */
    @Override
    public Picture picture() {
        boolean waterfall = settings.layout == Layout.WATERFALL;
        if (waterfall && settings.scores.baseline().isEmpty()) {
            throw new IllegalStateException(
                    "layout: WATERFALL starts at the baseline score, which is missing; call baselineScore, or choose"
                            + " BARS");
        }
        Ranking ranking = Ranking.of(names, settings.values, attributions, settings.top);
        return new BarChartDrawing(ranking, settings.scores, waterfall, settings.width, settings.caption)
                .draw(settings.unit);
    }

    /** Returns how many features there are and are shown, and the title. */
    @Override
    public String toString() {
        return "BarChart[" + attributions.length + " features, the " + settings.top + " largest"
                + settings.caption.inBrackets();
    }
}
