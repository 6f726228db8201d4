// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
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
 * <p>{@link Layout#BARS} starts all bars at zero. {@link Layout#WATERFALL} starts at the baseline score and lets every bar begin where
 * the one before it ended, down to the score: what the attributions leave unexplained is a row of its own. The foot line
 * has the sum in numbers.
 *
 * <p>Immutable and thread-safe. Arrays are copied.
 */
public final class BarChart {

    /** Where the bars start. */
    public enum Layout {
        /** All at zero. */
        BARS,
        /** Each where the one above it ended; needs the baseline score. */
        WATERFALL
    }

    private final double[] attributions;
    private final IntFunction<String> names;
    private final Settings settings;

    private static final class Settings extends Look {
        IntFunction<String> values = Ranking.noValues();
        Scores scores = Scores.unknown();
        Layout layout = Layout.BARS;
        int top = 12;
        int width = 760;
    }

    private BarChart(IntFunction<String> names, double[] attributions, Settings settings) {
        this.names = names;
        this.attributions = attributions;
        this.settings = settings;
    }

    /**
     * A chart of the attributions of one row.
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
     * As {@link #of(String[], double[])}, for very many features: names are asked for where they are shown, and made then.
     *
     * @param names returns the name of a feature by its place; asked while the chart is drawn
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
     * A chart of one example of an explanation, with its features' names and values, its scores and its completeness gap. Each
     * feature is shown once: an element of an input, or a group that a mask made; several inputs follow one another in
     * their order.
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
     * @throws IllegalArgumentException if the example is out of range or the number of names is not that of the features
     */
    public static BarChart of(Explanation explanation, int example, String[] names) {
        return of(new Explained(explanation, example), names);
    }

    private static BarChart of(Explained explained, String @Nullable [] names) {
        Features features = explained.features(names);
        return of(features::name, features.contributions()).with(settings -> {
            settings.values = index -> Explained.value(features, index);
            settings.scores = explained.scores();
            settings.caption = explained.caption().subtitle("");
        });
    }

    /**
     * What the features were, shown beside their names with four digits.
     *
     * @param values one per feature; missing ones may be NaN
     * @return a copy that differs in this
     * @throws IllegalArgumentException if their number is not that of the attributions
     */
    public BarChart values(double[] values) {
        return with(settings -> settings.values = Ranking.texts(values, attributions.length));
    }

    /**
     * What the features were, as text, for categories.
     *
     * @param values one per feature; may be empty strings
     * @return a copy that differs in this
     * @throws IllegalArgumentException if their number is not that of the attributions
     */
    public BarChart values(String[] values) {
        return with(settings -> settings.values = Ranking.texts(values, attributions.length));
    }

    /**
     * What the features were, for very many of them: asked for where they are shown.
     *
     * @param values returns the value of a feature by its place, NaN if it has none
     * @return a copy that differs in this
     */
    public BarChart values(IntToDoubleFunction values) {
        return with(settings -> settings.values = Ranking.texts(values));
    }

    /**
     * The score of the baseline, where the attributions start from.
     *
     * @param score finite
     * @return a copy that differs in this
     * @throws IllegalArgumentException if it is not finite
     */
    public BarChart baselineScore(double score) {
        return with(settings -> settings.scores = settings.scores.withBaseline(score));
    }

    /**
     * The score that is explained.
     *
     * @param score finite
     * @return a copy that differs in this
     * @throws IllegalArgumentException if it is not finite
     */
    public BarChart score(double score) {
        return with(settings -> settings.scores = settings.scores.withPrediction(score));
    }

    /**
     * By how much the attributions miss the difference of the scores. Not needed when both scores are given.
     *
     * @param gap Σ attributions − (score − baseline score), finite
     * @return a copy that differs in this
     * @throws IllegalArgumentException if it is not finite
     */
    public BarChart completenessGap(double gap) {
        return with(settings -> settings.scores = settings.scores.withGap(gap));
    }

    /**
     * Where the bars start.
     *
     * @param layout bars from zero by default
     * @return a copy that differs in this
     */
    public BarChart layout(Layout layout) {
        return with(settings -> settings.layout = layout);
    }

    /**
     * How many features have a bar of their own; the others share one, unless it would be one feature only.
     *
     * @param features at least 1; 12 by default
     * @return a copy that differs in this
     * @throws IllegalArgumentException if it is less than 1
     */
    public BarChart top(int features) {
        return with(settings -> settings.top = Checks.atLeast("features", features, 1));
    }

    /**
     * The width of the picture.
     *
     * @param pixels CSS pixels, 420 to 4096; 760 by default
     * @return a copy that differs in this
     * @throws IllegalArgumentException if it is out of range
     */
    public BarChart width(int pixels) {
        return with(settings -> settings.width = (int) Checks.within("pixels", pixels, 420, 4096));
    }

    /**
     * Returns a copy with other texts around it.
     *
     * @param caption none by default; of an explanation method, target, settings and gap
     */
    public BarChart caption(Caption caption) {
        return with(settings -> settings.caption = caption);
    }

    /** Returns the texts around it, so that one can be changed: {@code chart.caption(chart.caption().title("Why?"))}. */
    public Caption caption() {
        return settings.caption;
    }

    private BarChart with(Consumer<Settings> change) {
        return new BarChart(names, attributions, Look.with(settings, change));
    }

    /**
     * Draws.
     *
     * @return the picture
     * @throws IllegalStateException if a waterfall has no baseline score
     */
    public Picture picture() {
        boolean waterfall = settings.layout == Layout.WATERFALL;
        if (waterfall && settings.scores.baseline().isEmpty()) {
            throw new IllegalStateException(
                    "layout: WATERFALL starts at the baseline score, which is missing; call baselineScore, or choose BARS");
        }
        Ranking ranking = Ranking.of(names, settings.values, attributions, settings.top);
        return new BarChartDrawing(ranking, settings.scores, waterfall, settings.width, settings.caption).draw();
    }

    /** Returns how many features there are and are shown, and the title. */
    @Override
    public String toString() {
        return "BarChart[" + attributions.length + " features, the " + settings.top + " largest"
                + settings.caption.inBrackets();
    }
}
