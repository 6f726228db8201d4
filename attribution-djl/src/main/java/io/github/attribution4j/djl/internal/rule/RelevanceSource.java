// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rule;

import io.github.attribution4j.djl.internal.operator.OperatorKinds;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.Operation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Layer-wise relevance propagation: relevance flows backwards in place of gradients. The methods of the text give every
 * operation such a derivative that autograd's vector-Jacobian product is the rule. Operands go in with derivative x,
 * and results come out with derivative 1 / stab(z). So R becomes x Lᵀ(R / stab(Lx + b)) for one evaluation of the
 * operation. Rules with other parts of inputs and weights evaluate the operation once for each term. Nothing is divided
 * by x.
 *
 * <p>A batch norm is explained together with the convolution or dense operation before it, by that operation's rule, if
 * its operand is the very tensor that the operation returned. The weights are then s W and the bias is s (b - mean) +
 * beta. This is found at run time, so it does not matter where the two are in the text. Every other batch norm is an
 * affine operation of its own.
 */
final class RelevanceSource extends RuleSource {
    RelevanceSource() {
        super(BackwardRule.Family.RELEVANCE, resource("relevance.py").replaceAll("(?m)^ *#.*\n", ""));
    }

    @Override
    public String generic(Operation.Kind kind, String operator, Expr.Call call) {
        return switch (kind) {
            case RESHAPE -> UNCHANGED;
            case WEIGHTED, LINEAR, AVERAGE_POOLING -> "linear";
            case ACTIVATION -> "activation";
            case PRODUCT -> product(operator, call);
            case RECURRENT -> UNKNOWN;
            case MAX_POOLING, NORMALIZATION, SOFTMAX, UNKNOWN -> "other";
        };
    }

    private static String product(String operator, Expr.Call call) {
        boolean quotient = OperatorKinds.isQuotient(operator) && call.keywords().isEmpty();
        return quotient || OperatorKinds.isMultilinear(operator) ? "product" : "other";
    }

    /** The number of the kind of rule, then the rule's own numbers. {@code relevance.py} reads them. */
    @Override
    double @Nullable [] numbers(BackwardRule rule) {
        if (rule instanceof BackwardRule.Gradient) {
            return new double[] {RuleCode.GRADIENT.number};
        }
        if (rule instanceof BackwardRule.Pass) {
            return new double[] {RuleCode.PASS.number};
        }
        if (rule instanceof BackwardRule.Norm norm) {
            return new double[] {RuleCode.NORM.number, norm.epsilon()};
        }
        if (rule instanceof BackwardRule.SoftmaxTaylor) {
            return new double[] {RuleCode.SOFTMAX_TAYLOR.number};
        }
        if (rule instanceof BackwardRule.Stop) {
            return new double[] {RuleCode.STOP.number};
        }
        if (rule instanceof BackwardRule.Uniform uniform) {
            return new double[] {RuleCode.UNIFORM.number, uniform.epsilon()};
        }
        if (rule instanceof BackwardRule.ConstantDeviation deviation) {
            return new double[] {RuleCode.CONSTANT_DEVIATION.number, deviation.epsilon()};
        }
        return rule instanceof BackwardRule.Weighted weighted ? weighted(weighted) : null;
    }

    private static double[] weighted(BackwardRule.Weighted rule) {
        List<Double> numbers =
                new ArrayList<>(List.of((double) RuleCode.WEIGHTED.number, rule.epsilon(), rule.gamma()));
        numbers.add((double) rule.low().size());
        numbers.addAll(rule.low());
        numbers.add((double) rule.high().size());
        numbers.addAll(rule.high());
        numbers.add((double) rule.groups().size());
        for (BackwardRule.Group group : rule.groups()) {
            numbers.add(group.share());
            numbers.add((double) group.terms().size());
            for (BackwardRule.Term term : group.terms()) {
                numbers.add((double) term.sign());
                numbers.add((double) RuleCode.number(term.input()));
                numbers.add((double) RuleCode.number(term.weight()));
                numbers.add((double) RuleCode.number(term.bias()));
            }
        }
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }

    @Override
    @Nullable
    String objection(BackwardRule rule, Operation operation) {
        return operation.relevanceObjection(rule).orElse(null);
    }

    /** Returns the meaning of a code with which the text refuses. */
    @Override
    @Nullable
    String meaning(String code) {
        return switch (code) {
            case "misfit" -> "its rule does not fit what it does here; give operations of its kind a rule of their own";
            case "shape" ->
                "relevance cannot pass unchanged, because the result does not have the shape of its only operand; "
                        + "give it a rule that distributes relevance, such as Norm";
            case "bounds" ->
                "low and high of its zB rule hold another number of values than its input has channels; give one "
                        + "number, or one for each channel";
            case "weight" ->
                "its weights depend on what is attributed, for which there is no rule; attribute at a layer after it";
            case "statistics" ->
                "it normalizes by statistics of the batch, so examples depend on each other; export the model "
                        + "in eval mode, with running statistics";
            case "random" -> "it drops values at random; export the model in eval mode";
            case "opaque" ->
                "its result is not a single tensor, or is unknown, so that its derivative cannot become "
                        + "relevance; attribute at a layer after it";
            case "recurrent" ->
                "a recurrent layer follows Norm or epsilon, neither its derivative nor any other rule; choose one of"
                        + " them, or attribute at a layer after it";
            case "grid" ->
                "its grid depends on what is attributed, for which there is no rule; attribute at a layer after it";
            case "mask" ->
                "its mask depends on what is attributed, for which there is no rule; attribute at a layer after it";
            default -> null;
        };
    }
}
