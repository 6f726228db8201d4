// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
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
 *         .title("Why malignant?")
 *         .picture();
 * }</pre>
 *
 * <p>{@link Layout#BARS} starts all bars at zero. {@link Layout#WATERFALL} starts at the baseline score and lets every bar begin where
 * the one before it ended, down to the score: what the attributions leave unexplained is a row of its own. The foot line
 * has the sum in numbers.
 *
 * <p>An instance collects settings, like a builder: not thread-safe. The picture is immutable. Arrays are copied.
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
    private IntFunction<String> values;
    private Scores scores = Scores.unknown();
    private Layout layout = Layout.BARS;
    private int top = 12;
    private String title = "";
    private String subtitle = "";
    private String note = "";
    private int width = 760;
    private double scale = 2;

    private BarChart(IntFunction<String> names, double[] attributions) {
        this.names = names;
        this.attributions = attributions;
        this.values = Ranking.noValues();
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
        return new BarChart(Ranking.names(names, copy.length), copy);
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
        return new BarChart(names, Checks.finite("attributions", attributions.clone()));
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
        BarChart chart = of(features::name, features.contributions());
        chart.values = index -> Explained.value(features, index);
        chart.scores = explained.scores();
        return chart.title(explained.title()).note(explained.note());
    }

    /**
     * What the features were, shown beside their names with four digits.
     *
     * @param values one per feature; missing ones may be NaN
     * @return this
     * @throws IllegalArgumentException if their number is not that of the attributions
     */
    public BarChart values(double[] values) {
        this.values = Ranking.texts(values, attributions.length);
        return this;
    }

    /**
     * What the features were, as text, for categories.
     *
     * @param values one per feature; may be empty strings
     * @return this
     * @throws IllegalArgumentException if their number is not that of the attributions
     */
    public BarChart values(String[] values) {
        this.values = Ranking.texts(values, attributions.length);
        return this;
    }

    /**
     * What the features were, for very many of them: asked for where they are shown.
     *
     * @param values returns the value of a feature by its place, NaN if it has none
     * @return this
     */
    public BarChart values(IntToDoubleFunction values) {
        this.values = Ranking.texts(values);
        return this;
    }

    /**
     * The score of the baseline, where the attributions start from.
     *
     * @param score finite
     * @return this
     * @throws IllegalArgumentException if it is not finite
     */
    public BarChart baselineScore(double score) {
        this.scores = scores.withBaseline(score);
        return this;
    }

    /**
     * The score that is explained.
     *
     * @param score finite
     * @return this
     * @throws IllegalArgumentException if it is not finite
     */
    public BarChart score(double score) {
        this.scores = scores.withPrediction(score);
        return this;
    }

    /**
     * By how much the attributions miss the difference of the scores. Not needed when both scores are given.
     *
     * @param gap Σ attributions − (score − baseline score), finite
     * @return this
     * @throws IllegalArgumentException if it is not finite
     */
    public BarChart completenessGap(double gap) {
        this.scores = scores.withGap(gap);
        return this;
    }

    /**
     * Where the bars start.
     *
     * @param layout bars from zero by default
     * @return this
     */
    public BarChart layout(Layout layout) {
        this.layout = layout;
        return this;
    }

    /**
     * How many features have a bar of their own; the others share one, unless it would be one feature only.
     *
     * @param features at least 1; 12 by default
     * @return this
     * @throws IllegalArgumentException if it is less than 1
     */
    public BarChart top(int features) {
        this.top = Checks.atLeast("features", features, 1);
        return this;
    }

    /**
     * The title.
     *
     * @param title at most two lines are shown
     * @return this
     */
    public BarChart title(String title) {
        this.title = title;
        return this;
    }

    /**
     * A smaller line below the title.
     *
     * @param subtitle at most two lines are shown
     * @return this
     */
    public BarChart subtitle(String subtitle) {
        this.subtitle = subtitle;
        return this;
    }

    /**
     * A foot line of one's own.
     *
     * @param note at most six lines are shown
     * @return this
     */
    public BarChart note(String note) {
        this.note = note;
        return this;
    }

    /**
     * The width of the picture.
     *
     * @param pixels CSS pixels, 420 to 4096; 760 by default
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public BarChart width(int pixels) {
        this.width = (int) Checks.within("pixels", pixels, 420, 4096);
        return this;
    }

    /**
     * Device pixels per CSS pixel.
     *
     * @param scale 0.25 to 16; 2 by default
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public BarChart scale(double scale) {
        this.scale = Picture.checkScale(scale);
        return this;
    }

    /**
     * Draws with the settings as they are now.
     *
     * @return the picture
     * @throws IllegalStateException if a waterfall has no baseline score
     */
    public Picture picture() {
        if (layout == Layout.WATERFALL && scores.baseline().isEmpty()) {
            throw new IllegalStateException(
                    "layout: WATERFALL starts at the baseline score, which is missing; call baselineScore, or choose BARS");
        }
        Ranking ranking = Ranking.of(names, values, attributions, top);
        return new BarChartDrawing(ranking, scores, layout == Layout.WATERFALL, width, scale)
                .draw(title, subtitle, note);
    }

    /** Returns how many features there are and are shown, and the title. */
    @Override
    public String toString() {
        return "BarChart[" + attributions.length + " features, the " + top + " largest"
                + (title.isEmpty() ? "]" : ", " + title + "]");
    }
}
