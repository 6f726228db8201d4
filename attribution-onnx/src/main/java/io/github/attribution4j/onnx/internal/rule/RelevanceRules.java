// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.BackwardRule.BiasPart;
import io.github.attribution4j.model.rule.BackwardRule.InputPart;
import io.github.attribution4j.model.rule.BackwardRule.WeightPart;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.onnx.internal.gradient.RecurrentRules;
import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Layer-wise relevance propagation: relevance flows backwards in place of gradients. What comes to a result y is
 * divided by y and goes back by the derivative, and each operand takes it times its own value.
 */
final class RelevanceRules implements Family {
    /** Operations of a kind that has rules, and of which no relevance rule is known. */
    private static final Set<String> BEYOND =
            Set.of("cumprod", "local_response_norm", "logsum", "lp_pool", "normalize", "pow", "prod", "standardize");

    private static final Set<String> BROADCASTING = Set.of("Add", "Sub", "Sum", "Mean", "Mul", "Div", "Neg", "CumSum");

    private static final BackwardRule.Group EPSILON =
            new BackwardRule.Group(1, new BackwardRule.Term(1, InputPart.VALUE, WeightPart.VALUE, BiasPart.VALUE));

    @Override
    public @Nullable String objection(BackwardRule rule, Operation operation) {
        boolean always = rule instanceof BackwardRule.Gradient || rule instanceof BackwardRule.Stop;
        if (!always && BEYOND.contains(operation.name()) && operation.kind() != Operation.Kind.ACTIVATION) {
            return "no relevance rule is known for it, so it takes only Gradient and Stop";
        }
        return operation.relevanceObjection(rule).orElse(null);
    }

    /** The stabilizer of a rule; -1 if it has none, or needs parts of weights. */
    static double epsilon(BackwardRule rule) {
        if (rule instanceof BackwardRule.Norm norm) {
            return norm.epsilon();
        }
        if (rule instanceof BackwardRule.Uniform uniform) {
            return uniform.epsilon();
        }
        if (rule instanceof BackwardRule.ConstantDeviation deviation) {
            return deviation.epsilon();
        }
        if (rule instanceof BackwardRule.Weighted weighted && weighted.isEpsilon()) {
            return weighted.epsilon();
        }
        return rule instanceof BackwardRule.Gradient ? 0 : -1;
    }

    @Override
    public @Nullable Rule of(Place place, Around around) {
        BackwardRule rule = Objects.requireNonNull(place.rule());
        boolean gradient = rule instanceof BackwardRule.Gradient;
        boolean pass = rule instanceof BackwardRule.Pass;
        Group group = place.group();
        return switch (place.kind()) {
            case RESHAPE -> null;
            case WEIGHTED -> s -> weighted(s, place, rule);
            case ACTIVATION -> pass ? s -> unchanged(s, group) : s -> shared(s, group, 0, 1);
            case LINEAR, AVERAGE_POOLING ->
                pass || isScaling(group.end()) ? s -> unchanged(s, group) : s -> shared(s, group, epsilon(rule), 1);
            case MAX_POOLING ->
                gradient && place.operation().name().equals("logsumexp") ? s -> shared(s, group, 0, 1) : null;
            case NORMALIZATION -> s -> normalization(s, place, rule, around);
            case SOFTMAX -> pass ? s -> unchanged(s, group) : RelevanceRules::softmax;
            case PRODUCT -> s -> product(s, group, rule);
            case RECURRENT -> s -> recurrent(s, rule);
            case UNKNOWN -> s -> shared(s, group, 0, 1);
        };
    }

    /**
     * Multiplication by a number. Exporters write factors of attention and parts of activations so, and PyTorch's own
     * operators give their factors no relevance and no stabilizer.
     */
    private static boolean isScaling(Node node) {
        return node.is("Mul") || node.is("Div");
    }

    private static boolean sameShape(Step s, String a, String b) {
        List<Dim> one = s.type(a).dims();
        List<Dim> other = s.type(b).dims();
        if (one == null || other == null || one.size() != other.size()) {
            return false;
        }
        for (int i = 0; i < one.size(); i++) {
            if (!one.get(i).sameAs(other.get(i))) {
                return false;
            }
        }
        return true;
    }

