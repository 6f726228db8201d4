// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
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

/** GradientSHAP of a layer: see {@link GradientShap#ofLayer}. */
final class LayerGradientShap extends ExpectedGradients<LayeredModel, LayerGradientShap> {
    static final Description<LayerGradientShap> DESCRIPTION = Description.of(
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

    static LayerGradientShap of(GradientShap sampled, String... layers) {
        return Layers.of(DESCRIPTION, layers)
                .with(SAMPLES, sampled.samples())
                .with(NOISE, sampled.noise())
                .with(BASELINE, sampled.baseline())
                .with(MULTIPLY, sampled.multipliesByInputs())
                .method();
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
