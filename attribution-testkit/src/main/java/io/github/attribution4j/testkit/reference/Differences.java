// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import java.util.function.DoubleUnaryOperator;

/** Multipliers of scalar functions. */
final class Differences {
    private Differences() {}

    /** Returns Δy / Δx, or the derivative at x where |Δx| is below {@code near}. */
    static double rescale(
            DoubleUnaryOperator function, DoubleUnaryOperator derivative, double x, double reference, double near) {
        double difference = x - reference;
        return Math.abs(difference) < near
                ? derivative.applyAsDouble(x)
                : (function.applyAsDouble(x) - function.applyAsDouble(reference)) / difference;
    }

    /** Returns the values halfway between: the Shapley multipliers of a product. */
    static double[][] means(double[][] values, double[][] references) {
        double[][] means = new double[values.length][];
        for (int s = 0; s < means.length; s++) {
            means[s] = new double[values[s].length];
            for (int i = 0; i < means[s].length; i++) {
                means[s][i] = (values[s][i] + references[s][i]) / 2;
            }
        }
        return means;
    }
}
