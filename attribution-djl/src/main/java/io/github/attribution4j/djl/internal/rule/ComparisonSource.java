// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rule;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import org.jspecify.annotations.Nullable;

/**
 * DeepLIFT. Nonlinear operations get multipliers in place of their derivatives. The multipliers come from a comparison
 * with a reference run.
 *
 * <p>The reference runs first, and the memory keeps the operands and results of its nonlinear operations. The explained
 * run reads them back in the same order. Both runs must take the same way through the program with the same shapes;
 * otherwise the explained run stops. Only the same element of both runs is compared, so it does not matter which axis
 * counts examples.
 *
 * <p>For its operation y = f(z), every method of {@code comparison.py} computes a surrogate: a value that is linear in
 * z, and whose multipliers M satisfy Σ M · (z − z0) = y − y0 up to rounding. {@code graft} then overwrites the
 * surrogate's value with that of the operation, bit for bit; the surrogate's derivative does not need its own value. So
 * an infinite or undefined operand, such as a masked score, changes no value, and because multipliers are finite it
 * spoils no gradient.
 *
 * <ul>
 * <li>Element-wise functions: M = Δy/Δz, or the derivative if |Δz| ≤ near. If both differences are of the size of
 *     rounding, 16 ulp of |z| + |y|, their ratio would be noise, and the derivative replaces it too; the sum is then
 *     off by no more than that. A ReLU's M is max(z, z0) / |Δz|, clamped to 0 to 1, without cancellation. The
 *     derivative comes from a graph of this operation alone, so that nothing undefined in it reaches the gradient.
 * <li>Maxima: M leads to the position of the maximum now if the maximum rose, and to its position in the reference if
 *     it fell (the cross-maximum rule, for each window separately). |Δz| there is never less than |Δy|, so M lies
 *     between 0 and 1, also if windows overlap or values tie.
 * <li>Softmax, its logarithm, and the log-sum-exp L: (eᵃ − eᵇ)/(a − b) of every element at a shift that both runs
 *     share, times the slope of the logarithm; then y = exp(z − L) likewise. No differences of nearly equal numbers are
 *     formed, and no other row is used.
 * <li>Norms of an example's own values: the mean is linear; then the product rule for c², the slope of (v + ε)^−½ in
 *     closed form, and the product rule for c · (v + ε)^−½. Batch norm in inference is affine.
 * <li>Products of two values that depend on what is attributed: the multiplier of each is the mean of the other's two
 *     values. If only one depends on it, the product is a linear operation. A quotient is a product with the
 *     reciprocal. Attention is made of these.
 * <li>RevealCancel: an element-wise function is computed at z, z0 + Δz⁺ and z0 + Δz⁻, in one call on three stacked
 *     operands, if z is the unchanged result of the last linear or convolutional operation. Elsewhere Δz has no parts,
 *     and the rule is Rescale.
 * </ul>
 */
final class ComparisonSource extends RuleSource {
    ComparisonSource() {
        super(BackwardRule.Family.COMPARISON, resource("comparison.py"));
    }

    @Override
    public String generic(Operation.Kind kind, String operator, Expr.Call call) {
        return switch (kind) {
            case WEIGHTED, LINEAR, AVERAGE_POOLING, RESHAPE -> UNCHANGED;
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
