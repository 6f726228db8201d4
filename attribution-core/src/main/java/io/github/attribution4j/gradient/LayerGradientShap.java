// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.SampleRange;
import io.github.attribution4j.evaluation.SampledMoments;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.run.Budget;
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
            Budget.SETTING,
            NOISE,
            BASELINE,
            POSITIONS,
            MULTIPLY);

    private LayerGradientShap(Settings<LayerGradientShap> settings) {
        super(settings);
    }

    static LayerGradientShap of(GradientShap sampled, String... layers) {
        return Layers.of(DESCRIPTION, layers)
                .with(SAMPLES, sampled.samples())
                .with(Budget.SETTING, sampled.budget())
                .with(NOISE, sampled.noise())
                .with(BASELINE, sampled.baseline())
                .with(POSITIONS, sampled.positions())
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
            SegmentEnds starts = ends(runs, Segments.Position.START, !baseline().isDistribution());
            SegmentEnds ends = ends(runs, Segments.Position.END, noise().isNone());
            SampledMoments moments = sampled(runs.whole(), multipliesByInputs(), (range, drawn) -> {
                runs.gradients(
                        segments(runs.whole(), range, Segments.Position.DRAWN),
                        part -> drawn.add(
                                part,
                                contributions(
                                        part.gradients(),
                                        () -> differences(starts, ends, range, part.from(), part.to()))));
                if (multipliesByInputs()) {
                    starts.score(range, drawn);
                    ends.score(range, drawn);
                }
            });
            Outcome outcome =
                    withErrors(runs.outcome(moments.means()), moments).reached(moments.reached(), runs.whole());
            return runs.explanation(
                    multipliesByInputs()
                            ? outcome.completeBetween(starts.meanScores(moments), ends.meanScores(moments))
                            : outcome);
        }
    }

    private static List<Tensor> differences(
            SegmentEnds starts, SegmentEnds ends, SampleRange range, long from, long to) {
        List<Tensor> there = ends.activations(range, from, to);
        List<Tensor> here = starts.activations(range, from, to);
        List<Tensor> differences = new ArrayList<>(there.size());
        for (int i = 0; i < there.size(); i++) {
            differences.add(there.get(i).sub(here.get(i)));
        }
        return differences;
    }

    /** Returns one end of all segments; the same for all samples of an example if {@code isSingle}. */
    private SegmentEnds ends(LayerRuns runs, Segments.Position position, boolean isSingle) {
        if (!isSingle) {
            return SegmentEnds.drawn(runs, position.name(), range -> segments(runs.whole(), range, position));
        }
        List<Tensor> references = position == Segments.Position.END
                ? runs.whole().inputs().attributed()
                : baseline().references(runs.whole().inputs(), runs.whole().run());
        return SegmentEnds.single(runs, position.name(), references);
    }
}
