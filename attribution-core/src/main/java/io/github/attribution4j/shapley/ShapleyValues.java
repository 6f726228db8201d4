// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.mask.CoalitionMethod;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;

/**
 * Shapley values, exact: what a group adds to the score, averaged over all orders in which groups could be added to the
 * baseline.
 *
 * <pre>
 * attribution(g) = Σ over S without g of  |S|! (M − |S| − 1)! / M! · (v(S ∪ {g}) − v(S))
 * </pre>
 *
 * <p>where v(S) is the score at x with every group outside S replaced by the baseline. These are the only attributions
 * that are complete (Σ over groups = F(x) − F(b), reported as the completeness gap), give equal groups the same, groups
 * that never matter nothing, and add up when scores do. They are the baseline's: another baseline, other values.
 *
 * <p>The attribution of a group stands at each of its elements; completeness counts each group once.
 *
 * <p>If the baseline is a set of samples, every score above but F(x) is the mean over all of them, and each coalition
 * costs as many rows; see {@link io.github.attribution4j.mask.Coalitions}.
 *
 * <p><b>Shapes.</b> Attributions have the inputs' shapes. Their type is the input's, or for inputs of an integer type
 * float32 (float64 if the model's output is).
 *
 * <p><b>Cost.</b> 2^M forward rows for each example, each coalition evaluated once; M is at most 24. For more groups,
 * or less time, see {@link ShapleySampling} and {@link KernelShap}.
 *
 * <p><b>Differences to Captum.</b> Captum walks all M! orders, with M rows each; the values are the same.
 *
 * <p>Shapley, "A Value for n-Person Games", 1953.
 */
public final class ShapleyValues extends CoalitionMethod<ShapleyValues> {
    private static final int MOST_GROUPS = 24;
    /** Scores that are held at once, unless one example needs more. */
    private static final long CHUNK = 1 << 20;

    /** What the method says of itself. */
    public static final Description<ShapleyValues> DESCRIPTION = Description.<ShapleyValues>of(
                    "shapley-values",
                    Need.FORWARD,
                    "exact Shapley values over all 2^M coalitions; at most 24 groups",
                    ShapleyValues::new,
                    BASELINE,
                    LINK,
                    MASK)
            .advising(elements -> elements > MOST_GROUPS
                    ? "with a --mask of at most " + MOST_GROUPS + " groups; there are " + elements + " elements"
                    : "");

    private ShapleyValues(Settings<ShapleyValues> settings) {
        super(settings);
    }

    /** Creates the method with a baseline of zeros, element by element. */
    public ShapleyValues() {
        this(DESCRIPTION.defaults());
    }

    @Override
    protected Outcome explain(Coalitions coalitions) {
        double[] scores = coalitions.scores();
        double[] baselineScores = new double[scores.length];
        double[][] values = new double[scores.length][];
        long rows = 0;
        for (int example = 0; example < scores.length; example++) {
            rows += (1L << coalitions.groups(example)) - 1;
        }
        coalitions.plan(rows);
        int perChunk = (int) Math.max(1, CHUNK >> coalitions.mostGroups());
        for (int start = 0; start < scores.length; start += perChunk) {
            int from = start;
            int to = Math.min(scores.length, from + perChunk);
            double[][] evaluated = coalitions.scores(
                    example -> example < from || example >= to ? 0 : (1 << coalitions.groups(example)) - 1,
                    (example, row, kept) -> ExactShapley.fill(row, kept));
            for (int example = from; example < to; example++) {
                baselineScores[example] = evaluated[example][0];
                values[example] = ExactShapley.values(coalitions.groups(example), evaluated[example], scores[example]);
            }
        }
        return coalitions.complete(values, baselineScores);
    }

    @Override
    protected void check(Problems problems, int groups) {
        problems.require(
                groups <= MOST_GROUPS,
                "shapley-values: the mask makes " + groups + " groups, and exact values need 2^" + groups
                        + " rows for each example; give a mask with at most " + MOST_GROUPS
                        + " groups, or use shapley-sampling or kernel-shap");
    }
}
