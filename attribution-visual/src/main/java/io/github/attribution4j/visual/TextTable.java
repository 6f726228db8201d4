// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Explained;
import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Ranking;
import io.github.attribution4j.visual.internal.SvgWriter;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Attributions of a table row as text of fixed width, for a terminal or a log.
 *
 * <pre>
 * feature            value  attribution
 * worst texture      17.33      +1.3040         │██████████
 * worst concavity   0.2654      -0.6522    █████│
 * 3 others                      +0.0127         │
 * sum of attributions 0.6645; score 0.6645
 * </pre>
 *
 * <p>Immutable and thread-safe. Arrays are copied.
 */
public final class TextTable extends ScoredFeatures<TextTable> {

    private static final String RESET = "\u001b[0m";
    private final Settings settings;

    private static final class Settings extends ScoredFeatures.Settings {
        String title = "";
        int width = 80;
        boolean ansi;
        boolean ascii;
    }

    private TextTable(IntFunction<String> names, double[] attributions, Settings settings) {
        super(names, attributions);
        this.settings = settings;
    }

    /**
     * Returns a table of the attributions of one row.
     *
     * @param names one per feature; long ones are shortened in the middle
     * @param attributions one per feature, finite
     * @return a table with default settings
     * @throws IllegalArgumentException if there are none, the numbers differ, or one is not finite
     */
    public static TextTable of(String[] names, double[] attributions) {
        double[] copy = Checks.finite("attributions", attributions.clone());
        return new TextTable(Ranking.names(names, copy.length), copy, new Settings());
    }

    /**
     * As {@link #of(String[], double[])}, for very many features: only the names that are shown are made.
     *
     * @param names returns the name of a feature by its index; called while the table is drawn
     * @param attributions one per feature, finite
     * @return a table with default settings
     * @throws IllegalArgumentException if there are none, or one is not finite
     */
    public static TextTable of(IntFunction<String> names, double[] attributions) {
        return new TextTable(names, Checks.finite("attributions", attributions.clone()), new Settings());
    }

    /**
     * As {@link #of(String[], double[])}, for float32 attributions.
     *
     * @param names one per feature
     * @param attributions one per feature, finite
     * @return a table with default settings
     * @throws IllegalArgumentException if there are none, the numbers differ, or one is not finite
     */
    public static TextTable of(String[] names, float[] attributions) {
        return of(names, Checks.widen(attributions));
    }

    /**
     * Returns a table of one example of an explanation, with names and values of its features, its scores and its
     * completeness gap. Each feature is shown once. Features of several inputs come in the order of the inputs.
     *
     * @param explanation copied, not closed
     * @param example which row of the batch
     * @return a table with default settings, and with method and target as title until another is set
     * @throws IllegalArgumentException if the example is out of range
     */
    public static TextTable of(Explanation explanation, int example) {
        return of(new Explained(explanation, example), null);
    }

    /**
     * As {@link #of(Explanation, int)}, with other names.
     *
     * @param explanation copied, not closed
     * @param example which row of the batch
     * @param names one per feature; or, where elements are grouped, one per element of all attributed inputs
     * @return a table with default settings, and with method and target as title until another is set
     * @throws IllegalArgumentException if the example is out of range, or the number of names differs from that of
     *     the features
     */
    public static TextTable of(Explanation explanation, int example, String[] names) {
        return of(new Explained(explanation, example), names);
    }

    private static TextTable of(Explained explained, String @Nullable [] names) {
        Features features = explained.features(names);
        return of(features::subject, features.contributions()).with(settings -> {
            settings.values = index -> Explained.value(features, index);
            settings.scores = explained.scores();
            settings.title = explained.title();
        });
    }

    /**
     * Returns a copy with a title, one line above the table.
     *
     * @param title may be empty
     */
    public TextTable title(String title) {
        return with(settings -> settings.title = title);
    }

    /**
     * Returns a copy with lines of another width.
     *
     * @param columns 40 to 1000; 80 by default
     * @throws IllegalArgumentException if it is out of range
     */
    public TextTable width(int columns) {
        return with(settings -> settings.width = (int) Checks.within("columns", columns, 40, 1000));
    }

    /**
     * Returns a copy whose bars are colored by ANSI escape sequences, or not.
     *
     * @param ansi false by default
     */
    public TextTable ansi(boolean ansi) {
        return with(settings -> settings.ansi = ansi);
    }

    /**
     * Returns a copy whose bars are made of ASCII characters, for terminals without Unicode. Names and values do
     * not change.
     *
     * @param ascii false by default
     */
    public TextTable ascii(boolean ascii) {
        return with(settings -> settings.ascii = ascii);
    }

    @Override
    TextTable changed(Consumer<ScoredFeatures.Settings> change) {
        return with(change::accept);
    }

    private TextTable with(Consumer<Settings> change) {
        return new TextTable(names, attributions, Look.with(settings, change));
    }

