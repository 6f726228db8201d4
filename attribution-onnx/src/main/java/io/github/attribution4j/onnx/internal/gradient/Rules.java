// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.quantized.Dequantized;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The table of operators: how a gradient passes each, and which have a gradient of zero everywhere. */
public final class Rules {
    /** How a gradient passes an operator. */
    @FunctionalInterface
    public interface Rule {
        /**
         * Gives each input that {@link Step#needs needs} one its gradient, computed from those of the outputs; or
         * refuses.
         *
         * @param step the node, and Java methods that write new nodes
         */
        void apply(Step step);
    }

    /**
     * Operators whose derivative is zero: their results are not numbers, or are whole numbers, truth values, or floats
     * that do not change with the input, such as steps, sizes and random numbers.
     */
    private static final Set<String> CUTTING = Set.of("""
            And ArgMax ArgMin Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor
            BlackmanWindow Ceil Constant ConstantOfShape Equal EyeLike Floor Greater GreaterOrEqual
            HammingWindow HannWindow Hardmax ImageDecoder IsInf IsNaN Less LessOrEqual MelWeightMatrix
            Multinomial NonMaxSuppression NonZero Not OptionalHasElement Or RandomNormal RandomNormalLike
            RandomUniform RandomUniformLike RegexFullMatch Round SequenceEmpty SequenceLength Shape Sign Size
            StringConcat StringNormalizer StringSplit TfIdfVectorizer Xor
            """.strip().split("\\s+"));

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
        RecurrentRules.addTo(table);
        ControlRules.addTo(table);
        LoopRules.addTo(table);
        GridRules.addTo(table);
        ImageRules.addTo(table);
        return table;
    }

    /** Whether no gradient passes a node for any input. */
    public static boolean cuts(Node node) {
        return node.domain().isEmpty() && CUTTING.contains(node.type());
    }

    /** The outputs of a node that a gradient may pass: what a quantizer has measured counts as a constant. */
    static List<String> differentiable(Node node) {
        return node.is("DynamicQuantizeLinear") ? node.outputs().subList(0, 1) : node.outputs();
    }

    /** How a gradient passes a node; null if no rule is known. */
    public static @Nullable Rule of(Node node) {
        return node.domain().isEmpty() ? TABLE.get(node.type()) : null;
    }

    /** The operators whose derivative is zero everywhere. */
    public static Set<String> cutting() {
        return CUTTING;
    }

    /** The operators with a rule, and those that stand in words of them. */
    public static Set<String> operators() {
        Set<String> operators = new TreeSet<>(TABLE.keySet());
        operators.addAll(Dequantized.operators());
        return operators;
    }
}
