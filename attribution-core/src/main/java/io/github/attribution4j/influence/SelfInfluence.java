// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.influence.Ranking.Ranked;
import io.github.attribution4j.status.Experimental;
import java.util.List;

/**
 * The influence of each training row on itself: how hard the model had to learn it. Rows with a wrong label come first.
 * Immutable; holds no tensors.
 */
@Experimental
public final class SelfInfluence {
    private final double[] scores;
    private final Report report;

    SelfInfluence(double[] scores, Report report) {
        this.scores = scores;
        this.report = report;
    }

    /** Returns the self-influence of each row, 0 or more; a copy. */
    public double[] scores() {
        return scores.clone();
    }

    /**
     * Returns the rows of the highest self-influence, highest first; equal ones by their number.
     *
     * @param count at least 1; all rows if there are fewer
     */
    public List<Ranked> highest(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("count " + count + ": must be at least 1");
        }
        TopRows top = new TopRows(Math.min(count, scores.length));
        for (int row = 0; row < scores.length; row++) {
            top.add(row, scores[row]);
        }
        return top.highest();
    }

    /** Returns where the influences come from. */
    public Report report() {
        return report;
    }

    @Override
    public String toString() {
        return "SelfInfluence[" + scores.length + " rows]";
    }
}
