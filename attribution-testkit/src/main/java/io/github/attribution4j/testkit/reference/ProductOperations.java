// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.rule.Operation.Kind;

/** Products of two sources. */
final class ProductOperations {
    private ProductOperations() {}

    /** a / b, element by element. */
    record Divide() implements Operation {
        @Override
        public String kind() {
            return "Divide";
        }

        @Override
        public String operator() {
            return "div";
        }

        @Override
        public Kind ruleKind() {
            return Kind.PRODUCT;
        }

        @Override
        public double[] apply(double[][] sources) {
            double[] y = new double[sources[0].length];
            for (int i = 0; i < y.length; i++) {
                y[i] = sources[0][i] / sources[1][i];
            }
            return y;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[][] gradients = new double[2][cotangent.length];
            for (int i = 0; i < cotangent.length; i++) {
                double b = sources[1][i];
                gradients[0][i] = cotangent[i] / b;
                gradients[1][i] = -cotangent[i] * sources[0][i] / (b * b);
            }
            return gradients;
        }

        @Override
        public double[][] multipliers(double[][] sources, double[][] references, double[] multiplier, double near) {
            double[][] m = new double[2][multiplier.length];
            for (int i = 0; i < multiplier.length; i++) {
                double b = sources[1][i];
                double b0 = references[1][i];
                m[0][i] = multiplier[i] * (1 / b + 1 / b0) / 2;
                // Δ(1 / b) / Δb, also where Δb is 0.
                m[1][i] = -multiplier[i] * (sources[0][i] + references[0][i]) / 2 / (b * b0);
            }
            return m;
        }
    }

    /** The matrix product of (rows, inner) and (inner, columns), or (columns, inner) transposed. */
    record MatMul(int rows, int inner, int columns, boolean transposed) implements Operation {
        @Override
        public String kind() {
            return "MatMul";
        }

        @Override
        public Kind ruleKind() {
            return Kind.PRODUCT;
        }

        private int second(int k, int column) {
            return transposed ? column * inner + k : k * columns + column;
        }

        @Override
        public double[] apply(double[][] sources) {
            double[] y = new double[rows * columns];
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    for (int k = 0; k < inner; k++) {
                        y[row * columns + column] += sources[0][row * inner + k] * sources[1][second(k, column)];
                    }
                }
            }
            return y;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[][] gradients = {new double[rows * inner], new double[inner * columns]};
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column++) {
                    double g = cotangent[row * columns + column];
                    for (int k = 0; k < inner; k++) {
                        gradients[0][row * inner + k] += g * sources[1][second(k, column)];
                        gradients[1][second(k, column)] += g * sources[0][row * inner + k];
                    }
                }
            }
            return gradients;
        }

        @Override
        public double[][] multipliers(double[][] sources, double[][] references, double[] multiplier, double near) {
            return vjp(Differences.means(sources, references), multiplier);
        }
    }
}
