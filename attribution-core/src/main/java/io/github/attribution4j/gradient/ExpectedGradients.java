// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Baseline;
import io.github.attribution4j.Evaluator;
import io.github.attribution4j.GaussianNoise;
import io.github.attribution4j.Problems;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Gradients at points drawn between drawn baselines and noisy inputs: {@link GradientShap}, of the inputs, and {@link
 * LayerGradientShap}, of a layer.
 *
 * @param <M> what the method needs of a model
 */
public abstract sealed class ExpectedGradients<M extends Model> implements Attribution<M>
        permits GradientShap, LayerGradientShap {
    private static final int DEFAULT_SAMPLES = 5;

    private final int samples;
    private final GaussianNoise noise;
    private final Baseline baseline;
    private final boolean multiplyByInputs;

    ExpectedGradients(Builder<?> builder) {
        this.samples = builder.samples;
        this.noise = builder.noise;
        this.baseline = builder.baseline;
        this.multiplyByInputs = builder.multiplyByInputs;
    }

    /** Adds the settings that only this method has. */
    abstract void describe(Map<String, Object> settings);

    final void check(Inputs inputs, Problems problems) {
        problems.require(samples >= 1, "samples " + samples + ": must be at least 1");
        noise.check(inputs, problems);
        baseline.check(inputs, problems);
    }

    final Segments segments(Evaluator evaluator, Segments.Position position) {
        return new Segments(evaluator, baseline, noise, samples, position);
    }

    /** Returns gradients times differences between the ends of their segments, or gradients alone if the user wants those. */
    final List<Tensor> contributions(List<Tensor> gradients, Supplier<List<Tensor>> differences) {
        if (!multiplyByInputs) {
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
        return samples;
    }

    final GaussianNoise noise() {
        return noise;
    }

    final Baseline baseline() {
        return baseline;
    }

    final boolean multipliesByInputs() {
        return multiplyByInputs;
    }

    @Override
    public final Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        describe(settings);
        settings.put("samples", samples);
        settings.put("stdev", noise);
        settings.put("baseline", baseline.describe());
        settings.put("multiply-by-inputs", multiplyByInputs);
        return settings;
    }

    /**
     * Collects the settings that both methods share. Not thread-safe.
     *
     * @param <B> the builder itself
     */
    public abstract static class Builder<B extends Builder<B>> {
        private int samples = DEFAULT_SAMPLES;
        private GaussianNoise noise = GaussianNoise.of(0);
        private Baseline baseline = Baseline.zeros();
        private boolean multiplyByInputs = true;

        Builder() {}

        abstract B self();

        /** Sets how many samples are drawn for each example; default 5, at least 1. */
        public B samples(int newSamples) {
            samples = newSamples;
            return self();
        }

        /**
         * Sets the standard deviation of the noise added to the inputs; default 0.
         *
         * @param perInput in the unit of the inputs, each 0 or more: one for all attributed inputs, or one for each
         */
        public B stdev(double... perInput) {
            noise = GaussianNoise.of(perInput);
            return self();
        }

        /**
         * Sets what baselines of the inputs are drawn from: {@link Baseline#samples}, {@link Baseline#uniform}, {@link
         * Baseline#normal}, or a single reference. Default zeros, with which only positions and noise are random.
         */
        public B baseline(Baseline newBaseline) {
            baseline = newBaseline;
            return self();
        }

        /**
         * Sets whether gradients are multiplied by x̃ − b, at a layer by h(x̃) − h(b); default yes. If not, there is no completeness
         * gap.
         */
        public B multiplyByInputs(boolean multiply) {
            multiplyByInputs = multiply;
            return self();
        }
    }

    @Override
    public String toString() {
        return Attribution.inWords(this);
    }
}
