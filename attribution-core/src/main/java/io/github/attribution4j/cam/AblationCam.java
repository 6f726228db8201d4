// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * Ablation class activation map: each channel's weight is the loss in score when the channel is removed. No gradients.
 *
 * <pre>  w[k] = (S − S[k := 0]) / |S|        L[p] = Σ_k w[k] · A[k, p]</pre>
 *
 * <p>S[k := 0] is the score with channel k zero at all positions and everything else unchanged. A channel that is zero
 * anyway has weight 0 and is not evaluated.
 *
 * <p>The paper divides by S and assumes that S is positive. A negative S would reverse the map's sign, so this method
 * divides by |S|. With {@code relative(false)} it does not divide, and weights are in units of the score. That is
 * needed where S is 0, which is refused otherwise.
 *
 * <p><b>Cost.</b> For each example and layer: one forward row of the head, one of the model for the scores, one of the
 * tail, and a forward row of the tail for each evaluated channel: at most C, or {@code channels}.
 *
 * <p><b>Paper.</b> Desai and Ramaswamy, <i>Ablation-CAM: Visual Explanations for Deep Convolutional Network via
 * Gradient-free Localization</i>, 2020. The paper applies the rectifier, {@code relu(true)}.
 *
 * <p><b>Compared with others.</b> Captum has none; its {@code LayerFeatureAblation} with one group for each channel
 * gives S − S[k := 0]. pytorch-grad-cam replaces channels by a negative value derived from the activation's minimum,
 * divides by S, always rectifies, and scales every map to 0 … 1.
 *
 * <p>Settings: {@code channels} (the most channels to evaluate, all by default), {@code relative}, and those of all
 * maps: {@code layer}, {@code layout}, {@code upsample}, {@code relu} and {@code merge}.
 */
public final class AblationCam extends ClassActivationMap<AblationCam> {
    private static final Setting<Boolean> RELATIVE =
            Setting.of("relative", Kind.FLAG, true, "whether what is lost is divided by the score's magnitude");

    /** The description of the method. */
    public static final Description<AblationCam> DESCRIPTION = Description.of(
            "ablation-cam",
            Need.LAYERS,
            "a layer's channels weighted by what the score loses without each; no gradients",
            AblationCam::new,
            CamSettings.and(CamSettings.CHANNELS, RELATIVE));

    private AblationCam(Settings<AblationCam> settings) {
        super(settings);
    }

    /**
     * Creates the method with its defaults.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public AblationCam(String... layers) {
        this(CamSettings.at(DESCRIPTION, layers));
    }

    /**
     * Returns a copy that evaluates only some channels; by default all.
     *
     * @param most the most channels of each example, at least 1: those with the largest Σ_p A[k, p]², of equal ones the
     *     lower number first; the others have weight 0
     */
    public AblationCam channels(int most) {
        return with(CamSettings.CHANNELS, ChannelChoice.checked(most));
    }

    /** Returns a copy that divides the loss by |S| (the default), or does not. */
    public AblationCam relative(boolean ofScore) {
        return with(RELATIVE, ofScore);
    }

    @Override
    Tensor map(LayerRun layer) {
        boolean relative = value(RELATIVE);
        double[] scores = layer.evaluator().scores();
        requireDivisors(scores, layer);
        Tensor activation = layer.activation();
        Channels arranged = layer.arranged(activation);
        ChannelChoice choice = ChannelChoice.largest(arranged.toArrays(), value(CamSettings.CHANNELS));
        double[][] weights = new double[scores.length][arranged.channelCount()];
        if (choice.rows() > 0) {
            double[] without = layer.tailScores(
                    activation,
                    tail -> new AblatedRows(layer, tail.inputs().attributed().get(0), choice));
            for (int row = 0; row < without.length; row++) {
                int example = choice.example(row);
                double lost = scores[example] - without[row];
                weights[example][choice.channel(row)] = relative ? lost / Math.abs(scores[example]) : lost;
            }
        }
        return LayerRun.weighted(arranged, weights);
    }

    private void requireDivisors(double[] scores, LayerRun layer) {
        for (int example = 0; value(RELATIVE) && example < scores.length; example++) {
            if (scores[example] == 0) {
                throw new InvalidRequestException(List.of("relative: the score of example " + example + " is 0, and "
                        + name() + " at layer '" + layer.layer() + "' divides by it; set relative(false)"));
            }
        }
    }
}
