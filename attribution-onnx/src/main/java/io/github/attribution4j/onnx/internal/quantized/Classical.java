// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.quantized;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Operators of classical models ({@code ai.onnx.ml}) that are smooth, in words of the standard. Others have no words:
 * trees and encoders are steps, and some settings are iterations.
 */
final class Classical {
    /** The domain of these operators. */
    static final String DOMAIN = "ai.onnx.ml";

    private static final Map<String, BiConsumer<Classical, Node>> TABLE = Map.of(
            "Scaler", Classical::scaler,
            "Normalizer", Classical::normalizer,
            "Imputer", Classical::imputer,
            "ArrayFeatureExtractor", Classical::extracted,
            "FeatureVectorizer", Classical::joined,
            "LinearRegressor", Classical::linearRegressor,
            "LinearClassifier", Classical::linearClassifier,
            "SVMRegressor", Classical::supportVectorRegressor,
            "SVMClassifier", Classical::supportVectorClassifier);

    private static final int LAST = -1;

    private final Expansion words;

    Classical(Expansion words) {
        this.words = words;
    }

    /** Writes the words of a node of rows and columns, if there are any. */
    void write(Node node) {
        BiConsumer<Classical, Node> form = TABLE.get(node.type());
        List<String> tables = node.type().equals("FeatureVectorizer")
                ? node.inputs()
                : node.inputs().subList(0, Math.min(1, node.inputs().size()));
        boolean ofFloats = !node.type().equals("Imputer") || words.element(node.input(0)) == ElementType.FLOAT;
        if (form != null && ofFloats && hasWords(node) && tables.stream().allMatch(value -> words.rank(value) == 2)) {
            form.accept(this, node);
        }
    }

    /** Whether the settings are those of which the words are known. */
    private static boolean hasWords(Node node) {
        String after = text(node, "post_transform", "NONE");
        boolean plain = after.equals("NONE") || after.equals("LOGISTIC");
        return switch (node.type()) {
            case "LinearRegressor" -> plain || after.equals("SOFTMAX");
            case "LinearClassifier" ->
                plain || (after.equals("SOFTMAX") && labels(node) == reals(node, "intercepts").length);
            case "SVMRegressor" -> integer(node, "one_class", 0) == 0;
            case "SVMClassifier" ->
                // Probabilities of pairs are coupled by an iteration. A score alone gets a partner of opposite sign if
                // its coefficients have both signs.
                reals(node, "prob_a").length == 0
                        && (labels(node) > 2 ? plain || after.equals("SOFTMAX") : plain && hasBothSigns(node))
                        && integers(node, "vectors_per_class").length > 0;
            case "Scaler" -> reals(node, "offset").length > 0 && reals(node, "scale").length > 0;
            case "Imputer" -> reals(node, "imputed_value_floats").length > 0;
            default -> true;
        };
    }

    private static boolean hasBothSigns(Node node) {
        float[] coefficients = reals(node, "coefficients");
        boolean below = false;
        boolean above = false;
        for (float coefficient : coefficients) {
            below |= coefficient < 0;
            above |= coefficient > 0;
        }
        return below && above;
    }

    private static int labels(Node node) {
        Attribute texts = node.attributes().get("classlabels_strings");
        int strings = texts == null ? 0 : texts.texts().size();
        return Math.max(strings, integers(node, "classlabels_ints").length);
    }

    private void scaler(Node node) {
        String moved = like(node, "Sub", number(node), row(reals(node, "offset")));
        words.add("Mul", List.of(moved, row(reals(node, "scale"))), node.output(0), List.of());
    }

    private void normalizer(Node node) {
        String x = number(node);
        String norm = text(node, "norm", "MAX");
        String operator = norm.equals("MAX") ? "ReduceMax" : "Reduce" + norm;
        String length = columns(node, 1, operator, x, words.integers(LAST));
        ValueType flags = new ValueType(ElementType.BOOL, words.type(length).dims());
        String none = words.op("Equal", List.of(length, row(0)), flags);
        String divisor = columns(node, 1, "Where", none, row(1), length);
        words.add("Div", List.of(x, divisor), node.output(0), List.of());
    }

