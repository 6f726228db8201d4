// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.gradient.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/** Products of values that depend on what is attributed, and operators that are linear where the rest is the same. */
final class Products {
    /** Linear in each of two operands. */
    private static final List<String> BILINEAR =
            List.of("Mul", "MatMul", "Gemm", "Conv", "ConvTranspose", "BatchNormalization");

    /** Operators that take whole numbers as places. */
    private static final List<String> PLACED = List.of(
            "Gather", "GatherElements", "GatherND", "ScatterElements", "ScatterND", "MaxUnpool", "OneHot", "Compress");

    private Products() {}

    static void addTo(Map<String, Rule> table) {
        BILINEAR.forEach(operator -> table.put(operator, Products::bilinear));
        table.put("Einsum", Products::einsum);
        table.put("GridSample", Products::sampled);
        table.put("CumProd", s -> {
            throw s.refuse("it multiplies more than two values that depend on what is attributed, and no rule is known"
                    + " for that");
        });
    }

    /** Adds the rules of operators that put or take elements at places. */
    static void addPlacedTo(Map<String, Rule> table) {
        PLACED.forEach(operator -> table.put(operator, Products::placed));
        table.put("RoiAlign", Products::sampled);
    }

    /**
     * Products: the multiplier of each operand is the mean of the other's two values, if both depend on what is
     * attributed. The derivative's rule, asked with the means in the place of the operands, gives that.
     */
    static void bilinear(Step s) {
        boolean joint = s.needs(0) && s.needs(1);
        List<String> inputs = joint
                ? IntStream.range(0, s.node().inputs().size())
                        .mapToObj(i -> i < 2 ? s.half(s.x(i)) : s.x(i))
                        .toList()
                : s.node().inputs();
        s.arrived(0);
        s.asked(ComparisonRules.derivative(s), inputs, s.gradients()).forEach(s::give);
    }

    private static void einsum(Step s) {
        List<String> inputs = s.node().inputs();
        long joint = IntStream.range(0, inputs.size()).filter(s::needs).count();
        if (joint > 3) {
            throw s.refuse(
                    "more than three of its operands depend on what is attributed, and no rule is known for" + " that");
        }
        s.arrived(0);
        if (joint < 3) {
            List<String> means = IntStream.range(0, inputs.size())
                    .mapToObj(i -> joint == 2 && s.needs(i) ? s.half(s.x(i)) : s.x(i))
                    .toList();
            s.asked(ComparisonRules.derivative(s), means, s.gradients()).forEach(s::give);
            return;
        }
        for (int i = 0; i < inputs.size(); i++) {
            if (s.needs(i)) {
                s.give(i, ofThree(s, i));
            }
        }
    }

    /**
     * The Shapley value of one of three factors a of abc: (bc + b′c′) / 3 + (bc′ + b′c) / 6, which is the mean of the
     * product of the means and of the mean of the products, weighed 2 to 1.
     */
    private static String ofThree(Step s, int input) {
        List<String> inputs = s.node().inputs();
        List<String> now = new ArrayList<>();
        List<String> then = new ArrayList<>();
        List<String> means = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            boolean other = i != input && s.needs(i);
            now.add(s.x(i));
            then.add(other ? s.like(s.past(s.x(i)), s.x(i)) : s.x(i));
            means.add(other ? s.half(s.x(i)) : s.x(i));
        }
        String ends = s.times(s.add(einsum(s, now, input), einsum(s, then, input)), 1.0 / 6);
        return s.add(ends, s.times(einsum(s, means, input), 2.0 / 3));
    }

    private static String einsum(Step s, List<String> inputs, int input) {
        return Objects.requireNonNull(
                s.asked(ComparisonRules.derivative(s), inputs, s.gradients()).get(input));
    }

    /** Linear in the image, if the places are the same in both runs. */
    private static void sampled(Step s) {
        if (s.touched(s.x(1))) {
            throw s.refuse("its grid depends on what is attributed, and no rule is known for that");
        }
        ComparisonRules.derivative(s).apply(s);
    }

    /** Linear, if both runs take the same places. */
    private static void placed(Step s) {
        if (s.node().inputs().stream()
                .anyMatch(input -> !input.isEmpty()
                        && s.touched(input)
                        && !s.type(input).element().carriesGradient())) {
            throw s.refuse("the places that it takes or fills depend on what is attributed, so they may differ in the"
                    + " reference run, and no rule is known for that");
        }
        if (!s.text("reduction", "none").equals("none")
                && !s.text("reduction", "none").equals("add")) {
            throw s.refuse("it combines what comes to one place (reduction " + s.text("reduction", "none")
                    + "), and no rule is known for that");
        }
        ComparisonRules.derivative(s).apply(s);
    }
}
