// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.mask.CoalitionMethod;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import java.util.Arrays;

/**
 * What the score loses when one group of elements goes absent and all others stay.
 *
 * <pre>
 * attribution(g) = F(x) − F(x with group g := b)
 * </pre>
 *
 * <p>The attribution of a group stands at each of its elements. Groups that only matter together, or that stand in for
 * each other, are seen one by one, so attributions do not add up to the score;
 * {@link io.github.attribution4j.shapley.ShapleyValues} do.
 *
 * <p>If the baseline is a set of samples, every score above but F(x) is the mean over all of them, and each coalition
 * costs as many rows; see {@link io.github.attribution4j.mask.Coalitions}.
 *
 * <p><b>Shapes.</b> Attributions have the inputs' shapes. Their type is the input's, or for inputs of an integer type
 * float32 (float64 if the model's output is).
 *
 * <p><b>Cost.</b> M + 1 forward rows for each example; the default mask has a group for every element.
 *
 * <p><b>Differences to Captum.</b> Masks are checked (there, a mask missing for an input gives zeros) and group numbers
 * must have no gaps; each example may have its own mask. Rows go to the model in batches, whatever the number
 * of examples.
 *
 * <p>Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014, introduced it for patches
 * of images.
 */
public final class FeatureAblation extends CoalitionMethod<FeatureAblation> {
    /** What the method says of itself. */
    public static final Description<FeatureAblation> DESCRIPTION = Description.<FeatureAblation>of(
                    "feature-ablation",
                    Need.FORWARD,
                    "what the score loses when one group of elements goes absent",
                    FeatureAblation::new,
                    BASELINE,
                    LINK,
                    MASK)
            .advising(CoalitionMethod::betterWithMask);

    private FeatureAblation(Settings<FeatureAblation> settings) {
        super(settings);
    }

    /** Creates the method with a baseline of zeros, element by element. */
    public FeatureAblation() {
        this(DESCRIPTION.defaults());
    }

    @Override
    protected Outcome explain(Coalitions coalitions) {
        double[] scores = coalitions.scores();
        double[][] values = coalitions.scores(coalitions::groups, (example, row, kept) -> {
            Arrays.fill(kept, true);
            kept[row] = false;
        });
        for (int example = 0; example < scores.length; example++) {
            for (int group = 0; group < values[example].length; group++) {
                values[example][group] = scores[example] - values[example][group];
            }
        }
        return coalitions.outcome(values).scores(scores);
    }
}
