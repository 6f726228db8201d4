// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Baseline;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Problems;
import io.github.attribution4j.Run;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Bypass;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;

/**
 * What happens inside a layer while the model's inputs move straight from a baseline to their values: {@link Conductance}, {@link
 * NeuronConductance} and {@link InternalInfluence}.
 */
public abstract sealed class LayerPathMethod implements Attribution<LayeredModel>
        permits Conductance, InternalInfluence, NeuronConductance {
    private static final int DEFAULT_STEPS = 50;

    private final List<String> layers;
    private final int steps;
    private final Baseline baseline;
    private final Bypass bypass;

    LayerPathMethod(Builder<?> builder) {
        this.layers = builder.layers;
        this.steps = builder.steps;
        this.baseline = builder.baseline;
        this.bypass = builder.bypass;
    }

    /** Adds what is wrong with the number of steps. */
    abstract void checkSteps(Problems problems);

    /** Computes. */
    abstract Explanation.Builder explain(LayerRuns runs);

    @Override
    public final Explanation attribute(LayeredModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            LayerRuns runs = LayerRuns.start(
                    this, layers, bypass, model, inputs, target, run, problems -> check(inputs, problems));
            return explain(runs).build();
        }
    }

    private void check(Inputs inputs, Problems problems) {
        checkSteps(problems);
        LayerRuns.checkReference(baseline, name(), inputs, problems);
    }

    final List<Tensor> references(LayerRuns runs) {
        return runs.whole().references(baseline);
    }

    /** Returns the path of the inputs. */
    static Path path(LayerRuns runs, List<Tensor> references) {
        return Path.straight(references, runs.whole().inputs().attributed());
    }

    final String layer() {
        return String.join(", ", layers);
    }

    final int steps() {
        return steps;
    }

    final Baseline baseline() {
        return baseline;
    }

    final Bypass bypass() {
        return bypass;
    }

    /**
     * Collects the settings that the methods share. Not thread-safe.
     *
     * @param <B> the builder itself
     */
    public abstract static class Builder<B extends Builder<B>> {
        private final List<String> layers;
        private int steps = DEFAULT_STEPS;
        private Baseline baseline = Baseline.zeros();
        private Bypass bypass = Bypass.FOLLOW;

        Builder(String... layers) {
            this.layers = Layers.of(layers);
        }

        abstract B self();

        /**
         * Sets how finely the path is divided; default 50. {@link Conductance} takes as many increments, the other methods as many
         * gradients.
         *
         * @param newSteps at least 1; trapezoids of gradients need 2
         */
        public B steps(int newSteps) {
            steps = newSteps;
            return self();
        }

        /** Sets where the path of the inputs starts; default zeros. One reference for each example, not a distribution. */
        public B baseline(Baseline newBaseline) {
            baseline = newBaseline;
            return self();
        }

        /** Sets whether what bypasses the layer follows the path, the default, or stays at the explained inputs. */
        public B bypass(Bypass newBypass) {
            bypass = newBypass;
            return self();
        }
    }

    @Override
    public String toString() {
        return Attribution.inWords(this);
    }
}
