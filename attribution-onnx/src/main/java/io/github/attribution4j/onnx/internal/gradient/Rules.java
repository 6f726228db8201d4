// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.onnx.internal.graph.Node;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The table of operators: how a gradient passes each, and which have a gradient of zero everywhere. */
public final class Rules {
    /**
     * Steps and choices: their results are whole numbers, truth values, or floats that do not change with the input.
     */
    private static final Set<String> CUTTING = Set.of(
            "ArgMax",
            "ArgMin",
            "And",
            "Bernoulli",
            "Ceil",
            "ConstantOfShape",
            "Equal",
            "EyeLike",
            "Floor",
            "Greater",
            "GreaterOrEqual",
            "Hardmax",
            "IsInf",
            "IsNaN",
            "Less",
            "LessOrEqual",
            "NonMaxSuppression",
            "NonZero",
            "Not",
            "Or",
            "RandomNormalLike",
            "RandomUniformLike",
            "Round",
            "Shape",
            "Sign",
            "Size",
            "Xor");

    private static final Map<String, Rule> TABLE = table();

    private Rules() {}

    private static Map<String, Rule> table() {
        Map<String, Rule> table = new TreeMap<>();
        Formula.addTo(table);
        ArithmeticRules.addTo(table);
        ContractionRules.addTo(table);
        ConvolutionRules.addTo(table);
        PoolingRules.addTo(table);
        NormalizationRules.addTo(table);
        ReductionRules.addTo(table);
        ShapeRules.addTo(table);
        IndexRules.addTo(table);
        ResizeRule.addTo(table);
        RecurrentRules.addTo(table);
        return table;
    }

    /** Whether no gradient passes a node, whatever it is given. */
    static boolean cuts(Node node) {
        return node.domain().isEmpty() && CUTTING.contains(node.type());
    }

    static @Nullable Rule of(Node node) {
        return node.domain().isEmpty() ? TABLE.get(node.type()) : null;
    }

    /** The operators that gradients pass. */
    public static Set<String> operators() {
        return TABLE.keySet();
    }
}