    // Rules

    /** Relevance passes unchanged to the only operand, which has the shape of the result. */
    private static void unchanged(Step s, Group group) {
        if (!group.isOne()) {
            s.giveBeyond(group.source(), s.g());
            return;
        }
        int only = -1;
        int needing = 0;
        for (int i = 0; i < s.node().inputs().size(); i++) {
            if (s.needs(i)) {
                only = i;
                needing++;
            }
        }
        if (needing != 1 || s.rank(s.x(only)) > s.rank(s.y())) {
            throw misshapen(s);
        }
        boolean elementwise = switch (group.kind()) {
            case ACTIVATION, SOFTMAX, NORMALIZATION -> s.rank(s.x(only)) == s.rank(s.y());
            default -> sameShape(s, s.x(only), s.y());
        };
        if (elementwise) {
            s.give(only, s.g());
        } else if (BROADCASTING.contains(s.node().type())) {
            s.give(only, s.unbroadcast(s.g(), s.y(), s.x(only)));
        } else {
            throw misshapen(s);
        }
    }

    private static RuntimeException misshapen(Step s) {
        return s.refuse("relevance cannot pass unchanged, because the result does not have the shape of its only"
                + " operand; give it a rule that distributes relevance, such as Norm");
    }

    /** Each operand takes what the derivative passes back of the relevance over the result, times its value. */
    private static void shared(Step s, Group group, double epsilon, double factor) {
        String sent = s.times(s.over(s.g(), s.y(), epsilon), factor);
        Derivatives.of(s, group, sent).forEach((value, part) -> s.giveBeyond(value, s.mul(s.finite(value), part)));
    }

    private static void product(Step s, Group group, BackwardRule rule) {
        int needing = 0;
        for (int i = 0; i < s.node().inputs().size(); i++) {
            needing += s.needs(i) ? 1 : 0;
        }
        boolean gradient = rule instanceof BackwardRule.Gradient;
        double factor = gradient ? 1 : 1.0 / needing;
        if (s.node().is("Attention") && !gradient) {
            throw s.refuse("attention in one node has no relevance rule; export the model with an opset below 23, which"
                    + " spells it out");
        }
        if (s.node().is("GridSample") && s.needs(1) && !gradient) {
            throw s.refuse("its grid depends on what is attributed, for which there is no rule; attribute at a layer"
                    + " after it");
        }
        if (s.node().is("Div") && s.needs(1) && !gradient) {
            // A product with the reciprocal, which passes on what it gets.
            String part = s.times(s.mul(s.over(s.g(), s.y(), epsilon(rule)), s.y()), factor);
            for (int i = 0; i < 2; i++) {
                if (s.needs(i)) {
                    s.give(i, s.unbroadcast(part, s.y(), s.x(i)));
                }
            }
            return;
        }
        shared(s, group, epsilon(rule), factor);
    }

    /** Signals get all relevance and gates none. */
    private static void recurrent(Step s, BackwardRule rule) {
        if (rule instanceof BackwardRule.Gradient) {
            throw s.refuse("a recurrent layer follows Norm or epsilon, neither its derivative nor any other rule;"
                    + " choose one of them, or attribute at a layer after it");
        }
        RecurrentRules.relevance(s, epsilon(rule));
    }

    private static void softmax(Step s) {
        int axis = s.axis(s.x(), s.integer("axis", -1));
        boolean log = s.node().is("LogSoftmax");
        String share = log ? s.over(s.g(), s.y(), 0) : s.g();
        String weights = s.finite(log ? s.op("Exp", s.y()) : s.y());
        String common = s.mul(weights, s.sum(share, true, axis));
        s.give(0, s.mul(s.finite(s.x()), s.sub(share, common)));
    }

    private static void weighted(Step s, Place place, BackwardRule rule) {
        LinearMap map = LinearMap.of(s, place.group());
        if (rule instanceof BackwardRule.Pass) {
            if (!sameShape(s, map.x(), s.y())) {
                throw misshapen(s);
            }
            s.giveBeyond(map.x(), s.g());
            return;
        }
        map.share(terms(rule));
    }

