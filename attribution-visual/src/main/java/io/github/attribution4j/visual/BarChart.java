// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.visual.internal.Axis;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Explained;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Mark.Anchor;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Ranking;
import io.github.attribution4j.visual.internal.Scores;
import io.github.attribution4j.visual.internal.Style;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
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
            settings.caption = Caption.of(explained).subtitle("");
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

    /** Layout of a {@link BarChart}. */
    private static final class BarChartDrawing {

        private static final double ROW = 24;
        private static final double THICKNESS = 15;
        private static final double GAP = 12;
        private static final double LABEL_GAP = 5;

        /** A bar from one value to another; a bar of length 0 marks a position. */
        private record Bar(String name, String value, double from, double to, String label, int rgb, boolean strong) {}

        private final Ranking ranking;
        private final Scores scores;
        private final boolean waterfall;
        private final double width;
        private final Canvas canvas;

        BarChartDrawing(Ranking ranking, Scores scores, boolean waterfall, double width, Caption caption) {
            this.ranking = ranking;
            this.scores = scores;
            this.waterfall = waterfall;
            this.width = width;
            this.canvas = caption.canvas();
        }

        /**
         * Draws it.
         *
         * @param other what bars are that are no attributions; else empty
         */
        Picture draw(String other) {
            List<Bar> bars = waterfall ? waterfall() : bars();
            double y = canvas.heading(width);

            double names = 0;
            double values = 0;
            double negative = 0;
            double positive = 0;
            double low = waterfall ? Double.POSITIVE_INFINITY : 0;
            double high = waterfall ? Double.NEGATIVE_INFINITY : 0;
            for (Bar bar : bars) {
                names = Math.max(names, Glyphs.width(bar.name, Style.TEXT, bar.strong));
                values = Math.max(values, Glyphs.width(bar.value, Style.TEXT, false));
                double label = Glyphs.width(bar.label, Style.SMALL, false) + LABEL_GAP;
                if (bar.to < bar.from) {
                    negative = Math.max(negative, label);
                } else {
                    positive = Math.max(positive, label);
                }
                low = Math.min(low, Math.min(bar.from, bar.to));
                high = Math.max(high, Math.max(bar.from, bar.to));
            }
            names = Math.min(names, width * 0.32);
            values = Math.min(values, width * 0.14);
            double nameRight = Style.MARGIN + names;
            double valueRight = nameRight + (values > 0 ? GAP + values : 0);
            double left = valueRight + GAP + negative;
            double right = width - Style.MARGIN - positive;
            double unit = high > low ? (right - left) / (high - low) : 0;
            double origin = high > low ? left - low * unit : (left + right) / 2;
            double base = high > low ? 0 : low;

            double bottom = y + bars.size() * ROW + 4;
            new Axis(low, high, left, right).below(canvas, y, bottom);
            double zero = origin - base * unit;
            if (!waterfall) {
                canvas.line(zero, y, zero, bottom, Style.RULE);
            }
            for (int i = 0; i < bars.size(); i++) {
                Bar bar = bars.get(i);
                double middle = y + i * ROW + ROW / 2 + 2;
                double x1 = origin + (bar.from - base) * unit;
                double x2 = origin + (bar.to - base) * unit;
                row(bar, x1, x2, middle, nameRight, valueRight, names, values);
                if (waterfall && i + 1 < bars.size()) {
                    canvas.line(x2, middle + THICKNESS / 2, x2, middle + ROW - THICKNESS / 2, Style.RULE);
                }
            }
            String unitName = !other.isEmpty() ? Glyphs.visible(other) : waterfall ? "score" : "attribution";
            double axisBottom = bottom + 18;
            canvas.text((left + right) / 2, axisBottom + 14, unitName, Style.SMALL, Style.QUIET, Anchor.MIDDLE);
            String sum = other.isEmpty() ? sentence(scores.typographicLine(ranking.total())) : "";
            double end = canvas.foot(sum, axisBottom + 26, width);
            return new Picture(canvas.titleOr("Attributions by feature"), width, end, canvas, null);
        }

        private static String sentence(String line) {
            return Character.toUpperCase(line.charAt(0)) + line.substring(1) + ".";
        }

        private void row(
                Bar bar,
                double x1,
                double x2,
                double middle,
                double nameRight,
                double valueRight,
                double names,
                double values) {
            double baseline = middle + Style.TEXT * 0.36;
            String name = Glyphs.elide(bar.name, Style.TEXT, bar.strong, names);
            if (bar.strong) {
                canvas.bold(nameRight, baseline, name, Style.TEXT, Style.INK, Anchor.END);
            } else {
                canvas.text(nameRight, baseline, name, Style.TEXT, Style.INK, Anchor.END);
            }
            canvas.text(
                    valueRight,
                    baseline,
                    Glyphs.elide(bar.value, Style.TEXT, false, values),
                    Style.TEXT,
                    Style.QUIET,
                    Anchor.END);
            double top = middle - THICKNESS / 2;
            if (bar.from == bar.to) {
                canvas.box(x1 - 1, top, 2, THICKNESS, bar.rgb);
            } else {
                // Never thinner than a hairline: a bar that cannot be seen looks like a missing one.
                canvas.box(Math.min(x1, x2), top, Math.max(0.5, Math.abs(x2 - x1)), THICKNESS, bar.rgb);
            }
            boolean leftwards = bar.to < bar.from;
            // A white background under the number, so that no grid line runs through it.
            double number = Glyphs.width(bar.label, Style.SMALL, false);
            double numberLeft = leftwards ? x2 - LABEL_GAP - number : x2 + LABEL_GAP;
            canvas.box(numberLeft, middle - 7, number, 14, Style.PAPER);
            canvas.text(
                    leftwards ? x2 - LABEL_GAP : x2 + LABEL_GAP,
                    middle + Style.SMALL * 0.36,
                    bar.label,
                    Style.SMALL,
                    Style.INK,
                    leftwards ? Anchor.END : Anchor.START);
        }

        private List<Bar> bars() {
            int decimals = Numbers.decimals(Math.max(ranking.largest(), Math.abs(ranking.othersSum())));
            List<Bar> bars = new ArrayList<>();
            for (Ranking.Row row : ranking.rows()) {
                double a = row.attribution();
                bars.add(new Bar(row.name(), row.value(), 0, a, signed(a, decimals), ColorMap.ofSign(a), false));
            }
            if (ranking.others() > 0) {
                double a = ranking.othersSum();
                bars.add(new Bar(ranking.othersName(), "", 0, a, signed(a, decimals), Style.NEUTRAL, false));
            }
            return bars;
        }

        private List<Bar> waterfall() {
            int decimals = Numbers.decimals(Math.max(ranking.largest(), Math.abs(ranking.othersSum())));
            double at = scores.baseline().orElseThrow();
            List<Bar> bars = new ArrayList<>();
            bars.add(position("baseline score", at));
            for (Ranking.Row row : ranking.rows()) {
                double a = row.attribution();
                bars.add(new Bar(row.name(), row.value(), at, at + a, signed(a, decimals), ColorMap.ofSign(a), false));
                at += a;
            }
            if (ranking.others() > 0) {
                double a = ranking.othersSum();
                bars.add(new Bar(ranking.othersName(), "", at, at + a, signed(a, decimals), Style.NEUTRAL, false));
                at += a;
            }
            OptionalDouble gap = scores.gap(ranking.total());
            // A gap has a row only if it is not zero in the digits of the bars; the foot line always has it.
            if (gap.isPresent() && hasDigits(signed(gap.getAsDouble(), decimals < 0 ? 12 : decimals))) {
                double a = -gap.getAsDouble();
                bars.add(new Bar("not explained (gap)", "", at, at + a, signed(a, decimals), Style.RULE, false));
                at += a;
            }
            bars.add(position("score", scores.prediction().orElse(at)));
            return bars;
        }

        private static Bar position(String name, double at) {
            return new Bar(name, "", at, at, Numbers.typographic(Numbers.score(at)), Style.INK, true);
        }

        private static boolean hasDigits(String number) {
            return number.chars().anyMatch(c -> c >= '1' && c <= '9');
        }

        private static String signed(double value, int decimals) {
            return Numbers.typographic(Numbers.signed(value, decimals));
        }
    }
}
