// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.BackwardRule.BiasPart;
import io.github.attribution4j.model.rule.BackwardRule.InputPart;
import io.github.attribution4j.model.rule.BackwardRule.WeightPart;
import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** A linear map y = Wx + b with weights, which can be run again with parts of x, W and b. */
final class LinearMap {
    /** Operators whose results are never negative. */
    private static final Set<String> NEVER_NEGATIVE = Set.of("Relu", "Sigmoid", "HardSigmoid", "Softmax", "Exp", "Abs");

    private final Step s;
    /** The node that multiplies; null if every element is scaled by the weight of its channel. */
    private final @Nullable Node node;

    private final int at;
    private final String x;
    private final String weight;
    private final @Nullable String bias;

    private LinearMap(Step s, @Nullable Node node, int at, String x, String weight, @Nullable String bias) {
        this.s = s;
        this.node = node;
        this.at = at;
        this.x = x;
        this.weight = weight;
        this.bias = bias;
    }

    /** The map of an operation with weights. */
    static LinearMap of(Step s, Group group) {
        Node node = group.nodes().get(0);
        int at = node.is("Gemm") && s.constant(node.input(0)) ? 1 : 0;
        String x = node.input(at);
        String weight = node.input(1 - at);
        String bias = node.input(2);
        if (s.needsValue(weight) || (!bias.isEmpty() && s.needsValue(bias))) {
            throw s.refuse("its weights depend on what is attributed, for which there is no rule; attribute at a"
                    + " layer after it");
        }
        if (!group.isOne()) {
            Node add = group.end();
            bias = add.input(add.input(0).equals(node.output(0)) ? 1 : 0);
        } else if (!bias.isEmpty() && node.type().startsWith("Conv")) {
            bias = s.unsqueeze(bias, LongStream.range(1, s.rank(x) - 1L).toArray());
        } else if (!bias.isEmpty()) {
            bias = s.times(bias, real(node, "beta"));
        }
        double alpha = node.is("Gemm") ? real(node, "alpha") : 1;
        ValueType type = s.type(weight);
        String scaled = alpha == 1 ? weight : s.typed(s.times(weight, alpha), type);
        return new LinearMap(s, node, at, x, scaled, bias.isEmpty() ? null : bias);
    }

