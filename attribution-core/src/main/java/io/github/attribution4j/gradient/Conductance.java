// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Layer conductance: what flows through each unit of a layer while the inputs move from a baseline to their values.
 *
 * <p>Let γ(t) = x′ + t (x − x′) and h(t) the layer's activation at γ(t). Attribution of unit j: ∫₀¹ ∂F/∂hⱼ(γ(t)) ·
 * dhⱼ/dt dt, in the layer's shape. It is the integral of a gradient along the curve h, which in general is not
 * straight; {@code new IntegratedGradients().at(layer)} integrates along a straight line between the same ends and
 * gives other numbers.
 *
 * <p><b>How it is computed.</b> With nodes tₖ = k/n the sum over k of ½ (gₖ + gₖ₊₁) · (hₖ₊₁ − hₖ), gₖ the gradient with
 * respect to the layer at tₖ: increments of h are exact, so nothing is lost or added at the ends, and the error falls
 * with n² where the model is smooth and with n at kinks.
 *
 * <p><b>Completeness.</b> Where every way from the inputs to the score leads through the layer, attributions sum to
 * F(x) − F(x′). Something may bypass it (a residual connection, another input). With {@link Path.Bypass#FOLLOW}, the
 * default and the published definition, what bypasses the layer moves along, the explanation's completeness gap is Σ
 * attributions − (F(x) − F(x′)), and the part of the bypass belongs to the gap. With {@link Path.Bypass#STAY} what
 * bypasses the layer is held at x: the gap is measured between the tail's scores at h(1) and h(0), and is the error of
 * the sum alone.
 *
 * <p><b>Cost.</b> For each example n + 1 forward rows, n + 1 backward rows that end at the layer, and two forward rows
 * for the gap (a baseline shared by all examples is evaluated once). {@code STAY} adds n + 1 forward rows of the part
 * before the layer.
 *
 * <p><b>Paper.</b> Dhamdhere, Sundararajan and Yan, <i>How Important Is a Neuron?</i>, 2018; as a sum of increments,
 * Shrikumar, Su and Kundaje, <i>Computationally Efficient Measures of Internal Neuron Importance</i>, 2018.
 *
 * <p><b>Compared with Captum.</b> {@code LayerConductance} takes n + 1 nodes of a quadrature and multiplies the
 * gradient at the left node of each interval by the increment. With Gauss-Legendre, its default, the ends of the path
 * are not nodes, and what happens outside the outermost two is lost. {@link #captum} is that formula, number by number.
 */
public final class Conductance extends LayerPathMethod<Conductance> {
    private static final String TRAPEZOID = "trapezoid";
    private static final Setting<Optional<Quadrature>> RULE = Setting.of(
            "rule",
            Kind.of("trapezoid, or captum- and the name of a quadrature", Conductance::rule)
                    .said(rule -> rule.map(Conductance::captumName).orElse(TRAPEZOID)),
            Optional.empty(),
            "how gradients and increments are summed");

    /** The description of the method. */
    public static final Description<Conductance> DESCRIPTION = Description.of(
            "conductance",
            Need.LAYERS,
            "what flows through each unit of a layer while the inputs move from a baseline to their values",
            Conductance::new,
            Layers.SETTING,
            PathSettings.STEPS,
            RULE,
            BASELINE,
            BYPASS);

    private final double[] nodes;

    private Conductance(Settings<Conductance> settings) {
        super(settings);
        nodes = StepWeights.of(settings.get(RULE).orElse(Quadrature.TRAPEZOID), steps() + 1)
                .nodes();
    }

    /**
     * Creates the method with its defaults: 50 steps, baseline zero.
     *
     * @param layers address of a layer, or of several of which none depends on another
     */
    public Conductance(String... layers) {
        this(Layers.of(DESCRIPTION, layers));
    }

    /**
     * Returns a copy with Captum's formula instead of the trapezoid: the gradient at the left of each interval between
     * {@code steps} + 1 nodes of a quadrature.
     */
    public Conductance captum(Quadrature quadrature) {
        return with(RULE, Optional.of(quadrature));
    }

    @Override
    Outcome explain(LayerRuns runs) {
        List<Tensor> references = references(runs);
        double[] scoresAtBaseline = runs.scoresAt(references);
        Path path = path(runs, references);
        IncrementSums integral = new IncrementSums(nodes.length, value(RULE).isEmpty());
        runs.gradients(
                path.rows(runs.whole().examples(), nodes),
                part -> integral.add(part.batch(), part.from(), part.to(), part.activations(), part.gradients()));
        return runs.outcome(integral.sums()).completeTo(scoresAtBaseline);
    }

    @Override
    void checkSteps(Problems problems) {
        problems.require(steps() >= 1, "steps " + steps() + ": must be at least 1");
    }

    private static Optional<Quadrature> rule(String name) {
        if (name.equals(TRAPEZOID)) {
            return Optional.empty();
        }
        if (name.equals(Quadrature.CAPTUM_TRAPEZOID.toString())) {
            return Optional.of(Quadrature.CAPTUM_TRAPEZOID);
        }
        if (name.startsWith("captum-")) {
            return Optional.of(Quadrature.of(name.substring("captum-".length())));
        }
        throw new IllegalArgumentException(
                "rule '" + name + "' is unknown; choose trapezoid, or captum- and the name of a "
                        + "quadrature, such as captum-gauss-legendre");
    }

    private static String captumName(Quadrature quadrature) {
        return quadrature == Quadrature.CAPTUM_TRAPEZOID ? quadrature.toString() : "captum-" + quadrature;
    }
}
