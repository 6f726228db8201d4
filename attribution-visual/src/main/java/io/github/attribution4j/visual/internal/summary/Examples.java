// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Glyphs;
import io.github.attribution4j.visual.internal.Numbers;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * What drawings show: the attributions of many examples by feature.
 *
 * @param names of the features
 * @param attributions {@code attributions[feature][example]}
 * @param columns the values of each feature
 * @param scores of the examples; none if they are not known
 * @param baselines the score from which each example's attributions start; none if they are not known
 * @param labels the name of each example
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
public record Examples(
        String[] names,
        double[][] attributions,
        Column[] columns,
        double[] scores,
        double[] baselines,
        String[] labels) {

    public int size() {
        return labels.length;
    }

    /**
     * Returns the first example of a part of all; that of the part after the last is their number.
     *
     * @param of into so many parts, which differ by one example at most
     */
    int first(int part, int of) {
        return (int) ((long) part * size() / of);
    }

    public int features() {
        return names.length;
    }

    /** Returns the features, that of the largest mean magnitude first; ties keep their order. */
    public int[] ranked() {
        double[] magnitudes = new double[features()];
        for (int f = 0; f < magnitudes.length; f++) {
            magnitudes[f] = meanMagnitude(f);
        }
        return IntStream.range(0, magnitudes.length)
                .boxed()
                .sorted(Comparator.comparingDouble(f -> -magnitudes[f]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    double meanMagnitude(int feature) {
        double sum = 0;
        for (double attribution : attributions[feature]) {
            sum += Math.abs(attribution);
        }
        return sum / size();
    }

    /**
     * Returns the features of the largest mean magnitude, the largest first, and the others summed up as one feature
     * at the end. A single feature left over is shown itself.
     */
    Examples top(int top) {
        int[] ranked = ranked();
        int shown = ranked.length <= top + 1L ? ranked.length : top;
        boolean others = shown < ranked.length;
        int size = shown + (others ? 1 : 0);
        String[] ownNames = new String[size];
        double[][] own = new double[size][];
        Column[] ownColumns = new Column[size];
        for (int i = 0; i < shown; i++) {
            ownNames[i] = Glyphs.visible(names[ranked[i]]);
            own[i] = attributions[ranked[i]];
            ownColumns[i] = columns[ranked[i]];
        }
        if (others) {
            ownNames[shown] = "sum of " + (ranked.length - shown) + " others";
            own[shown] = new double[size()];
            ownColumns[shown] = Column.UNKNOWN;
            for (int i = shown; i < ranked.length; i++) {
                for (int e = 0; e < own[shown].length; e++) {
                    own[shown][e] += attributions[ranked[i]][e];
                }
            }
        }
        return new Examples(ownNames, own, ownColumns, scores, baselines, labels);
    }

    /** Returns some examples, in the given order. */
    public Examples select(int[] examples) {
        return new Examples(
                names,
                Arrays.stream(attributions).map(row -> select(row, examples)).toArray(double[][]::new),
                Arrays.stream(columns).map(column -> column.select(examples)).toArray(Column[]::new),
                select(scores, examples),
                select(baselines, examples),
                Arrays.stream(examples).mapToObj(e -> labels[e]).toArray(String[]::new));
    }

    /**
     * Returns examples spread evenly over the scores, with the lowest and the highest, ascending by score; all in their
     * order if they are not more.
     */
    public int[] spread(int most) {
        if (size() <= most) {
            return IntStream.range(0, size()).toArray();
        }
        int[] sorted = byEnd();
        return IntStream.range(0, most)
                .map(i -> sorted[(int) ((long) i * (sorted.length - 1) / Math.max(1, most - 1))])
                .toArray();
    }

    /** Returns the examples by where their attributions end, the lowest first. */
    public int[] byEnd() {
        double[] ends = ends();
        return IntStream.range(0, size())
                .boxed()
                .sorted(Comparator.comparingDouble(e -> ends[e]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static double[] select(double[] all, int[] examples) {
        return all.length == 0
                ? all
                : Arrays.stream(examples).mapToDouble(e -> all[e]).toArray();
    }

    public boolean hasBaselines() {
        return baselines.length > 0;
    }

    /** Returns the score from which an example's attributions start; 0 if it is not known. */
    double baseline(int example) {
        return hasBaselines() ? baselines[example] : 0;
    }

    /** Returns where the attributions of each example end: its score less the completeness gap, or their sum alone. */
    public double[] ends() {
        double[] ends = new double[size()];
        for (int e = 0; e < ends.length; e++) {
            ends[e] = baseline(e);
            for (double[] row : attributions) {
                ends[e] += row[e];
            }
        }
        return ends;
    }

    /** Returns what the ends are called. */
    String endName() {
        return hasBaselines() ? "score" : "sum of attributions";
    }

    /** Returns an example in words, with its score. */
    String describe(int example) {
        return labels[example] + (scores.length == 0 ? "" : ", score " + Numbers.brief(scores[example]));
    }

    /** Returns a feature of an example in words: {@code age = 41: +0.31}. */
    public String describe(int feature, int example) {
        return label(feature, example) + ": " + signed(attributions[feature][example]);
    }

    /** Returns a feature and its value, if it is known: {@code age = 41}. */
    String label(int feature, int example) {
        String value = Glyphs.visible(columns[feature].text(example));
        return value.isEmpty() ? names[feature] : names[feature] + " = " + value;
    }

    /** Returns a number of three digits with its sign. */
    static String signed(double value) {
        return (value > 0 ? "+" : "") + Numbers.brief(value);
    }
}
