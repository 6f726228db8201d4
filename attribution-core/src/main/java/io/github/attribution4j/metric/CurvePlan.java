// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.internal.numeric.Sorting;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.mask.Coalitions.Keeping;
import io.github.attribution4j.metric.Judgement.Curve;
import java.util.Arrays;

/**
 * Which groups of each example are changed at each point of its curve, in the order of their relevance. The point that
 * is the example itself is not evaluated, since its score is known.
 */
final class CurvePlan {
    /** What the relevance of a group is. */
    enum Relevance {
        /** The sum of the attributions of its elements. */
        SUM,
        /** Their mean. */
        MEAN
    }

    private final boolean inserts;
    /** For each example and group the number of the evaluated points that do not change it. */
    private final int[][] unchanged;

    private final int[][] points;
    private final int[][] evaluated;

    private CurvePlan(int examples, boolean inserts) {
        this.inserts = inserts;
        unchanged = new int[examples][];
        points = new int[examples][];
        evaluated = new int[examples][];
    }

    /**
     * Returns a plan.
     *
     * @param mostFirst whether the most relevant group is changed first
     * @param inserts whether groups of the example are inserted; else they are deleted
     */
    static CurvePlan of(
            Explanation explanation,
            Coalitions coalitions,
            Relevance relevance,
            Points points,
            boolean mostFirst,
            boolean inserts) {
        CurvePlan plan = new CurvePlan(coalitions.evaluator().examples(), inserts);
        for (int example = 0; example < plan.unchanged.length; example++) {
            double[] values = ElementScores.byGroup(explanation, coalitions, example, relevance);
            int[] counts = points.of(values.length);
            int known = inserts ? values.length : 0;
            plan.points[example] = counts;
            plan.evaluated[example] =
                    Arrays.stream(counts).filter(count -> count != known).toArray();
            plan.unchanged[example] = Sorting.parts(keys(values, mostFirst), plan.evaluated[example]);
        }
        return plan;
    }

    /** Returns how many points of an example are evaluated. */
    int rows(int example) {
        return evaluated[example].length;
    }

    /** Says which groups a point keeps; a {@link Keeping}. */
    void fill(int example, int row, boolean[] kept) {
        int[] of = unchanged[example];
        // Two loops: a choice for each of 150,000 pixels took a fifth of a short curve.
        if (inserts) {
            for (int group = 0; group < of.length; group++) {
                kept[group] = of[group] <= row;
            }
        } else {
            for (int group = 0; group < of.length; group++) {
                kept[group] = of[group] > row;
            }
        }
    }

    /** Returns the shares of the groups that are changed at the points of an example. */
    double[] shares(int example) {
        double groups = unchanged[example].length;
        return Arrays.stream(points[example])
                .mapToDouble(count -> count / groups)
                .toArray();
    }

    /**
     * Returns the curve of an example.
     *
     * @param scores of the points that are evaluated
     * @param full of the example itself
     */
    Curve curve(int example, double[] scores, double full) {
        double[] all = new double[points[example].length];
        int next = 0;
        for (int i = 0; i < all.length; i++) {
            boolean known = next == scores.length || points[example][i] != evaluated[example][next];
            all[i] = known ? full : scores[next++];
        }
        return new Curve(shares(example), all);
    }

    /** Returns for each group its place in the order; groups of equal relevance are ordered by their number. */
    static int[] ranks(double[] relevance, boolean mostFirst) {
        int[] order = Sorting.ascending(keys(relevance, mostFirst));
        int[] ranks = new int[order.length];
        for (int place = 0; place < order.length; place++) {
            ranks[order[place]] = place;
        }
        return ranks;
    }

    /** Returns numbers whose ascending order is that of the changes. */
    private static double[] keys(double[] relevance, boolean mostFirst) {
        double[] keys = relevance.clone();
        for (int group = 0; group < keys.length && mostFirst; group++) {
            keys[group] = -keys[group];
        }
        return keys;
    }
}