    /**
     * Renders the table.
     *
     * @return lines, each ended by {@code \n} and without trailing blanks
     */
    public String render() {
        int width = settings.width;
        Ranking ranking = Ranking.of(names, settings.values, attributions, settings.top);
        double largest = Math.max(ranking.largest(), Math.abs(ranking.othersSum()));
        int decimals = Numbers.decimals(largest);
        int nameColumns = "feature".length();
        int valueColumns = 0;
        int numberColumns = "attribution".length();
        boolean negative = ranking.othersSum() < 0;
        boolean positive = ranking.othersSum() > 0;
        for (Ranking.Row row : ranking.rows()) {
            nameColumns = Math.max(nameColumns, Glyphs.columns(row.name()));
            valueColumns = Math.max(valueColumns, Glyphs.columns(row.value()));
            numberColumns = Math.max(
                    numberColumns, Numbers.signed(row.attribution(), decimals).length());
            negative |= row.attribution() < 0;
            positive |= row.attribution() > 0;
        }
        if (ranking.others() > 0) {
            nameColumns = Math.max(nameColumns, ranking.othersName().length());
            numberColumns = Math.max(
                    numberColumns, Numbers.signed(ranking.othersSum(), decimals).length());
        }
        valueColumns = valueColumns == 0 ? 0 : Math.max("value".length(), Math.min(valueColumns, width / 6));
        int fixed = numberColumns + (valueColumns == 0 ? 0 : valueColumns + 2) + 4;
        nameColumns = Math.max(7, Math.min(nameColumns, Math.min(width / 2, width - fixed - 9)));
        int room = Math.max(4, Math.min(40, width - fixed - nameColumns - 1));
        int side = negative && positive ? room / 2 : room;
        int left = negative ? side : 0;

        StringBuilder out = new StringBuilder();
        if (!settings.title.isBlank()) {
            out.append(Glyphs.visible(settings.title)).append('\n');
        }
        line(out, "feature", nameColumns, "value", valueColumns, "attribution", numberColumns, "");
        for (Ranking.Row row : ranking.rows()) {
            line(
                    out,
                    row.name(),
                    nameColumns,
                    row.value(),
                    valueColumns,
                    Numbers.signed(row.attribution(), decimals),
                    numberColumns,
                    bar(row.attribution(), largest, left, side));
        }
        if (ranking.others() > 0) {
            line(
                    out,
                    ranking.othersName(),
                    nameColumns,
                    "",
                    valueColumns,
                    Numbers.signed(ranking.othersSum(), decimals),
                    numberColumns,
                    bar(ranking.othersSum(), largest, left, side));
        }
        return out.append(settings.scores.line(ranking.total())).append('\n').toString();
    }

    /** Returns the table as an element of a page: preformatted text. */
    public String toHtml() {
        return "<pre style=\"line-height:1.2\">"
                + ansi(false).render().lines().map(SvgWriter::escape).collect(Collectors.joining("\n"))
                + "</pre>\n";
    }

    private void line(
            StringBuilder out,
            String name,
            int names,
            String value,
            int values,
            String number,
            int numbers,
            String bar) {
        StringBuilder line = new StringBuilder();
        String shownName = shorten(name, names);
        line.append(shownName).append(" ".repeat(names - Glyphs.columns(shownName)));
        if (values > 0) {
            String shownValue = shorten(value, values);
            line.append("  ")
                    .append(" ".repeat(values - Glyphs.columns(shownValue)))
                    .append(shownValue);
        }
        line.append("  ").append(" ".repeat(numbers - number.length())).append(number);
        out.append((line + "  " + bar).stripTrailing()).append('\n');
    }

    private String shorten(String text, int columns) {
        return settings.ascii && Glyphs.columns(text) > columns
                ? Glyphs.elide(text, columns - 1).replace("\u2026", "..")
                : Glyphs.elide(text, columns);
    }

    private String bar(double value, double largest, int left, int side) {
        int halves = largest == 0 ? 0 : (int) Math.rint(Math.abs(value) / largest * side * 2);
        String axis = settings.ascii ? "|" : "\u2502";
        String full = (settings.ascii ? "#" : "\u2588").repeat(halves / 2);
        boolean odd = halves % 2 == 1 && !settings.ascii;
        if (value < 0) {
            String cells = (odd ? "\u2590" : "") + full;
            return " ".repeat(left - cells.length()) + color(cells, "34") + axis;
        }
        return " ".repeat(left) + axis + color(full + (odd ? "\u258c" : ""), "31");
    }

    private String color(String cells, String code) {
        return settings.ansi && !cells.isEmpty() ? "\u001b[" + code + "m" + cells + RESET : cells;
    }

    /** Returns the table as text, as {@link #render()} does. */
    @Override
    public String toString() {
        return render();
    }
}
