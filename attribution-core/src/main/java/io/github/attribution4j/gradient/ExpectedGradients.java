// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.numeric.Noise;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Gradients at points drawn between drawn baselines and noisy inputs: {@link GradientShap}, of the inputs, and {@link
 * LayerGradientShap}, of a layer.
 *
 * @param <M> what the method needs of a model
 * @param <S> the method itself
 */
abstract sealed class ExpectedGradients<M extends Model, S extends ExpectedGradients<M, S>> extends Described<M, S>
        permits GradientShap, LayerGradientShap {
    static final Setting<Integer> SAMPLES =
            Setting.count("samples", 5, 1, "draws for each example").trial(4);
    static final Setting<Noise> NOISE =
            Setting.of("stdev", Noise.KIND, Noise.of(0), "standard deviation of noise added to the input");
    static final Setting<Baseline> BASELINE =
            Setting.of("baseline", Baseline.KIND, Baseline.zeros(), "what baselines of the inputs are drawn from");
    static final Setting<Boolean> MULTIPLY = Setting.of(
            "multiply-by-inputs",
            Kind.FLAG,
            true,
            "whether gradients are multiplied by input - baseline, at a layer by the change of the activation; if"
                    + " not: a"
                    + " sensitivity");

    ExpectedGradients(Settings<S> settings) {
        super(settings);
    }

    /** Returns a copy that draws this many samples for each example; default 5, at least 1. */
    public final S samples(int samples) {
        return with(SAMPLES, samples);
    }

    /**
     * Returns a copy that adds noise of this standard deviation to the inputs; default 0.
     *
     * @param perInput in the unit of the inputs, each 0 or more: one for all attributed inputs, or one for each
     */
    public final S stdev(double... perInput) {
        return with(NOISE, Noise.of(perInput));
    }

    /**
     * Returns a copy whose baselines of the inputs are drawn from another source: {@link Baseline#samples}, {@link
     * Baseline#uniform}, {@link Baseline#normal}, or a single reference, with which only positions and noise are
     * random.
     */
    public final S baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    /**
     * Returns a copy whose gradients are multiplied by x̃ − b, at a layer by h(x̃) − h(b), the default, or not. If not,
     * there is no completeness gap.
     */
    public final S multiplyByInputs(boolean multiply) {
        return with(MULTIPLY, multiply);
    }

    final void check(Inputs inputs, Problems problems) {
        noise().check(inputs, problems);
        baseline().check(inputs, problems);
    }

    final Segments segments(Evaluator evaluator, Segments.Position position) {
        return new Segments(evaluator, baseline(), noise(), samples(), position);
    }

    /**
     * Returns gradients times differences between the ends of their segments, or gradients alone if the user wants
     * those.
     */
    final List<Tensor> contributions(List<Tensor> gradients, Supplier<List<Tensor>> differences) {
        if (!multipliesByInputs()) {
            return gradients;
        }
        List<Tensor> lengths = differences.get();
        List<Tensor> contributions = new ArrayList<>(gradients.size());
        for (int i = 0; i < gradients.size(); i++) {
            contributions.add(gradients.get(i).mul(lengths.get(i)));
        }
        return contributions;
    }

    /** Plans the rows of gradients, and those of scores at ends that are drawn. */
    final void plan(Evaluator evaluator, boolean scores) {
        int drawn = (baseline().isDistribution() ? 1 : 0) + (noise().isNone() ? 0 : 1);
        evaluator.run().plan((long) evaluator.examples() * samples() * (scores ? 1 + drawn : 1));
    }

    final int samples() {
        return value(SAMPLES);
    }

    final Noise noise() {
        return value(NOISE);
    }

    final Baseline baseline() {
        return value(BASELINE);
    }

    final boolean multipliesByInputs() {
        return value(MULTIPLY);
    }
}
