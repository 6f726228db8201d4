// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Baseline;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.ForwardAttribution;
import io.github.attribution4j.Problems;
import io.github.attribution4j.Run;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Scores of coalitions: some groups of elements stay, all others are replaced by a baseline. {@link FeatureAblation} asks for those
 * that lack one group, {@link ShapleyValues} for all, {@link ShapleySampling} and {@link KernelShap} for a sample.
 */
public abstract sealed class CoalitionMethod implements ForwardAttribution
        permits FeatureAblation, ShapleyValues, ShapleySampling, KernelShap {
    private final Baseline baseline;
    private final FeatureMask mask;

    CoalitionMethod(Builder<?> builder) {
        this.baseline = builder.baseline;
        this.mask = builder.mask;
    }

    /** Adds what is wrong with the groups for this method. */
    abstract void check(Groups groups, Problems problems);

    /** Computes. */
    abstract Explanation.Builder explain(Perturbation perturbation);

    /** Adds the settings that only this method has. */
    abstract void describe(Map<String, Object> settings);

    @Override
    public final Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            return explain(Perturbation.start(this, model, inputs, target, run, baseline, mask, this::check))
                    .build();
        }
    }

    @Override
    public final Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        describe(settings);
        settings.put("baseline", baseline.describe());
        settings.put("mask", mask);
        return settings;
    }

    /**
     * Collects the settings that the methods share. Not thread-safe.
     *
     * @param <B> the builder itself
     */
    public abstract static class Builder<B extends Builder<B>> {
        private Baseline baseline = Baseline.zeros();
        private FeatureMask mask = FeatureMask.perElement();

        Builder() {}

        abstract B self();

        /** Sets what absent groups are replaced by; zeros unless set. */
        public B baseline(Baseline newBaseline) {
            baseline = newBaseline;
            return self();
        }

        /**
         * Sets the groups; every element its own unless set. {@link ShapleyValues} takes at most 24 for each example, {@link
         * KernelShap} 2048.
         */
        public B mask(FeatureMask newMask) {
            mask = newMask;
            return self();
        }
    }

    @Override
    public String toString() {
        return Attribution.inWords(this);
    }
}