    private void imputer(Node node) {
        Attribute replaced = node.attributes().get("replaced_value_float");
        float value = replaced == null ? 0 : replaced.real();
        String x = number(node);
        ValueType flags = new ValueType(ElementType.BOOL, words.type(x).dims());
        String missing = Float.isNaN(value)
                ? words.op("IsNaN", List.of(x), flags)
                : words.op("Equal", List.of(x, row(value)), flags);
        words.add("Where", List.of(missing, row(reals(node, "imputed_value_floats")), x), node.output(0), List.of());
    }

    private void extracted(Node node) {
        ValueType list = new ValueType(ElementType.INT64, Collections.singletonList(Dim.OPEN));
        String places = words.op("Reshape", List.of(node.input(1), words.integers(LAST)), list);
        words.add("Gather", List.of(node.input(0), places), node.output(0), List.of(Attribute.of("axis", 1L)));
    }

    private void joined(Node node) {
        List<String> parts = node.inputs().stream().map(this::inFloat).toList();
        words.add("Concat", parts, node.output(0), List.of(Attribute.of("axis", 1L)));
    }

    private void linearRegressor(Node node) {
        int targets = (int) integer(node, "targets", 1);
        String scores = linear(node, targets);
        if (targets == 1) {
            alone(node, scores);
        } else {
            transformed(node, scores, 0);
        }
    }

    /** One row of coefficients for two classes is that of the second one; the first one has what is left. */
    private void linearClassifier(Node node) {
        int rows = reals(node, "intercepts").length;
        String scores = linear(node, rows);
        if (rows > 1 || labels(node) != 2) {
            transformed(node, scores, 1);
        } else if (text(node, "post_transform", "NONE").equals("LOGISTIC")) {
            opposite(node, scores);
        } else {
            String rest = columns(node, 1, "Sub", row(1), scores);
            words.add("Concat", List.of(rest, scores), node.output(1), List.of(Attribute.of("axis", 1L)));
        }
    }

    private void opposite(Node node, String score) {
        ValueType two = new ValueType(ElementType.FLOAT, List.of(rows(node), Dim.of(2)));
        String other = columns(node, 1, "Neg", score);
        transformed(node, words.op("Concat", List.of(other, score), two, Attribute.of("axis", 1L)), 1);
    }

    private String linear(Node node, int rows) {
        float[] coefficients = reals(node, "coefficients");
        String weights = turned(coefficients, rows, coefficients.length / rows);
        String product = columns(node, rows, "MatMul", number(node), weights);
        float[] intercepts = reals(node, "intercepts");
        return intercepts.length == 0 ? product : columns(node, rows, "Add", product, row(intercepts));
    }

    private void supportVectorRegressor(Node node) {
        int count = (int) integer(node, "n_supports", 0);
        float[] coefficients = reals(node, "coefficients");
        String kernel = count == 0 ? number(node) : kernel(node, count);
        String sum = columns(node, 1, "MatMul", kernel, words.reals(coefficients, coefficients.length, 1));
        alone(node, columns(node, 1, "Add", sum, row(reals(node, "rho"))));
    }

    /**
     * The score of each pair of classes. The matrix of coefficients has a row for each class but one: that of a vector
     * of a class against a later one is in the row before the later one's, and against an earlier one in the earlier
     * one's.
     */
    private void supportVectorClassifier(Node node) {
        long[] perClass = integers(node, "vectors_per_class");
        int count = (int) Arrays.stream(perClass).sum();
        float[] coefficients = reals(node, "coefficients");
        int classes = perClass.length;
        int pairs = classes * (classes - 1) / 2;
        float[] weights = new float[count * pairs];
        int pair = 0;
        int firstOfOne = 0;
        for (int one = 0; one < classes; one++) {
            int endOfOne = firstOfOne + (int) perClass[one];
            int firstOfOther = endOfOne;
            for (int other = one + 1; other < classes; other++, pair++) {
                for (int vector = firstOfOne; vector < endOfOne; vector++) {
                    weights[vector * pairs + pair] = coefficients[(other - 1) * count + vector];
                }
                int endOfOther = firstOfOther + (int) perClass[other];
                for (int vector = firstOfOther; vector < endOfOther; vector++) {
                    weights[vector * pairs + pair] = coefficients[one * count + vector];
                }
                firstOfOther = endOfOther;
            }
            firstOfOne = endOfOne;
        }
        String sums = columns(node, pairs, "MatMul", kernel(node, count), words.reals(weights, count, pairs));
        String scores = columns(node, pairs, "Add", sums, row(reals(node, "rho")));
        if (classes == 2) {
            opposite(node, scores);
        } else {
            transformed(node, scores, 1);
        }
    }

