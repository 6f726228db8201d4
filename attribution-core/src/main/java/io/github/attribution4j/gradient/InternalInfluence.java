// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Rows.GroupMoments;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;

/**
 * Internal influence: how strongly the score reacts to each unit of a layer, averaged while the inputs move from a
 * baseline to their values.
 *
 * <p>Attribution of unit j: ∫₀¹ ∂F/∂hⱼ(γ(t)) dt ≈ Σₖ wₖ ∂F/∂hⱼ(γ(tₖ)) with γ(t) = x′ + t (x − x′), in the layer's shape
 * and in units of score for each unit of activation. It is a sensitivity, not multiplied by how far the unit moves
 * ({@link Conductance} does that), and claims no completeness.
 *
 * <p>{@link Path.Bypass} decides whether what bypasses the layer follows the path of the inputs (the default, and the
 * published method), or stays at the explained inputs.
 *
 * <p><b>Cost.</b> For each example {@code steps} forward rows, {@code steps} backward rows that end at the layer, and a
 * forward row for the score. {@code STAY} adds as many forward rows of the part before the layer.
 *
 * <p><b>Paper.</b> Leino, Sen, Datta, Fredrikson and Li, <i>Influence-Directed Explanations for Deep Convolutional
 * Networks</i>, 2018, with the uniform distribution of interest between two inputs.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code InternalInfluence}, with the remarks that {@link Quadrature} has on
 * {@code riemann_trapezoid}.
 */
public final class InternalInfluence extends LayerPathMethod<InternalInfluence> {
    /** The description of the method. */
    public static final Description<InternalInfluence> DESCRIPTION = Description.of(
            "internal-influence",
            Need.LAYERS,
            "how strongly the score reacts to each unit of a layer, averaged along the path of the inputs",
            InternalInfluence::new,
            Layers.SETTING,
            PathSettings.STEPS,
            PathSettings.QUADRATURE,
            BASELINE,
            BYPASS);

    private final StepWeights weights;

    private InternalInfluence(Settings<InternalInfluence> settings) {
        super(settings);
        weights = StepWeights.of(settings.get(PathSettings.QUADRATURE), steps());
    }

    /**
     * Creates the method with its defaults: 50 steps, Gauss-Legendre, baseline zero.
     *
     * @param layers address of a layer, or of several of which none depends on another
     */
    public InternalInfluence(String... layers) {
        this(Layers.of(DESCRIPTION, layers));
    }

    /** Returns a copy that takes gradients at other places with other weights; default Gauss-Legendre. */
    public InternalInfluence quadrature(Quadrature quadrature) {
        return with(PathSettings.QUADRATURE, quadrature);
    }

    @Override
    Outcome explain(LayerRuns runs) {
        Path path = path(runs, references(runs));
        GroupMoments integral = GroupMoments.ofFirstOrder(steps());
        runs.gradients(
                path.rows(runs.whole().examples(), weights.nodes()),
                part -> integral.add(part, weights.times(part.gradients(), part.from())));
        return runs.outcome(integral.sums());
    }

    @Override
    void checkSteps(Problems problems) {
        PathSettings.checkSteps(value(PathSettings.QUADRATURE), steps(), problems);
    }
}
