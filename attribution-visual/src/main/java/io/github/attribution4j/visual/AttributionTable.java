// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.summary.Column;
import io.github.attribution4j.visual.internal.summary.Examples;
import io.github.attribution4j.visual.internal.summary.HtmlTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * The attributions of many examples by feature, with the values of the features, scores and cohorts: what pictures over
 * many examples are drawn from.
 *
 * <pre>{@code
 * AttributionTable table = AttributionTable.of(explanations);
 * Picture picture = SummaryChart.beeswarm(table).picture();
 * }</pre>
 *
 * <p>Immutable and thread-safe; explanations and arrays are copied. A picture needs all its examples in memory: 10,000
 * examples of 30 features take 5 MB. Of millions, draw a sample, and take importances from {@link SummaryStatistics},
 * which need none of them.
 */
public final class AttributionTable {
    private final Examples examples;
    private final List<String> cohorts;

    private AttributionTable(Examples examples, List<String> cohorts) {
        this.examples = examples;
        this.cohorts = cohorts;
    }

    /**
     * Returns a table without values and scores.
     *
     * @param features names, one for each; long ones are shortened in pictures
     * @param attributions {@code attributions[example][feature]}, finite
     * @throws IllegalArgumentException if there are none, lengths differ, or one is not finite
     */
    public static AttributionTable of(String[] features, double[][] attributions) {
        if (attributions.length == 0) {
            throw Checks.refuse("attributions", "0 examples", "at least one is needed; there is nothing to draw");
        }
        String[] names = Checks.copy("features", features);
        double[][] byFeature = new double[names.length][attributions.length];
        for (int e = 0; e < attributions.length; e++) {
            Checks.sameLength("attributions[" + e + "]", attributions[e].length, "features", names.length);
            Checks.finite("attributions[" + e + "]", attributions[e]);
            for (int f = 0; f < names.length; f++) {
                byFeature[f][e] = attributions[e][f];
            }
        }
        Column[] columns = new Column[names.length];
        Arrays.fill(columns, Column.UNKNOWN);
        String[] labels = IntStream.range(0, attributions.length)
                .mapToObj(e -> "example " + e)
                .toArray(String[]::new);
        return new AttributionTable(
                new Examples(names, byFeature, columns, new double[0], new double[0], labels), List.of());
    }

    /**
     * Returns the table of explanations of the same features, with what they know: values, scores, baseline scores, and
     * the target of each example as its cohort.
     *
     * @param explanations in order; copied, not closed
     * @throws IllegalArgumentException if there are none, or their features differ
     */
    public static AttributionTable of(Explanation... explanations) {
        return of(List.of(explanations));
    }

    /** As {@link #of(Explanation...)}. */
    public static AttributionTable of(List<Explanation> explanations) {
        List<double[]> attributions = new ArrayList<>();
        List<String[]> values = new ArrayList<>();
        List<String> cohorts = new ArrayList<>();
        List<String> names = List.of();
        for (Explanation explanation : explanations) {
            for (int e = 0; e < explanation.scores().length; e++) {
                Features features = explanation.features(e);
                List<String> own = IntStream.range(0, features.size())
                        .mapToObj(features::name)
                        .toList();
                if (!names.isEmpty() && !names.equals(own)) {
                    throw Checks.refuse(
                            "explanations",
                            "features that differ: " + names + " and " + own,
                            "one picture shows examples with the same features in the same order");
                }
                names = own;
                attributions.add(features.contributions());
                values.add(IntStream.range(0, features.size())
                        .mapToObj(features::exactValue)
                        .toArray(String[]::new));
                cohorts.add(explanation.target(e));
            }
        }
        AttributionTable table = of(names.toArray(String[]::new), attributions.toArray(double[][]::new));
        table = table.values(values.toArray(String[][]::new))
                .cohorts(cohorts.toArray(String[]::new))
                .scores(explanations.stream()
                        .flatMapToDouble(explanation -> Arrays.stream(explanation.scores()))
                        .toArray());
        return explanations.stream().allMatch(one -> one.baselineScores().isPresent())
                ? table.baselineScores(explanations.stream()
                        .flatMapToDouble(
                                one -> Arrays.stream(one.baselineScores().orElseThrow()))
                        .toArray())
                : table;
    }

    /**
     * Returns a copy with the values of the features.
     *
     * @param values {@code values[example][feature]}; NaN where one is missing
     * @throws IllegalArgumentException if there are not as many as attributions
     */
    public AttributionTable values(double[][] values) {
        checkValues(values.length, e -> values[e].length);
        return with(columns(
                f -> Column.of(Arrays.stream(values).mapToDouble(row -> row[f]).toArray())));
    }

    /**
     * Returns a copy with the values of the features as text. A feature all of whose values are numbers, or empty where
     * they are missing, is drawn as numbers, any other as categories. If all are empty, they are not known;
     * {@code missing} says of any that it is missing.
     *
     * @param values {@code values[example][feature]}; empty where one is missing
     * @throws IllegalArgumentException if there are not as many as attributions
     */
    public AttributionTable values(String[][] values) {
        checkValues(values.length, e -> Checks.copy("values[" + e + "]", values[e]).length);
        return with(columns(f -> {
            String[] column = column(values, f);
            return Arrays.stream(column).allMatch(String::isEmpty) ? Column.UNKNOWN : Column.of(column);
        }));
    }

    private static String[] column(String[][] values, int feature) {
        return Arrays.stream(values).map(row -> row[feature]).toArray(String[]::new);
    }

    private void checkValues(int rows, IntUnaryOperator lengths) {
        Checks.sameLength("values", rows, "attributions", size());
        for (int e = 0; e < rows; e++) {
            Checks.sameLength("values[" + e + "]", lengths.applyAsInt(e), "features", examples.features());
        }
    }

