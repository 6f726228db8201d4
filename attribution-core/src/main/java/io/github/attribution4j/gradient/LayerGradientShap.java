// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Rows.GroupMoments;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/**
 * GradientSHAP of a layer, sampled in the space of the inputs.
 *
 * <p>Each of n samples draws a baseline b of the inputs, normal noise for the input, x̃ = x + N(0, stdev²), and a
 * position u uniform in [0, 1). With h the layer's activation, attribution: the mean over samples of (h(x̃) − h(b)) ·
 * ∂F/∂h at b + u (x̃ − b), in the layer's shape; with its standard error for each unit (n ≥ 2).
 * {@code new GradientShap(baseline).at(layer)} is another method: it draws baselines, noise and positions in the space
 * of activations, and its path is straight there.
 *
 * <p><b>Completeness.</b> The explanation's gap is Σ attributions − mean over samples of (F(x̃) − F(b)). It goes to 0
 * for many samples only where h is affine in the inputs and nothing bypasses the layer: the gradient is taken on the
 * curve that h follows, and multiplied by the straight line between its ends. {@link Conductance} has no such bias.
 *
 * <p><b>Cost.</b> For each example n forward rows and n backward rows that end at the layer; n forward rows each for
 * h(b) and for the gap (one in all for a baseline that is a single reference), and as many for x̃ if there is noise.
 *
 * <p><b>Repeatability.</b> As {@link GradientShap}, with the same draws for the same seed.
 *
 * <p><b>Compared with Captum.</b> The estimator of {@code LayerGradientShap}, with the remarks of {@link GradientShap}.
 */
public final class LayerGradientShap extends ExpectedGradients<LayeredModel, LayerGradientShap> {
    /** The description of the method. */
    public static final Description<LayerGradientShap> DESCRIPTION = Description.of(
            "layer-gradient-shap",
            Need.LAYERS,
            "GradientSHAP of a layer, with baselines and noise of the inputs",
            LayerGradientShap::new,
            Layers.SETTING,
            SAMPLES,
            NOISE,
            BASELINE,
            MULTIPLY);

    private LayerGradientShap(Settings<LayerGradientShap> settings) {
        super(settings);
    }

    /**
     * Creates the method with its defaults: 5 samples, no noise, and zeros, which are no distribution.
     *
     * @param layers address of a layer, or of several of which none depends on another
     */
    public LayerGradientShap(String... layers) {
        this(Layers.of(DESCRIPTION, layers));
    }

    /**
     * Creates the method with its defaults: 5 samples, no noise.
     *
     * @param baseline of the inputs, what baselines are drawn from
     * @param layers address of a layer, or of several of which none depends on another
     */
    public LayerGradientShap(Baseline baseline, String... layers) {
        this(Layers.of(DESCRIPTION, layers).with(BASELINE, baseline));
    }

    @Override
    public Explanation attribute(LayeredModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            LayerRuns runs = LayerRuns.start(
                    this,
                    value(Layers.SETTING),
                    Path.Bypass.FOLLOW,
                    model,
                    inputs,
                    target,
                    run,
                    problems -> check(inputs, problems));
            SegmentEnds starts = ends(runs, false);
            SegmentEnds ends = ends(runs, true);
            plan(runs.whole(), multipliesByInputs());
            GroupMoments moments = GroupMoments.ofSecondOrder(samples());
            runs.gradients(
                    segments(runs.whole(), Segments.Position.DRAWN),
                    part -> moments.add(
                            part,
                            contributions(part.gradients(), () -> differences(starts, ends, part.from(), part.to()))));
            Outcome outcome = runs.outcome(moments.means()).standardErrors(moments.standardErrors());
            return runs.explanation(
                    multipliesByInputs() ? outcome.completeBetween(starts.meanScores(), ends.meanScores()) : outcome);
        }
    }

    private static List<Tensor> differences(SegmentEnds starts, SegmentEnds ends, long from, long to) {
        List<Tensor> there = ends.activations(from, to);
        List<Tensor> here = starts.activations(from, to);
        List<Tensor> differences = new ArrayList<>(there.size());
        for (int i = 0; i < there.size(); i++) {
            differences.add(there.get(i).sub(here.get(i)));
        }
        return differences;
    }

    private SegmentEnds ends(LayerRuns runs, boolean atInput) {
        Segments rows = segments(runs.whole(), atInput ? Segments.Position.END : Segments.Position.START);
        boolean single = atInput ? noise().isNone() : !baseline().isDistribution();
        if (!single) {
            return SegmentEnds.drawn(runs, rows, samples());
        }
        List<Tensor> references = atInput
                ? runs.whole().inputs().attributed()
                : baseline().references(runs.whole().inputs(), runs.whole().run());
        return SegmentEnds.single(runs, rows, samples(), references);
    }
}
