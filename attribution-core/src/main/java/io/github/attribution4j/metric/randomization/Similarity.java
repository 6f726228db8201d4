// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.randomization;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.internal.numeric.Correlation;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.Arrays;
import java.util.Locale;

/**
 * How alike two explanations of an example are, from -1 to 1. None sees the scale of an explanation. If the
 * attributions of both are all equal, it is 1; if only those of one are, a correlation is 0.
 */
public enum Similarity {
    /** Spearman's correlation of the attributions: that of their ranks, equal ones having the mean of theirs. */
    SPEARMAN,
    /** Pearson's correlation of the attributions. */
    PEARSON,
    /**
     * The structural similarity of maps, each divided by its largest magnitude: the mean over all windows of 7 × 7 (on
     * the last two axes, or 7 on the only one; fewer on a shorter axis) of (2μν + c)(2γ + d) / ((μ² + ν² + c)(σ² + τ²
     * + d)), with the means μ and ν, the sample variances σ² and τ² and the sample covariance γ in the window, c =
     * (0.01 · r)², d = (0.03 · r)², and the range r = 2, or 1 for magnitudes.
     */
    SSIM;

    static final Kind<Similarity> KIND = Kind.choice(Similarity.class);

    /**
     * Returns the similarity of an example's attributions in two explanations, whose attributions have the same shapes.
     *
     * @param magnitudes whether only magnitudes count
     */
    public double of(Explanation left, Explanation right, int example, boolean magnitudes) {
        return of(new Maps(left), new Maps(right), example, magnitudes);
    }

    /** Returns the similarity of two rows. */
    double of(Maps left, Maps right, int row, boolean magnitudes) {
        if (this == SSIM) {
            return StructuralSimilarity.of(left.parts(row, magnitudes), right.parts(row, magnitudes), magnitudes);
        }
        double[] x = left.row(row, magnitudes);
        double[] y = right.row(row, magnitudes);
        double correlation = this == SPEARMAN ? Correlation.spearman(x, y) : Correlation.pearson(x, y);
        return Double.isNaN(correlation) ? (equal(x) && equal(y) ? 1 : 0) : correlation;
    }

    private static boolean equal(double[] values) {
        return Arrays.stream(values).allMatch(value -> value == values[0]);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
