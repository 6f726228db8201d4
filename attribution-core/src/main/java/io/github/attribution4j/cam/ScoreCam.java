// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * Score-weighted class activation map: each channel's weight comes from the score of the input when it is masked by
 * that channel alone. No gradients.
 *
 * <pre>  H[k] = (U[k] − min U[k]) / (max U[k] − min U[k]),  U[k] = A[k, ·] resampled to the input's size
 *  c[k] = F(b + H[k] ∘ (x − b)) − F(b)        w = softmax over k of c        L[p] = Σ_k w[k] · A[k, p]</pre>
 *
 * <p>x is the input, b the baseline (zeros by default, as in the paper), F the score. c[k] is the channel's increase of
 * confidence. The softmax does not change when all c change by the same amount, so F(b) cancels and is not evaluated;
 * with {@code softmax(false)} the weights are the signed c themselves, and F(b) is evaluated. A channel that is
 * constant over positions has no H; its weight is 0, it is not in the softmax, and it is not evaluated. If scores
 * differ by many units, the softmax picks a single channel: then give {@code Target.probability(class)}, the other way
 * that the paper discusses.
 *
 * <p>Channels are resampled linearly, whatever {@link #upsample} sets for the map. The model must have one attributed
 * input whose last axes are as many axes of positions as the layer has (at most three); other inputs must be fixed.
 *
 * <p><b>Cost.</b> For each example and layer: a forward row of the head, one of the model for the scores, and one of
 * the model for each evaluated channel: at most C, or {@code channels}; with {@code softmax(false)} one more for the
 * baseline.
 *
 * <p><b>Paper.</b> Wang, Wang, Du, Yang, Zhang, Ding, Mardziel and Hu, <i>Score-CAM: Score-Weighted Visual Explanations
 * for Convolutional Neural Networks</i>, 2020. The paper applies the rectifier, {@code relu(true)}.
 *
 * <p><b>Compared with others.</b> Captum has none. pytorch-grad-cam adds 1e-8 to the divisor of H, keeps constant
 * channels, always rectifies, and scales every map to 0 … 1. The option {@code channels} is the idea of the "fast"
 * variants, which keep the channels with the largest standard deviation.
 *
 * <p>Settings: {@code baseline}, {@code channels} (the most channels to evaluate, all by default), {@code softmax}, and
 * those of all maps:
 * {@code layer}, {@code layout}, {@code upsample}, {@code relu} and {@code merge}.
 */
public final class ScoreCam extends ClassActivationMap<ScoreCam> {
    private static final Setting<Baseline> BASELINE =
            Setting.of("baseline", Baseline.KIND, Baseline.zeros(), "what a fully masked input looks like");
    private static final Setting<Boolean> SOFTMAX = Setting.of(
            "softmax", Kind.FLAG, true, "whether weights are the softmax of the increases, or those themselves");

    /** The description of the method. */
    public static final Description<ScoreCam> DESCRIPTION = Description.of(
            "score-cam",
            Need.LAYERS,
            "a layer's channels weighted by the score of the input seen through each; no gradients",
            ScoreCam::new,
            CamSettings.and(BASELINE, CamSettings.CHANNELS, SOFTMAX));

    private ScoreCam(Settings<ScoreCam> settings) {
        super(settings);
    }

    /**
     * Creates the method with its defaults.
     *
     * @param layers addresses of values inside the model, usually the last one with positions
     */
    public ScoreCam(String... layers) {
        this(CamSettings.at(DESCRIPTION, layers));
    }

    /** Returns a copy with another baseline; zeros by default. */
    public ScoreCam baseline(Baseline masked) {
        return with(BASELINE, masked);
    }

    /**
     * Returns a copy that evaluates only some channels; by default all.
     *
     * @param most the most channels of each example, at least 1: those with the largest standard deviation over
     *     positions, of equal ones the lower number first; the others have weight 0 and are not in the softmax
     */
    public ScoreCam channels(int most) {
        return with(CamSettings.CHANNELS, ChannelChoice.checked(most));
    }

    /**
     * Returns a copy whose weights are the softmax over channels of the increases (the default), or the increases
     * themselves.
     */
    public ScoreCam softmax(boolean overChannels) {
        return with(SOFTMAX, overChannels);
    }

    @Override
    Tensor map(LayerRun layer) {
        Evaluator evaluator = layer.evaluator();
        Inputs inputs = evaluator.inputs();
        check(inputs);
        evaluator.scores();
        Channels activation = layer.arranged(layer.activation());
        long[] size = Resampler.size(new long[0], inputs, layer.layer(), activation.positions());
        ChannelChoice choice = ChannelChoice.mostVaried(activation.toArrays(), value(CamSettings.CHANNELS));
        double[][] weights = new double[evaluator.examples()][activation.channelCount()];
        if (choice.rows() > 0) {
            List<Tensor> references = value(BASELINE).references(inputs, evaluator.run());
            double[] increases = evaluator.scores(
                    new MaskedRows(inputs.attributed().get(0), references.get(0), activation, choice, size));
            if (value(SOFTMAX)) {
                choice.softmax(increases);
            } else {
                double[] absent = evaluator.scoresAt(references);
                for (int row = 0; row < increases.length; row++) {
                    increases[row] -= absent[choice.example(row)];
                }
            }
            for (int row = 0; row < increases.length; row++) {
                weights[choice.example(row)][choice.channel(row)] = increases[row];
            }
        }
        return LayerRun.weighted(activation, weights);
    }

    private void check(Inputs inputs) {
        Problems problems = new Problems();
        List<Inputs.Input> attributed = inputs.attributedInputs();
        problems.require(
                attributed.size() == 1,
                "inputs: " + attributed.size() + " are attributed, and score-cam masks one; mark the others fixed");
        Inputs.Input input = attributed.get(0);
        problems.require(
                input.tensor().dataType().isFloating(),
                "input '" + input.name() + "' is of type " + input.tensor().dataType()
                        + ", which cannot be masked gradually; score-cam needs a floating-point input");
        problems.require(
                !value(BASELINE).isDistribution(),
                "baseline " + value(BASELINE).describe()
                        + " is a distribution, and score-cam masks with one reference; give "
                        + "Baseline.mean(...), or one draw with Baseline.of(...)");
        value(BASELINE).check(inputs, problems);
        problems.throwIfAny();
    }
}