    private static double real(Node node, String name) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? 1 : attribute.real();
    }

    /** The map of a batch norm. */
    static LinearMap affine(Step s) {
        long[] space = LongStream.range(1, s.rank(s.x()) - 1L).toArray();
        String scale = scale(s, s.node());
        String weight = s.typed(s.unsqueeze(scale, space), s.type(s.x()));
        return new LinearMap(s, null, 0, s.x(), weight, s.unsqueeze(shift(s, s.node(), scale), space));
    }

    private static String scale(Step s, Node norm) {
        Attribute epsilon = norm.attributes().get("epsilon");
        String variance = s.add(norm.input(4), s.number(epsilon == null ? 1e-5 : epsilon.real()));
        return s.div(norm.input(1), s.op("Sqrt", variance));
    }

    private static String shift(Step s, Node norm, String scale) {
        return s.sub(norm.input(2), s.mul(norm.input(3), scale));
    }

    String x() {
        return x;
    }

    /** Whether axis 1 of the result counts what the rows of the weights make. */
    boolean isScaledByChannel() {
        return node != null && (node.type().startsWith("Conv") || s.rank(x) == 2);
    }

    /** This map and a batch norm after it, as one map. */
    LinearMap followedBy(Node norm) {
        Node first = Objects.requireNonNull(node);
        String scale = scale(s, norm);
        String shift = shift(s, norm, scale);
        ValueType type = s.type(weight);
        int rank = s.rank(weight);
        String factor;
        String weights;
        if (first.is("Conv")) {
            factor = s.unsqueeze(scale, LongStream.range(1, rank).toArray());
            weights = s.mul(weight, factor);
        } else if (first.is("ConvTranspose")) {
            Attribute group = first.attributes().get("group");
            long groups = group == null ? 1 : group.integer();
            long[] sizes = type.sizes();
            long[] split = LongStream.concat(
                            LongStream.of(groups, sizes[0] / groups),
                            LongStream.of(sizes).skip(1))
                    .toArray();
            long[] shaped = new long[split.length];
            Arrays.fill(shaped, 1);
            shaped[0] = groups;
            shaped[2] = sizes[1];
            String product = s.mul(s.reshape(weight, split), s.reshape(scale, shaped));
            weights = s.reshape(product, sizes);
        } else {
            Attribute turned = first.attributes().get("transB");
            factor = turned != null && turned.integer() != 0 ? s.unsqueeze(scale, 1) : scale;
            weights = s.mul(weight, factor);
        }
        long[] space = LongStream.range(1, s.rank(x) - 1L).toArray();
        String shifted = s.unsqueeze(shift, space);
        String both = bias == null ? shifted : s.add(s.mul(bias, s.unsqueeze(scale, space)), shifted);
        return new LinearMap(s, first, at, x, s.typed(weights, type), both);
    }

    /** Passes on the relevance that came to the result of the step's node, by a rule. */
    void share(BackwardRule.Weighted rule) {
        String passed = null;
        for (BackwardRule.Group group : rule.groups()) {
            String z = null;
            for (BackwardRule.Term term : group.terms()) {
                z = plus(z, value(rule, term));
            }
            String whole = z == null ? s.number(0) : z;
            String sent = s.times(s.over(s.g(), whole, rule.epsilon()), group.share());
            for (BackwardRule.Term term : group.terms()) {
                passed = plus(passed, back(rule, term, sent));
            }
        }
        s.giveBeyond(x, passed == null ? s.zeros(x) : passed);
    }

    private @Nullable String plus(@Nullable String sum, @Nullable String more) {
        return sum == null ? more : more == null ? sum : s.add(sum, more);
    }

    /** The part of the result that a term makes; null if it is zero. */
    private @Nullable String value(BackwardRule.Weighted rule, BackwardRule.Term term) {
        String added = bias == null ? null : biasPart(rule, term, bias);
        String value;
        if (term.input() == InputPart.VALUE && term.weight() == WeightPart.VALUE) {
            value = s.y();
            if (bias != null && term.bias() != BiasPart.VALUE) {
                value = s.add(value, added == null ? s.neg(bias) : s.sub(added, bias));
            }
        } else if (term.input() == InputPart.NEGATIVE && isNeverNegative()) {
            // Only the bias is left of this term.
            value = added == null ? null : s.expandLike(added, s.y());
        } else {
            value = plus(run(input(rule, term, true), weightPart(rule, term)), added);
        }
        return value == null || term.sign() == 1 ? value : s.neg(value);
    }

    private @Nullable String back(BackwardRule.Weighted rule, BackwardRule.Term term, String sent) {
        if (term.input() == InputPart.NEGATIVE && isNeverNegative()) {
            return null;
        }
        String back = backThrough(weightPart(rule, term), sent);
        String part = term.input() == InputPart.ONE ? back : s.mul(input(rule, term, false), back);
        return term.sign() == 1 ? part : s.neg(part);
    }

    private boolean isNeverNegative() {
        Node before = s.producer(x);
        return before != null && before.domain().isEmpty() && NEVER_NEGATIVE.contains(before.type());
    }

    private String run(String input, String weights) {
        if (node == null) {
            return s.mul(input, weights);
        }
        return s.op(node.type(), attributes(), at == 0 ? input : weights, at == 0 ? weights : input);
    }

    /** What the map passes back for something that is sent. */
    private String backThrough(String weights, String sent) {
        if (node == null) {
            return s.mul(sent, weights);
        }
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        attributes().forEach(attribute -> attributes.put(attribute.name(), attribute));
        Node like = node.with(at == 0 ? List.of(x, weights) : List.of(weights, x), attributes);
        return Objects.requireNonNull(s.derivative(like, List.of(sent)).get(x));
    }

    private List<Attribute> attributes() {
        return Objects.requireNonNull(node).attributes().values().stream()
                .filter(attribute ->
                        !attribute.name().equals("alpha") && !attribute.name().equals("beta"))
                .toList();
    }

    private String input(BackwardRule.Weighted rule, BackwardRule.Term term, boolean whole) {
        return switch (term.input()) {
            case VALUE -> x;
            case POSITIVE -> s.op("Relu", x);
            case NEGATIVE -> s.op("Min", x, s.number(0));
            case ONE -> s.ones(x);
            case LOW -> bounds(rule.low(), whole);
            case HIGH -> bounds(rule.high(), whole);
        };
    }

    private String bounds(List<Double> numbers, boolean whole) {
        int rank = s.rank(x);
        boolean dense = node != null && !node.type().startsWith("Conv");
        int axis = dense ? rank - 1 : 1;
        Dim channels = s.type(x).dim(axis);
        if (numbers.size() != 1 && channels.known() && channels.size() != numbers.size()) {
            throw s.refuse("low and high of its zB rule hold another number of values than its input has channels;"
                    + " give one number, or one for each channel");
        }
        String bounds = s.concat(
                0,
                numbers.stream().map(number -> s.unsqueeze(s.number(number), 0)).toArray(String[]::new));
        String shaped = s.unsqueeze(bounds, LongStream.range(1, rank - axis).toArray());
        return whole ? s.expandLike(shaped, x) : shaped;
    }

    private String weightPart(BackwardRule.Weighted rule, BackwardRule.Term term) {
        ValueType type = s.type(weight);
        return switch (term.weight()) {
            case VALUE -> weight;
            case POSITIVE -> s.typed(s.op("Relu", weight), type);
            case NEGATIVE -> s.typed(s.op("Min", weight, s.number(0)), type);
            case SQUARE -> s.typed(s.mul(weight, weight), type);
            case ONE -> s.typed(s.expand(s.number(1), s.op("Shape", weight)), type);
            case RAISED -> s.typed(raised(weight, rule.gamma()), type);
        };
    }

    private @Nullable String biasPart(BackwardRule.Weighted rule, BackwardRule.Term term, String b) {
        return switch (term.bias()) {
            case VALUE -> b;
            case POSITIVE -> s.op("Relu", b);
            case NEGATIVE -> s.op("Min", b, s.number(0));
            case RAISED -> raised(b, rule.gamma());
            case ZERO -> null;
        };
    }

    private String raised(String value, double gamma) {
        return s.add(value, s.times(s.op("Relu", value), gamma));
    }
}