    /** One number for each row and support vector. */
    private String kernel(Node node, int count) {
        float[] vectors = reals(node, "support_vectors");
        float[] parameters = Arrays.copyOf(reals(node, "kernel_params"), 3);
        int size = vectors.length / count;
        String x = number(node);
        String gamma = row(parameters[0]);
        String kind = text(node, "kernel_type", "LINEAR");
        if (kind.equals("RBF")) {
            Dim rows = rows(node);
            ValueType one = new ValueType(ElementType.FLOAT, List.of(rows, Dim.of(1), Dim.of(size)));
            ValueType all = new ValueType(ElementType.FLOAT, List.of(rows, Dim.of(count), Dim.of(size)));
            String apart = words.op("Unsqueeze", List.of(x, words.integers(1)), one);
            String far = words.op("Sub", List.of(apart, words.reals(vectors, 1, count, size)), all);
            ValueType matrix = new ValueType(ElementType.FLOAT, List.of(rows, Dim.of(count)));
            String squares = words.op(
                    "ReduceSumSquare", List.of(far, words.integers(LAST)), matrix, Attribute.of("keepdims", 0L));
            String scaled = columns(node, count, "Mul", squares, gamma);
            return columns(node, count, "Exp", columns(node, count, "Neg", scaled));
        }
        String product = columns(node, count, "MatMul", x, turned(vectors, count, size));
        if (kind.equals("LINEAR")) {
            return product;
        }
        String scaled = columns(node, count, "Mul", product, gamma);
        String moved = columns(node, count, "Add", scaled, row(parameters[1]));
        return kind.equals("POLY")
                ? columns(node, count, "Pow", moved, words.reals(new float[] {parameters[2]}))
                : columns(node, count, "Tanh", moved);
    }

    /** The runtime leaves a score of a regressor that is alone as it is, whatever the node says. */
    private void alone(Node node, String score) {
        words.add("Identity", List.of(score), node.output(0), List.of());
    }

    private void transformed(Node node, String scores, int output) {
        String how = text(node, "post_transform", "NONE");
        String operator = how.equals("LOGISTIC") ? "Sigmoid" : how.equals("SOFTMAX") ? "Softmax" : "Identity";
        words.add(operator, List.of(scores), node.output(output), List.of());
    }

    /** A matrix of a row for each row of the input. */
    private String columns(Node node, int columns, String operator, String... inputs) {
        ValueType type = new ValueType(ElementType.FLOAT, List.of(rows(node), Dim.of(columns)));
        return words.op(operator, List.of(inputs), type);
    }

    private String like(Node node, String operator, String... inputs) {
        return words.op(
                operator,
                List.of(inputs),
                new ValueType(ElementType.FLOAT, words.type(node.input(0)).dims()));
    }

    private Dim rows(Node node) {
        return words.type(node.input(0)).dim(0);
    }

    /** The first input in float32. */
    private String number(Node node) {
        return inFloat(node.input(0));
    }

    private String inFloat(String value) {
        return words.element(value) == ElementType.FLOAT ? value : words.cast(value, ElementType.FLOAT);
    }

    private String row(float... numbers) {
        return words.reals(numbers, numbers.length);
    }

    /** A matrix of coefficients, one row of them in each column. */
    private String turned(float[] rows, int count, int size) {
        float[] columns = new float[rows.length];
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < size; j++) {
                columns[j * count + i] = rows[i * size + j];
            }
        }
        return words.reals(columns, size, count);
    }

    private static float[] reals(Node node, String name) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? new float[0] : attribute.reals();
    }

    private static long[] integers(Node node, String name) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? new long[0] : attribute.integers();
    }

    private static long integer(Node node, String name, long otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.integer();
    }

    private static String text(Node node, String name, String otherwise) {
        Attribute attribute = node.attributes().get(name);
        return attribute == null ? otherwise : attribute.text();
    }
}
