// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How {@link Lime} divides the values of a column into bins: by quantiles of a background, at cut points of your own,
 * or each value a bin of its own, as categories are. Immutable and thread-safe.
 *
 * <pre>{@code
 * Discretizer.quartiles()
 *         .cuts("age", 18, 30, 65)                   // age ≤ 18, 18 < age ≤ 30, 30 < age ≤ 65, age > 65
 *         .categories("postcode")                    // numbers that are none
 * }</pre>
 *
 * <p>What are categories without being named here: columns of categories and booleans of a
 * {@link io.github.attribution4j.table.TableEncoder}, inputs of type bool, and columns that have at most two values in
 * the background, such as the numbers of a one-hot column. A missing value (NaN) is a bin of its own in every column.
 *
 * <p>Quantiles are those of the rows of the background, each counted once, with linear interpolation, as NumPy's
 * {@code percentile} has them; equal ones are one cut point. A value at a cut point is in the lower bin.
 */
public final class Discretizer {
    /** Discretizers as values of a setting. */
    static final Kind<Discretizer> KIND = Kind.of(
            "none, quartile, decile, quantile:BINS or values; after each '; COLUMN: NUMBER, NUMBER, ...' gives cut"
                    + " points, and '; COLUMN: category' makes each value a bin",
            Discretizer::parse);

    private static final String CATEGORY = "category";
    private static final String NONE = "none";
    private static final String VALUES = "values";
    private static final String QUARTILE = "quartile";
    private static final String DECILE = "decile";
    private static final String QUANTILE = "quantile:";
    private static final int MOST_BINS = 1000;

    /** Number of quantile bins; 1 where each value is a bin, 0 where nothing is divided. */
    private final int bins;
    /** For each column that is named its cut points; none for a category. */
    private final Map<String, double[]> columns;

    private Discretizer(int bins, Map<String, double[]> columns) {
        this.bins = bins;
        this.columns = columns;
    }

    /** Nothing is divided: groups keep the values of the input, or are replaced by the baseline. */
    public static Discretizer none() {
        return new Discretizer(0, Map.of());
    }

    /** Four bins, by the quartiles of the background. */
    public static Discretizer quartiles() {
        return quantiles(4);
    }

    /** Ten bins, by the deciles of the background. */
    public static Discretizer deciles() {
        return quantiles(10);
    }

    /**
     * Bins by quantiles of the background.
     *
     * @param bins how many, at most; 2 to 1000
     */
    public static Discretizer quantiles(int bins) {
        if (bins < 2 || bins > MOST_BINS) {
            throw new IllegalArgumentException(
                    "discretizer: " + bins + " bins by quantiles; give 2 to " + MOST_BINS + " of them");
        }
        return new Discretizer(bins, Map.of());
    }

    /** Each value of each column is a bin of its own, but in columns that are given {@link #cuts}. */
    public static Discretizer values() {
        return new Discretizer(1, Map.of());
    }

    /**
     * Returns a copy with cut points of a column.
     *
     * @param column its name, or that of a group of one element
     * @param cutPoints finite and ascending, at least one; bins are ≤ the first, > the first and ≤ the second, and
     *     so on
     * @throws IllegalArgumentException if they are not ascending, or the column is given already
     */
    public Discretizer cuts(String column, double... cutPoints) {
        boolean ascending = cutPoints.length > 0;
        for (int i = 0; i < cutPoints.length; i++) {
            ascending &= Double.isFinite(cutPoints[i]) && (i == 0 || cutPoints[i - 1] < cutPoints[i]);
        }
        if (!ascending) {
            throw new IllegalArgumentException("discretizer: the cut points " + Numbers.listed(cutPoints)
                    + " of column '" + column + "' must be finite and ascending, each once, and at least one");
        }
        return with(column, cutPoints.clone());
    }

    /**
     * Returns a copy in which each value of these columns is a bin of its own.
     *
     * @param names of columns, or of groups
     * @throws IllegalArgumentException if one is given already
     */
    public Discretizer categories(String... names) {
        Discretizer changed = this;
        for (String name : names) {
            changed = changed.with(name, new double[0]);
        }
        return changed;
    }

    private Discretizer with(String column, double[] cutPoints) {
        if (isNone()) {
            throw new IllegalArgumentException("discretizer none: it divides nothing, so column '" + column
                    + "' cannot be; start with quartiles(), deciles(), quantiles(bins) or values()");
        }
        Map<String, double[]> more = new LinkedHashMap<>(columns);
        if (more.put(column, cutPoints) != null) {
            throw new IllegalArgumentException(
                    "discretizer: column '" + column + "' is given twice; give its cut points, or call it a category");
        }
        return new Discretizer(bins, more);
    }

    private static Discretizer parse(String text) {
        List<String> parts = NameList.read(text, ';');
        Discretizer read = base(parts.get(0));
        for (String part : parts.subList(1, parts.size())) {
            List<String> sides = NameList.read(part, ':');
            if (sides.size() != 2) {
                throw new IllegalArgumentException("'" + part
                        + "': write COLUMN: category, or COLUMN: and cut points, such as age: 18, 30, 65; a colon or a"
                        + " semicolon of a name follows a backslash");
            }
            read = sides.get(1).equals(CATEGORY)
                    ? read.categories(sides.get(0))
                    : read.cuts(sides.get(0), Numbers.of(sides.get(1)));
        }
        return read;
    }

    private static Discretizer base(String text) {
        if (text.startsWith(QUANTILE)) {
            return quantiles(Integer.parseInt(text.substring(QUANTILE.length()).strip()));
        }
        return switch (text) {
            case NONE -> none();
            case VALUES -> values();
            case QUARTILE -> quartiles();
            case DECILE -> deciles();
            default ->
                throw new IllegalArgumentException(
                        "'" + text + "' divides nothing: choose none, quartile, decile, quantile:BINS or values");
        };
    }

    /** Returns whether nothing is divided. */
    boolean isNone() {
        return bins == 0;
    }

    /** Returns the number of bins by quantiles; 1 where each value is a bin. */
    int bins() {
        return bins;
    }

    /** Returns for each column that is named its cut points; none for a category. Not copied. */
    Map<String, double[]> columns() {
        return columns;
    }

    /**
     * Returns cut points by quantiles.
     *
     * @param sorted finite numbers, ascending, at least one
     */
    double[] quantiles(double[] sorted) {
        double[] cuts = new double[bins - 1];
        for (int i = 0; i < cuts.length; i++) {
            double place = (i + 1.0) / bins * (sorted.length - 1);
            int below = (int) place;
            double low = sorted[below];
            double high = sorted[Math.min(below + 1, sorted.length - 1)];
            double part = place - below;
            cuts[i] = part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
        }
        return Arrays.stream(cuts).distinct().toArray();
    }

    /** Returns the text that names it on the command line. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        parts.add(
                switch (bins) {
                    case 0 -> NONE;
                    case 1 -> VALUES;
                    case 4 -> QUARTILE;
                    case 10 -> DECILE;
                    default -> QUANTILE + bins;
                });
        columns.forEach((name, cuts) -> parts.add(NameList.write(
                NameList.write(name, ':')
                        + ": "
                        + (cuts.length == 0
                                ? CATEGORY
                                : Arrays.stream(cuts).mapToObj(Numbers::plain).collect(Collectors.joining(", "))),
                ';')));
        return String.join("; ", parts);
    }
}