    /** The terms of a rule for an operation with weights. */
    static BackwardRule.Weighted terms(BackwardRule rule) {
        return rule instanceof BackwardRule.Weighted weighted
                ? weighted
                : new BackwardRule.Weighted("", List.of(EPSILON), epsilon(rule), 0, List.of(), List.of());
    }

    private static void normalization(Step s, Place place, BackwardRule rule, Around around) {
        Node node = s.node();
        if (node.is("BatchNormalization")) {
            batchNorm(s, rule, around);
        } else if (rule instanceof BackwardRule.Pass) {
            unchanged(s, place.group());
        } else if (node.type().startsWith("Reduce")) {
            shared(s, place.group(), epsilon(rule), node.is("ReduceSumSquare") ? 0.5 : 1);
        } else if (rule instanceof BackwardRule.Gradient) {
            shared(s, place.group(), 0, 1);
        } else if (node.is("RMSNormalization")) {
            // A root mean square that is held constant only scales.
            s.give(0, s.mul(s.over(s.g(), s.y(), epsilon(rule)), s.y()));
        } else if (node.is("LayerNormalization")) {
            layerNorm(s, s.over(s.g(), s.y(), epsilon(rule)));
        } else {
            groupNorm(s, s.over(s.g(), s.y(), epsilon(rule)));
        }
    }

    private static void layerNorm(Step s, String share) {
        long[] axes = LongStream.range(s.axis(s.x(), s.integer("axis", -1)), s.rank(s.x()))
                .toArray();
        List<Dim> dims = new ArrayList<>(Objects.requireNonNull(s.type(s.x()).dims()));
        for (long axis : axes) {
            dims.set((int) axis, Dim.of(1));
        }
        ElementType inner = s.element() == ElementType.DOUBLE ? ElementType.DOUBLE : ElementType.FLOAT;
        String inverse = s.cast(s.alsoGive(2, new ValueType(inner, dims)), s.element());
        centred(s, s.mul(s.mul(share, s.x(1)), inverse), axes);
    }

    /** Passes on through a linear map that subtracts the mean. */
    private static void centred(Step s, String scaled, long... axes) {
        s.give(0, s.mul(s.finite(s.x()), s.sub(scaled, s.mean(scaled, axes))));
    }

    /** Instance norm is a group norm with a group for each channel. */
    private static void groupNorm(Step s, String share) {
        boolean instance = s.node().is("InstanceNormalization");
        String groups = instance ? s.sizes(s.x(), 1) : s.ints(s.integer("num_groups", 1));
        String split = s.concat(0, s.sizes(s.x(), 0), groups, s.ints(-1));
        String x = s.op("Reshape", s.x(), split);
        String off = s.sub(x, s.mean(x, 2));
        String variance = s.mean(s.mul(off, off), 2);
        String inverse = s.op("Reciprocal", s.op("Sqrt", s.add(variance, s.number(s.real("epsilon", 1e-5)))));
        String scale = s.unsqueeze(
                s.scaleOfChannels(), LongStream.range(1, s.rank(s.x()) - 1L).toArray());
        String scaled = s.mul(s.op("Reshape", s.mul(share, scale), split), inverse);
        String back = s.shapedLike(s.sub(scaled, s.mean(scaled, 2)), s.x());
        s.give(0, s.mul(s.finite(s.x()), back));
    }

    /**
     * A batch norm is explained together with the operation with weights whose result it takes, by that operation's
     * rule, as one map. Any other one is an affine map.
     */
    private static void batchNorm(Step s, BackwardRule rule, Around around) {
        if (s.integer("training_mode", 0) != 0) {
            throw s.refuse("it normalizes by statistics of the batch, so examples depend on each other; export the"
                    + " model in eval mode, with running statistics");
        }
        Place before = around.before(s.x());
        BackwardRule first = before == null || before.kind() != Operation.Kind.WEIGHTED ? null : before.rule();
        if (before != null && first != null && !(first instanceof BackwardRule.Pass)) {
            LinearMap map = LinearMap.of(s, before.group());
            if (map.isScaledByChannel()) {
                map.followedBy(s.node()).share(terms(first));
                return;
            }
        }
        if (rule instanceof BackwardRule.Pass) {
            s.give(0, s.g());
        } else {
            LinearMap.affine(s).share(terms(rule));
        }
    }
}
