// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.SampleRange;
import io.github.attribution4j.evaluation.SampledMoments;
import io.github.attribution4j.gradient.GradientShap.Positions;
import io.github.attribution4j.internal.numeric.Noise;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Budget;
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

    static final Setting<Positions> POSITIONS = Setting.of(
            "positions",
            Kind.choice(Positions.class),
            Positions.RANDOM,
            "how positions between baseline and input are drawn: random, or low-discrepancy, without standard errors");

    ExpectedGradients(Settings<S> settings) {
        super(settings);
    }

    /** Returns a copy that draws this many samples for each example; default 5, at least 1. */
    public final S samples(int samples) {
        return with(SAMPLES, samples);
    }

    /**
     * Returns a copy that ends by another rule than its number of samples: after a number of samples of each example,
     * when the error of all attributions of an example is small enough, or both. An evaluation of the budget is a
     * sample.
     */
    public final S budget(Budget budget) {
        return with(Budget.SETTING, budget);
    }

    /** Returns a copy that draws positions on the segments in another way; at random unless set. */
    public final S positions(Positions positions) {
        return with(POSITIONS, positions);
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
        SampledMoments.check(name(), budget(), problems);
        problems.require(
                positions() == Positions.RANDOM || !budget().hasError(),
                name() + ": positions " + positions() + " with budget " + budget()
                        + ": the error of samples that are not independent is not estimated; give a number of"
                        + " evaluations, or positions random");
    }

    final Segments segments(Evaluator evaluator, SampleRange range, Segments.Position position) {
        return new Segments(evaluator, baseline(), noise(), positions(), range, position);
    }

    /**
     * Draws samples.
     *
     * @param scores whether scores at ends that are drawn are evaluated too
     */
    final SampledMoments sampled(Evaluator evaluator, boolean scores, SampledMoments.Sampler sampler) {
        int drawn = (baseline().isDistribution() ? 1 : 0) + (noise().isNone() ? 0 : 1);
        long rows = scores ? 1 + drawn : 1;
        return SampledMoments.of(
                evaluator, budget(), samples(), count -> evaluator.run().plan(count * rows), sampler);
    }

    /** Returns the outcome with the standard errors of the means, if samples are independent. */
    final Outcome withErrors(Outcome outcome, SampledMoments moments) {
        return positions() == Positions.RANDOM ? outcome.standardErrors(moments.standardErrors()) : outcome;
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

    final int samples() {
        return value(SAMPLES);
    }

    final Budget budget() {
        return value(Budget.SETTING);
    }

    final Positions positions() {
        return value(POSITIONS);
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
