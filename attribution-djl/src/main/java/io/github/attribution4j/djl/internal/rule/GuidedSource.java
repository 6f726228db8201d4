// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rule;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import org.jspecify.annotations.Nullable;

/**
 * Guided backpropagation and deconvolution. Their rules are not linear in what flows backwards, so no surrogate has
 * them as its derivative. Instead, the graph is cut at every activation with such a rule, and the sweep of
 * {@code Toolbox} goes through the pieces from the last to the first.
 *
 * <p>A piece has a root, where it ends, and a leaf that stands for the root's value in what follows. The memory of the
 * reply holds {@code root, leaf} of each piece. The marks tell whether the gradient at the leaf is clamped to positive
 * values before it goes into the root. For guided backpropagation, the root is the activation's result, so that its
 * derivative acts too; for deconvolution it is the activation's operand.
 *
 * <p>Results of operations with weights are cut as well, with the gradient unchanged. Without these cuts, a piece that
 * several others use, as in dense blocks, would be walked once for each of them.
 */
final class GuidedSource extends RuleSource {
    GuidedSource() {
        super(BackwardRule.Family.GUIDED, resource("guided.py"));
    }

    @Override
    public String generic(Operation.Kind kind, String operator, Expr.Call call) {
        return switch (kind) {
            case ACTIVATION -> "activation";
            case WEIGHTED -> "weighted";
            case RECURRENT -> operator.contains("relu") ? UNKNOWN : UNCHANGED;
            default -> UNCHANGED;
        };
    }

    @Override
    public boolean showsOperands(String method) {
        return method.equals("activation");
    }

    @Override
    double @Nullable [] numbers(BackwardRule rule) {
        if (rule instanceof BackwardRule.GuidedRelu) {
            return new double[] {RuleCode.GUIDED_RELU.number};
        }
        return rule instanceof BackwardRule.DeconvolutionRelu
                ? new double[] {RuleCode.DECONVOLUTION_RELU.number}
                : null;
    }

    @Override
    @Nullable
    String objection(BackwardRule rule, Operation operation) {
        return operation.kind() == Operation.Kind.ACTIVATION ? null : "it is for activations";
    }

    /** A recurrent operator with ReLUs inside would apply their plain gradient. */
    @Override
    boolean derivative(Operation operation) {
        return !(operation.kind() == Operation.Kind.RECURRENT
                && operation.name().contains("relu"));
    }
}
