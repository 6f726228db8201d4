// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * DeepLIFT: how much each input element contributes to the difference between the score and the score at a reference,
 * by comparing every activation with its value in the reference run.
 *
 * <p>Attribution: m · (x − x′), where the multiplier m is propagated from the score to the input by the chain rule,
 * with Δy / Δx in place of derivatives at nonlinear operations; shape and type of the input.
 *
 * <ul>
 *   <li>Element-wise operations: {@link Rule#RESCALE}, m = Δy / Δx, the derivative where |Δx| &lt; {@code near}; or
 *     {@link Rule#REVEAL_CANCEL}.
 *   <li>Linear operations, average pooling, batch normalization in inference: their derivative, which is Δy / Δx
 *     exactly.
 *   <li>Max pooling, softmax, layer and group normalization, products of two activations: multipliers of all operands
 *     that add up to Δy, row by row. Recurrent layers and cells: the same, step by step.
 *   <li>Unknown operators: refused by name, or treated as gradient if {@link #unknownAsGradient}.
 * </ul>
 *
 * <p><b>Completeness</b>, which the paper calls summation to delta: Σ m · Δx = F(x) − F(x′). The explanation's
 * completeness gap is the deviation from it. A gap of more than {@code tolerance} (1e-3) of |F(x) − F(x′)|, beyond
 * rounding, is an error, unless {@link #allowIncomplete}. At a layer, what bypasses the layer has its part too, so
 * there the gap is reported and not checked.
 *
 * <p><b>References</b> are references of the model's inputs, also at a layer: the layer's reference is what the model
 * computes from them. In another method at a layer, such as
 * {@code Attribution.at(layer, NoiseTunnel.smoothGrad(this))}, what bypasses the layer is the same in both runs.
 *
 * <p><b>Cost.</b> For each example a forward and a backward row, and a forward row for the reference. That row also
 * yields the reference's score; on a backend where it does not, there is another one (one in all if all examples share
 * a reference). At a layer one more for the reference's activation.
 *
 * <p><b>Paper.</b> Shrikumar, Greenside and Kundaje, <i>Learning Important Features Through Propagating Activation
 * Differences</i>, 2017.
 *
 * <p><b>Compared with Captum.</b> Equal to {@code DeepLift}, {@code LayerDeepLift} and {@code NeuronDeepLift} for
 * networks of linear layers and element-wise operations. Captum has only the rescale rule, by type of module:
 * functional operations, GELU, SiLU, layer norm and products silently keep their derivative, a reused module fails, its
 * softmax mixes the examples of a batch and its max pooling next to a ReLU does not add up. All of these add up here.
 * Captum's {@code eps} is {@code near}. References of layers are what the model computes from references of the inputs,
 * as in Captum.
 */
public final class DeepLift extends DifferencePropagation<DeepLift> {
    /** The rule of element-wise nonlinear operations. */
    public enum Rule {
        /** Δy / Δx. */
        RESCALE,
        /** Multipliers of their own for positive and negative contributions: {@link BackwardRule.RevealCancel}. */
        REVEAL_CANCEL;

        /** Returns the name in lower case with hyphens. */
        @Override
        public String toString() {
            return this == RESCALE ? "rescale" : "reveal-cancel";
        }
    }

    /** The description of the method. */
    public static final Description<DeepLift> DESCRIPTION = Description.of(
            "deep-lift",
            Need.RULES,
            "what each element adds to the score's difference from a baseline, in one backward run; adds up",
            DeepLift::new,
            BASELINE,
            RULE,
            MULTIPLY,
            NEAR,
            TOLERANCE,
            INCOMPLETE,
            UNKNOWN);

    private DeepLift(Settings<DeepLift> settings) {
        super(settings);
    }

    /** Creates the method with its defaults: rescale, compared with zeros. */
    public DeepLift() {
        this(DESCRIPTION.defaults());
    }

    @Override
    void checkReferences(Problems problems) {
        problems.require(
                !baseline().isDistribution(),
                "baseline " + baseline().describe() + " is a distribution, and " + name()
                        + " compares with one reference for "
                        + "each example; use DeepLiftShap, or Baseline.mean(...) of the samples");
    }

    @Override
    Outcome explain(RuledRun run) {
        Evaluator evaluator = run.evaluator();
        List<Tensor> references = baselineOf(evaluator.inputs()).references(evaluator.inputs(), evaluator.run());
        // This comes first, because it yields the outputs at the inputs, and mostly at the references, at no further
        // cost.
        evaluator.run().plan(2L * evaluator.examples());
        RuledRun.Propagated propagated = run.propagateAgainst(references);
        double[] scoresAtReference = evaluator.scoresAtCompared(references);
        List<Tensor> attributions =
                contributions(propagated.multipliers(), propagated::values, () -> run.valuesAt(references));
        return judged(run, attributions, scoresAtReference);
    }
}
