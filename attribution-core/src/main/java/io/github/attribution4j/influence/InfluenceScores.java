// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.status.Experimental;

/** The influence of every training row on every explained example. Immutable; holds no tensors. */
@Experimental
public final class InfluenceScores {
    private final double[][] scores;
    private final Report report;

    /** {@code scores[example][row]}, taken over. */
    InfluenceScores(double[][] scores, Report report) {
        this.scores = scores;
        this.report = report;
    }

    /** Returns the number of explained examples. */
    public int examples() {
        return scores.length;
    }

    /** Returns the influence of each training row on an example; a copy. */
    public double[] of(int example) {
        return scores[example].clone();
    }

    /** Returns the influence of a training row on an example. */
    public double of(int example, int row) {
        return scores[example][row];
    }

    /** Returns where the influences come from. */
    public Report report() {
        return report;
    }

    @Override
    public String toString() {
        return "InfluenceScores[" + scores.length + " examples, " + scores[0].length + " training rows]";
    }
}
