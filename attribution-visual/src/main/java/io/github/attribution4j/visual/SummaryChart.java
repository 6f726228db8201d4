// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.visual.internal.Canvas;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.summary.Beeswarm;
import io.github.attribution4j.visual.internal.summary.Clustering;
import io.github.attribution4j.visual.internal.summary.Decisions;
import io.github.attribution4j.visual.internal.summary.Dependence;
import io.github.attribution4j.visual.internal.summary.ExampleMap;
import io.github.attribution4j.visual.internal.summary.Examples;
import io.github.attribution4j.visual.internal.summary.ForceStack;
import io.github.attribution4j.visual.internal.summary.Forces;
import io.github.attribution4j.visual.internal.summary.MeanBars;
import io.github.attribution4j.visual.internal.summary.Palette;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A picture of the attributions of many examples. Which one, its factory says:
 *
 * <table>
 * <caption>Pictures</caption>
 * <tr><th>factory</th><th>shows</th></tr>
 * <tr><td>{@link #bars}</td><td>how important features are: their mean magnitudes</td></tr>
 * <tr><td>{@link #cohorts}</td><td>the same for groups of examples, beside each other</td></tr>
 * <tr><td>{@link #beeswarm}</td><td>for each feature every example: its attribution, and in color its value</td></tr>
 * <tr><td>{@link #dependence}</td><td>how a feature's attribution depends on its value, and in color on
 * another's</td></tr>
 * <tr><td>{@link #heatMap}</td><td>examples × features, similar examples beside each other</td></tr>
 * <tr><td>{@link #forces(AttributionTable)}</td><td>what raises and lowers each score, stacked</td></tr>
 * <tr><td>{@link #forces(AttributionTable, int)}</td><td>the same of one example, on one line</td></tr>
 * <tr><td>{@link #decisions}</td><td>the way of each example from the baseline score to its score</td></tr>
 * </table>
 *
 * <p>Waterfall and bars of one example are a {@link BarChart}: {@link AttributionTable#example}.
 *
 * <p>Values of features are colored from indigo (low) to amber (high), attributions from blue (negative) to red
 * (positive); both can be read by color-blind people. In SVG and HTML, points, bars and names say their numbers when
 * the pointer is over them. Above 4,000 points, the points are one embedded image and parts of it say what is there.
 * The cost grows with the number of points: 10,000 examples of 30 features take well below a second.
 *
 * <p>Immutable and thread-safe.
 */
public final class SummaryChart implements Chart {
    /** Of the pictures with an order, the order of the examples. */
    public enum Order {
        /** Similar explanations beside each other: the leaves of a tree of clusters (Ward). */
        SIMILARITY("similar ones beside each other"),
        /** By score, the lowest first. */
        SCORE("by score"),
        /** As in the table, such as in the course of time. */
        GIVEN("in the order of the table");

        private final String words;

        Order(String words) {
            this.words = words;
        }

        private Examples of(Examples examples) {
            return switch (this) {
                case SIMILARITY -> examples.select(Clustering.order(examples));
                case SCORE -> examples.select(examples.byEnd());
                case GIVEN -> examples;
            };
        }
    }

    /** Draws on a canvas, and returns the height. */
    @FunctionalInterface
    private interface Drawing {
        double draw(Canvas canvas, Settings settings);
    }

    /** Draws examples side by side, in an order. */
    @FunctionalInterface
    private interface OrderedDrawing {
        double draw(Canvas canvas, Examples ordered, String order, int features, double width, Palette palette);
    }

    private static final class Settings extends Look {
        Order order = Order.SIMILARITY;
        ColorMap values = ColorMap.INDIGO_AMBER;
        int top = 20;
        int width = 760;

        Palette palette() {
            return new Palette(values::at, ColorMap.BLUE_WHITE_RED::at);
        }
    }

    /** How many cohorts can be told apart. */
    static final int MOST_COHORTS = Palette.MOST_KINDS;

    private final String kind;
    private final Drawing drawing;
    private final Settings settings;

    private SummaryChart(String kind, Drawing drawing, Settings settings) {
        this.kind = kind;
        this.drawing = drawing;
        this.settings = settings;
    }

    private static SummaryChart of(String kind, Drawing drawing) {
        return new SummaryChart(kind, drawing, new Settings());
    }

    /**
     * Returns the mean magnitude of each feature's attributions as bars.
     *
     * @param statistics read when this is called
     * @throws IllegalArgumentException if there are no examples
     */
    public static SummaryChart bars(SummaryStatistics statistics) {
        return means("Importance of features", statistics, List.of(statistics), List.of(""));
    }

    /**
     * Returns the mean magnitude of each feature's attributions as bars, one for each group of the statistics: classes,
     * or the {@link AttributionTable#cohorts cohorts} of a table.
     *
     * @param statistics read when this is called
     * @throws IllegalArgumentException if there are no examples, no groups, or more than 8
     */
    public static SummaryChart cohorts(SummaryStatistics statistics) {
        List<String> groups = statistics.groups();
        if (groups.isEmpty() || groups.size() > MOST_COHORTS) {
            throw Checks.refuse(
                    "statistics",
                    groups.size() + " groups",
                    "1 to " + MOST_COHORTS + " can be compared; "
                            + (groups.isEmpty() ? "give each example a cohort" : "join the small ones, or draw bars"));
        }
        return means(
                "Importance of features by cohort",
                statistics,
                groups.stream().map(statistics::group).toList(),
                groups.stream()
                        .map(name -> name + " (" + statistics.group(name).examples() + ")")
                        .toList());
    }

    private static SummaryChart means(
            String kind, SummaryStatistics all, List<SummaryStatistics> groups, List<String> names) {
        if (all.examples() == 0) {
            throw Checks.refuse("statistics", "0 examples", "at least one is needed; there is nothing to draw");
        }
        List<SummaryStatistics.Feature> ranked = all.ranked();
        List<List<SummaryStatistics.Feature>> features =
                groups.stream().map(SummaryStatistics::features).toList();
        return of(kind, (canvas, settings) -> {
            int shown = Math.min(ranked.size(), settings.top);
            int[] places =
                    IntStream.range(0, shown).map(i -> ranked.get(i).index()).toArray();
            double[][] lengths = new double[groups.size()][shown];
            String[][] hints = new String[groups.size()][shown];
            for (int g = 0; g < groups.size(); g++) {
                for (int i = 0; i < shown; i++) {
                    SummaryStatistics.Feature feature = features.get(g).get(places[i]);
                    lengths[g][i] = feature.meanMagnitude();
                    hints[g][i] = hint(names.get(g), feature);
                }
            }
            String[] shownNames = IntStream.range(0, shown)
                    .mapToObj(i -> ranked.get(i).name())
                    .toArray(String[]::new);
            return MeanBars.draw(
                    canvas,
                    new MeanBars.Bars(shownNames, names, lengths, hints, ranked.size() - shown),
                    settings.width);
        });
    }

    private static String hint(String group, SummaryStatistics.Feature feature) {
        return feature.name() + (group.isEmpty() ? "" : ", " + group) + ": mean magnitude "
                + Numbers.brief(feature.meanMagnitude()) + ", mean " + Numbers.brief(feature.mean())
                + (feature.count() < 2 ? "" : ", standard deviation " + Numbers.brief(feature.standardDeviation()))
                + ", " + Numbers.brief(feature.min()) + " to " + Numbers.brief(feature.max()) + " (" + feature.count()
                + (feature.count() == 1 ? " example)" : " examples)");
    }

    /**
     * Returns a lane for each feature, in it a point for each example: its place is the attribution, its color the
     * feature's value.
     */
    public static SummaryChart beeswarm(AttributionTable table) {
        Examples examples = table.examples();
        return of(
                "Attributions by feature and value",
                (canvas, settings) ->
                        Beeswarm.draw(canvas, examples, settings.top, settings.width, settings.palette()));
    }

    /**
     * Returns a point for each example: its value of a feature, and the feature's attribution. The color is the value
     * of the {@link #interacting} feature.
     *
     * @param feature its name
     * @throws IllegalArgumentException if there is no such feature, or its values are not known
     */
    public static SummaryChart dependence(AttributionTable table, String feature) {
        requireValues(table, feature);
        return dependence(table, table.feature(feature));
    }

    /** As {@link #dependence(AttributionTable, String)} of the feature at a place, whose values are known. */
    static SummaryChart dependence(AttributionTable table, int feature) {
        return dependence(table.examples(), feature, Dependence.interacting(table.examples(), feature));
    }

    /**
     * As {@link #dependence(AttributionTable, String)}, colored by a given feature.
     *
     * @param feature its name
     * @param color the name of the feature that colors the points
     * @throws IllegalArgumentException if there is no such feature, or values of one of the two are not known
     */
    public static SummaryChart dependence(AttributionTable table, String feature, String color) {
        requireValues(table, feature);
        requireValues(table, color);
        return dependence(table.examples(), table.feature(feature), table.feature(color));
    }

    private static SummaryChart dependence(Examples examples, int feature, int other) {
        return of(
                "Attributions of " + examples.names()[feature] + " by its value",
                (canvas, settings) -> Dependence.draw(
                        canvas, examples, feature, other, settings.width, settings.width * 0.45, settings.palette()));
    }

    private static void requireValues(AttributionTable table, String feature) {
        if (!table.examples().columns()[table.feature(feature)].isKnown()) {
            throw Checks.refuse(
                    "feature", "'" + feature + "'", "its values are not known; give the table values of its features");
        }
    }

    /**
     * Returns the feature on whose values the attributions of a feature depend most, apart from its own: examples of
     * similar values of the feature are compared. Empty if none does. What is found is a hint where to look, and no
     * test; correlated features stand in for each other.
     *
     * @throws IllegalArgumentException if there is no such feature, or its values are not known
     */
    public static Optional<String> interacting(AttributionTable table, String feature) {
        requireValues(table, feature);
        int other = Dependence.interacting(table.examples(), table.feature(feature));
        return other < 0 ? Optional.empty() : Optional.of(table.features().get(other));
    }

    /** Returns examples from left to right, features from top to bottom, and attributions as colors. */
    public static SummaryChart heatMap(AttributionTable table) {
        return ordered("Attributions by example and feature", table.examples(), ExampleMap::draw);
    }

    /** Returns what raises and what lowers the score of each example, stacked, for many beside each other. */
    public static SummaryChart forces(AttributionTable table) {
        return ordered("What raises and lowers scores", table.examples(), ForceStack::draw);
    }

    private static SummaryChart ordered(String kind, Examples examples, OrderedDrawing drawing) {
        return of(
                kind,
                (canvas, settings) -> drawing.draw(
                        canvas,
                        settings.order.of(examples),
                        settings.order.words,
                        settings.top,
                        settings.width,
                        settings.palette()));
    }

    /**
     * Returns what raises and what lowers the score of one example, on one line.
     *
     * @throws IllegalArgumentException if there is no such example
     */
    public static SummaryChart forces(AttributionTable table, int example) {
        Examples one = table.select(example).examples();
        return of(
                "What raises and lowers the score of " + one.labels()[0],
                (canvas, settings) -> Forces.draw(canvas, one, 0, settings.top, settings.width, settings.palette()));
    }

    /**
     * Returns the way of each example from the baseline score, at the bottom, to its score, at the top, by a step at
     * each feature. Of more than 400 examples, 400 are drawn, evenly by score.
     */
    public static SummaryChart decisions(AttributionTable table) {
        Examples examples = table.examples();
        return of(
                "Ways from baseline to score",
                (canvas, settings) ->
                        Decisions.draw(canvas, examples, settings.top, settings.width, settings.palette()));
    }

    /**
     * Returns a copy with another number of features, those of the largest mean magnitude. The others are summed up as
     * one, or in bars are only counted; a dependence shows its own two.
     *
     * @param features at least 1; 20 by default
     * @throws IllegalArgumentException if it is less than 1
     */
    public SummaryChart top(int features) {
        return with(changed -> changed.top = Checks.atLeast("features", features, 1));
    }

    /**
     * Returns a copy of another width.
     *
     * @param pixels CSS pixels, 420 to 4096; 760 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public SummaryChart width(int pixels) {
        return with(changed -> changed.width = (int) Checks.within("pixels", pixels, 420, 4096));
    }

    /**
     * Returns a copy with another order of examples, of a heat map or of stacked forces.
     *
     * @param order by similarity by default
     */
    public SummaryChart order(Order order) {
        return with(changed -> changed.order = order);
    }

    /**
     * Returns a copy with other colors of the features' values.
     *
     * @param colors indigo to amber by default
     * @throws IllegalArgumentException if the map is diverging
     */
    public SummaryChart valueColors(ColorMap colors) {
        if (colors.isDiverging()) {
            throw Checks.refuse("colors", colors, "values run from low to high; choose a sequential map");
        }
        return with(changed -> changed.values = colors);
    }

    /**
     * Returns a copy with another caption.
     *
     * @param caption none by default
     */
    public SummaryChart caption(Caption caption) {
        return with(changed -> changed.caption = caption);
    }

    private SummaryChart with(Consumer<Settings> change) {
        return new SummaryChart(kind, drawing, Look.with(settings, change));
    }

    /** Draws the picture. */
    @Override
    public Picture picture() {
        Canvas canvas = settings.caption.canvas();
        double height = drawing.draw(canvas, settings);
        return new Picture(canvas.titleOr(kind), settings.width, height, canvas, null);
    }

    /** Returns the kind of picture, and the title. */
    @Override
    public String toString() {
        return "SummaryChart[" + kind + settings.caption.inBrackets();
    }
}
