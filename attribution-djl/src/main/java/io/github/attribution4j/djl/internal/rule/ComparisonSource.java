// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rule;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.OperationKind;
import org.jspecify.annotations.Nullable;

/**
 * DeepLIFT: nonlinear operations get, in the place of their derivative, multipliers from a comparison with a reference run.
 *
 * <p>The reference runs first and leaves in the memory what nonlinear operations were given and gave; the run that is explained reads it back in the same order. Both have to take the same way
 * through the program with the same shapes, or the run ends. Nothing is assumed about which axis tells examples apart, because nothing is compared but the same element of both runs.
 *
 * <p>Every method of {@code comparison.py} computes, for its operation y = f(z), a surrogate that is linear in z and whose multipliers M satisfy Σ M · (z − z0) = y − y0, up to rounding. {@code graft}
 * then gives it the value of the operation, bit for bit: it overwrites the surrogate's own value, which its derivative does not need. So an infinite or undefined operand, such as a masked
 * score, spoils neither values nor, multipliers being finite, what flows back.
 *
 * <ul>
 *   <li>Element-wise functions: M = Δy/Δz, the derivative where |Δz| ≤ near. Where both differences are of the size of rounding, 16 ulp of |z| + |y|, their ratio would be noise, and the derivative takes
 *       its place too; the sum misses no more than that. A ReLU's M is max(z, z0) / |Δz|, held between 0 and 1, in which nothing cancels. The derivative is had from a graph of the one operation, so that nothing undefined in it reaches the gradient.
 *   <li>Maxima: M leads to the place of the maximum now where it rose, and to the place it had where it fell (the cross-maximum rule, taken for each window on its own). |Δz| there is never less than
 *       |Δy|, so M lies between 0 and 1, also where windows overlap or values tie.
 *   <li>Softmax and its logarithm, the log-sum-exp L: (eᵃ − eᵇ)/(a − b) of every element at a shift that both runs share, times the slope of the logarithm; then y = exp(z − L) likewise. No
 *       differences of nearly equal numbers are formed, and no other row is looked at.
 *   <li>Norms of an example's own values: the mean is linear; the product rule for c², the slope of (v + ε)^−½ in closed form, the product rule for c · (v + ε)^−½. Batch norm in inference is affine.
 *   <li>Products of two values that depend on what is attributed: each has the mean of the other's two values as its multiplier. If only one depends on it, that is a linear operation. A
 *       quotient is a product with the reciprocal. Attention is made of these.
 *   <li>RevealCancel: an element-wise function is computed at z, z0 + Δz⁺ and z0 + Δz⁻, all in one call on three stacked operands, where z is the very result of the last linear or
 *       convolutional operation, unchanged since. Elsewhere Δz has no parts, and the rule is Rescale.
 * </ul>
 */
final class ComparisonSource extends RuleSource {
    ComparisonSource() {
        super(BackwardRule.Family.COMPARISON, resource("comparison.py"));
    }

    @Override
    public String generic(OperationKind kind, String operator, Expr.Call call) {
        return switch (kind) {
            case WEIGHTED, LINEAR, AVERAGE_POOLING, RESHAPE -> LEFT;
            case ACTIVATION -> "activation";
            default -> UNKNOWN;
        };
    }

    @Override
    public boolean skips() {
        return false;
    }

    @Override
    double @Nullable [] numbers(BackwardRule rule) {
        if (rule instanceof BackwardRule.Rescale rescale) {
            return new double[] {rescale.near(), RuleCode.RESCALE.number};
        }
        return rule instanceof BackwardRule.RevealCancel reveal
                ? new double[] {reveal.near(), RuleCode.REVEAL_CANCEL.number}
                : null;
    }

    @Override
    @Nullable
    String objection(BackwardRule rule, Operation operation) {
        return switch (operation.kind()) {
            case UNKNOWN -> "how it compares with a reference is not known";
            default -> null;
        };
    }

    @Override
    @Nullable
    String meaning(String code) {
        return switch (code) {
            case "batch" ->
                "it uses the statistics of the batch, so that examples depend on each other; export the model in"
                        + " evaluation mode";
            case "weight" -> "its weights depend on what is attributed as well as its input, which no rule covers";
            case "grid" -> "its grid depends on what is attributed, which no rule covers";
            case "joint" -> "more than two of its operands depend on what is attributed, which no rule covers";
            case "random" ->
                "it drops values at random, so that two runs cannot be compared; export the model in evaluation mode";
            default -> null;
        };
    }
}
