// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.GroupMoments;
import io.github.attribution4j.Problems;
import io.github.attribution4j.path.Bypass;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.PathRows;
import io.github.attribution4j.path.Quadrature;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Internal influence: how strongly the score reacts to each unit of a layer, averaged while the inputs move from a baseline to
 * their values.
 *
 * <p>Attribution of unit j: ∫₀¹ ∂F/∂hⱼ(γ(t)) dt ≈ Σₖ wₖ ∂F/∂hⱼ(γ(tₖ)) with γ(t) = x′ + t (x − x′), in the layer's shape and in
 * units of score for each unit of activation. It is a sensitivity, not multiplied by how far the unit moves ({@link Conductance}
 * does that), and claims no completeness.
 *
 * <p>{@link Bypass} says whether what bypasses the layer follows the path of the inputs, as published and the default, or stays at
 * the explained inputs.
 *
 * <p><b>Cost.</b> For each example {@code steps} forward rows, {@code steps} backward rows that end at the layer, and a forward row for the
 * score. {@code STAY} adds as many forward rows of the part before the layer.
 *
 * <p><b>Paper.</b> Leino, Sen, Datta, Fredrikson and Li, <i>Influence-Directed Explanations for Deep Convolutional Networks</i>,
 * 2018, with the uniform distribution of interest between two inputs.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code InternalInfluence}, with the remarks that {@link Quadrature} has on {@code
 * riemann_trapezoid}.
 *
 * <p>Settings: {@code layer}, {@code steps}, {@code quadrature}, {@code baseline}, {@code bypass}.
 */
public final class InternalInfluence extends LayerPathMethod {
    private final Quadrature quadrature;
    private final StepWeights weights;

    private InternalInfluence(Builder builder) {
        super(builder);
        this.quadrature = builder.quadrature;
        this.weights = StepWeights.of(quadrature, steps());
    }

    /**
     * Creates the method with its defaults: 50 steps, Gauss-Legendre, baseline zero.
     *
     * @param layers address of a layer, or of several of which none depends on another
     */
    public InternalInfluence(String... layers) {
        this(new Builder(layers));
    }

    /**
     * Returns a builder that starts from the defaults.
     *
     * @param layers address of a layer, or of several of which none depends on another
     */
    public static Builder builder(String... layers) {
        return new Builder(layers);
    }

    @Override
    Explanation.Builder explain(LayerRuns runs) {
        Path path = path(runs, references(runs));
        GroupMoments integral = GroupMoments.ofFirstOrder(steps());
        runs.gradients(
                new PathRows(path, runs.whole().examples(), weights.nodes()),
                (batch, from, to, scores, activations, gradients) ->
                        integral.add(batch, from, to, weights.times(gradients, from)));
        return runs.explain(integral.sums());
    }

    @Override
    void checkSteps(Problems problems) {
        problems.require(quadrature.takes(steps()), quadrature.refusal(steps()));
    }

    @Override
    public String name() {
        return "internal-influence";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("layer", layer());
        settings.put("steps", steps());
        settings.put("quadrature", quadrature);
        settings.put("baseline", baseline().describe());
        settings.put("bypass", bypass());
        return settings;
    }

    /** Collects settings. */
    public static final class Builder extends LayerPathMethod.Builder<Builder> {
        private Quadrature quadrature = Quadrature.GAUSS_LEGENDRE;

        private Builder(String... layers) {
            super(layers);
        }

        @Override
        Builder self() {
            return this;
        }

        /** Sets where on the path they are taken and with which weights; default Gauss-Legendre. */
        public Builder quadrature(Quadrature newQuadrature) {
            quadrature = newQuadrature;
            return this;
        }

        /** Returns the method. */
        public InternalInfluence build() {
            return new InternalInfluence(this);
        }
    }
}