    private Examples columns(IntFunction<Column> column) {
        Column[] columns =
                IntStream.range(0, examples.features()).mapToObj(column).toArray(Column[]::new);
        return new Examples(
                examples.names(),
                examples.attributions(),
                columns,
                examples.scores(),
                examples.baselines(),
                examples.labels());
    }

    /**
     * Returns a copy with the scores that are explained.
     *
     * @param scores one for each example, finite
     * @throws IllegalArgumentException if their number differs, or one is not finite
     */
    public AttributionTable scores(double[] scores) {
        double[] copy = each("scores", scores);
        return with(new Examples(
                examples.names(),
                examples.attributions(),
                examples.columns(),
                copy,
                examples.baselines(),
                examples.labels()));
    }

    /**
     * Returns a copy with the scores from which the attributions start.
     *
     * @param scores one for each example, finite
     * @throws IllegalArgumentException if their number differs, or one is not finite
     */
    public AttributionTable baselineScores(double[] scores) {
        double[] copy = each("scores", scores);
        return with(new Examples(
                examples.names(),
                examples.attributions(),
                examples.columns(),
                examples.scores(),
                copy,
                examples.labels()));
    }

    private double[] each(String argument, double[] values) {
        Checks.sameLength(argument, values.length, "attributions", size());
        return Checks.finite(argument, values.clone());
    }

    /**
     * Returns a copy with names of the examples, by which pictures call them.
     *
     * @param labels one for each example; {@code example 0} and so on by default
     * @throws IllegalArgumentException if their number differs
     */
    public AttributionTable labels(String[] labels) {
        Checks.sameLength("labels", labels.length, "attributions", size());
        return with(new Examples(
                examples.names(),
                examples.attributions(),
                examples.columns(),
                examples.scores(),
                examples.baselines(),
                Checks.copy("labels", labels)));
    }

    /**
     * Returns a copy with the cohort of each example, by which {@link #statistics()} groups.
     *
     * @param cohorts one for each example
     * @throws IllegalArgumentException if their number differs
     */
    public AttributionTable cohorts(String[] cohorts) {
        Checks.sameLength("cohorts", cohorts.length, "attributions", size());
        return new AttributionTable(examples, List.of(Checks.copy("cohorts", cohorts)));
    }

    private AttributionTable with(Examples others) {
        return new AttributionTable(others, cohorts);
    }

    /**
     * Returns some of the examples.
     *
     * @param chosen which, in the order wanted
     * @throws IllegalArgumentException if there is none, or no such example
     */
    public AttributionTable select(int... chosen) {
        if (chosen.length == 0) {
            throw Checks.refuse("chosen", "0 examples", "at least one is needed; there is nothing to draw");
        }
        for (int example : chosen) {
            check(example);
        }
        return new AttributionTable(
                examples.select(chosen),
                cohorts.isEmpty()
                        ? cohorts
                        : Arrays.stream(chosen).mapToObj(cohorts::get).toList());
    }

    private void check(int example) {
        if (example < 0 || example >= size()) {
            throw Checks.refuse(
                    "example", example, "the table has " + size() + "; choose one from 0 to " + (size() - 1));
        }
    }

    /** Returns the number of examples. */
    public int size() {
        return examples.size();
    }

    /** Returns the names of the features. */
    public List<String> features() {
        return List.of(examples.names());
    }

    /**
     * Returns the place of a feature.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    int feature(String name) {
        int place = features().indexOf(name);
        if (place < 0) {
            throw Checks.refuse("feature", "'" + name + "'", "the table has " + features() + "; choose one of them");
        }
        return place;
    }

    /** Returns count, mean, variance and the like of each feature's attributions, of all and of each cohort. */
    public SummaryStatistics statistics() {
        SummaryStatistics statistics = new SummaryStatistics(features());
        double[] row = new double[examples.features()];
        for (int e = 0; e < size(); e++) {
            for (int f = 0; f < row.length; f++) {
                row[f] = examples.attributions()[f][e];
            }
            if (cohorts.isEmpty()) {
                statistics.add(row);
            } else {
                statistics.add(row, cohorts.get(e));
            }
        }
        return statistics;
    }

    /**
     * Returns one example as bars, or as a waterfall if baseline scores are known.
     *
     * @throws IllegalArgumentException if there is no such example
     */
    public BarChart example(int example) {
        check(example);
        double[] attributions = Arrays.stream(examples.attributions())
                .mapToDouble(row -> row[example])
                .toArray();
        String[] values = Arrays.stream(examples.columns())
                .map(column -> column.text(example))
                .toArray(String[]::new);
        BarChart chart = BarChart.of(examples.names(), attributions)
                .values(values)
                .caption(Caption.of(examples.labels()[example]));
        if (examples.scores().length > 0) {
            chart = chart.score(examples.scores()[example]);
        }
        return examples.hasBaselines()
                ? chart.baselineScore(examples.baselines()[example]).layout(BarChart.Layout.WATERFALL)
                : chart;
    }

    /**
     * Returns the table as an element of a page: a row for each of the first 20 examples, a column for each of the 10
     * features of the largest mean magnitude. A cell has the feature's value, if it is known, and its attribution.
     */
    public String toHtml() {
        return HtmlTable.write(examples, ColorMap.BLUE_WHITE_RED::at);
    }

    /** Returns the cohort of an example; empty if it has none. */
    String cohort(int example) {
        return cohorts.isEmpty() ? "" : cohorts.get(example);
    }

    Examples examples() {
        return examples;
    }

    /** Returns the numbers of examples and features. */
    @Override
    public String toString() {
        return "AttributionTable[" + size() + " examples, " + examples.features() + " features]";
    }
}
