// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.setting.Setting.Kind;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Finds the plane that divides two sets of activations. Implementations are immutable; {@link #logistic} and
 * {@link #sgd} are here, and another can be written.
 */
public interface LinearClassifier {
    /** Classifiers as values of a setting. */
    Kind<LinearClassifier> KIND = Kind.of(
            "logistic, logistic:1,0.1,0.01 with strengths, or sgd:alpha=0.01,max_iter=1000,tol=0.001",
            LinearClassifier::parse);

    /**
     * A plane: w · x + b is positive on the side of the concept.
     *
     * @param weights w, one for each element
     * @param bias b
     */
    @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
    record Plane(double[] weights, double bias) {
        /** Returns w · x + b. */
        double side(double[] row) {
            double sum = bias;
            for (int i = 0; i < weights.length; i++) {
                sum += weights[i] * row[i];
            }
            return sum;
        }
    }

    /**
     * Finds the plane.
     *
     * @param rows activations, flattened; not changed
     * @param positive for each row whether it is of the concept; some are, some are not
     * @param random source of all that is drawn, so that the plane is the same each time
     */
    Plane fit(double[][] rows, boolean[] positive, RandomGenerator random);

    /**
     * Returns logistic regression with an L2 penalty: it minimizes the mean of ln(1 + exp(−y (w · x + b))) plus
     * λ/2 ‖w‖², over rows from which the mean is taken and which are divided by one number, so that the mean of their
     * squared lengths is 1. Newton's method, to the exact minimum. λ is the one of 1, 0.1, 0.01, 0.001 and 0.0001 with
     * the least loss on rows left out, in five parts (cross-validation); the largest of equals.
     *
     * <p>One divisor for all elements keeps their proportions, and with them the direction: an element that hardly ever
     * varies is not blown up.
     */
    static LinearClassifier logistic() {
        return new LogisticRegression(LogisticRegression.STRENGTHS);
    }

    /**
     * Returns logistic regression with other penalties.
     *
     * @param strengths the λ to choose from, each above 0; with one there is no choice
     */
    static LinearClassifier logistic(double... strengths) {
        return new LogisticRegression(Arrays.stream(strengths).boxed().toList());
    }

    /** Returns Captum's default classifier: {@code sgd(0.01, 1000, 1e-3)}. */
    static LinearClassifier sgd() {
        return sgd(0.01, 1000, 1e-3);
    }

    /**
     * Returns a linear support vector machine trained by stochastic gradient descent, with the meaning of
     * scikit-learn's {@code SGDClassifier}: hinge loss, penalty alpha/2 ‖w‖², learning rate 1 / (alpha (t₀ + t)) in
     * step t, rows in a new order in each pass. It stops after {@code maxIter} passes, or when five in a row have not
     * lowered the mean of loss and penalty by {@code tol} (as in scikit-learn 1.9).
     *
     * @param alpha weight of the penalty, above 0
     * @param maxIter most passes, at least 1
     * @param tol smallest improvement that counts, 0 or more
     */
    static LinearClassifier sgd(double alpha, int maxIter, double tol) {
        return new HingeSgd(alpha, maxIter, tol);
    }

    private static LinearClassifier parse(String text) {
        String[] words = text.strip().split(":", 2);
        if (words[0].equals("logistic")) {
            return words.length == 1
                    ? logistic()
                    : logistic(Arrays.stream(words[1].split(",", -1))
                            .mapToDouble(Double::parseDouble)
                            .toArray());
        }
        if (!words[0].equals("sgd")) {
            throw new IllegalArgumentException("choose one of logistic, sgd");
        }
        Map<String, String> values = new LinkedHashMap<>(Map.of("alpha", "0.01", "max_iter", "1000", "tol", "0.001"));
        for (String given : words.length == 1 ? List.<String>of() : List.of(words[1].split(",", -1))) {
            String[] pair = given.split("=", 2);
            if (pair.length < 2 || values.replace(pair[0].strip(), pair[1].strip()) == null) {
                throw new IllegalArgumentException("sgd has alpha, max_iter and tol, such as sgd:alpha=0.01");
            }
        }
        return sgd(
                Double.parseDouble(values.get("alpha")),
                Integer.parseInt(values.get("max_iter")),
                Double.parseDouble(values.get("tol")));
    }
}
