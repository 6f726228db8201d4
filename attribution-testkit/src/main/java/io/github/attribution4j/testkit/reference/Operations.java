// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.rule.Operation.Kind;
import java.util.Arrays;

/** The operations of a {@link ReferenceModel}. */
final class Operations {
    private Operations() {}

    /** Wx + b. */
    static final class Linear implements Operation.Weighted {
        final double[][] weights;
        final double[] bias;

        Linear(double[][] weights, double[] bias) {
            this.weights = weights;
            this.bias = bias;
        }

        @Override
        public String kind() {
            return "Linear";
        }

        @Override
        public double[][] matrix() {
            return weights;
        }

        @Override
        public boolean[][] connected() {
            boolean[][] all = new boolean[weights.length][weights[0].length];
            for (boolean[] row : all) {
                Arrays.fill(row, true);
            }
            return all;
        }

        @Override
        public double[] offsets() {
            return bias;
        }

        @Override
        public int channel(int in) {
            return in;
        }

        @Override
        public Kind ruleKind() {
            return Kind.WEIGHTED;
        }

        @Override
        public double[] apply(double[][] sources) {
            double[] y = bias.clone();
            for (int out = 0; out < y.length; out++) {
                for (int in = 0; in < sources[0].length; in++) {
                    y[out] += weights[out][in] * sources[0][in];
                }
            }
            return y;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[] gradient = new double[sources[0].length];
            for (int out = 0; out < cotangent.length; out++) {
                for (int in = 0; in < gradient.length; in++) {
                    gradient[in] += cotangent[out] * weights[out][in];
                }
            }
            return new double[][] {gradient};
        }
    }

    /** y[k] = x'A[k]x. */
    static final class Quadratic implements Operation {
        final double[][][] matrices;

        Quadratic(double[][][] matrices) {
            this.matrices = matrices;
        }

        @Override
        public String kind() {
            return "Quadratic";
        }

        @Override
        public Kind ruleKind() {
            return Kind.UNKNOWN;
        }

        @Override
        public double[] apply(double[][] sources) {
            double[] x = sources[0];
            double[] y = new double[matrices.length];
            for (int k = 0; k < y.length; k++) {
                for (int i = 0; i < x.length; i++) {
                    for (int j = 0; j < x.length; j++) {
                        y[k] += x[i] * matrices[k][i][j] * x[j];
                    }
                }
            }
            return y;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[] x = sources[0];
            double[] gradient = new double[x.length];
            for (int k = 0; k < cotangent.length; k++) {
                for (int i = 0; i < x.length; i++) {
                    for (int j = 0; j < x.length; j++) {
                        gradient[i] += cotangent[k] * (matrices[k][i][j] + matrices[k][j][i]) * x[j];
                    }
                }
            }
            return new double[][] {gradient};
        }
    }

    /** A function of each element. */
    record Pointwise(Activation activation) implements Operation {
        @Override
        public double[][] multipliers(double[][] sources, double[][] references, double[] multiplier, double near) {
            double[] product = new double[multiplier.length];
            for (int i = 0; i < product.length; i++) {
                product[i] = multiplier[i]
                        * Differences.rescale(
                                activation::value, activation::derivative, sources[0][i], references[0][i], near);
            }
            return new double[][] {product};
        }

        @Override
        public String kind() {
            return activation.kind();
        }

        @Override
        public Kind ruleKind() {
            return Kind.ACTIVATION;
        }

        @Override
        public double[] apply(double[][] sources) {
            return Arrays.stream(sources[0]).map(activation::value).toArray();
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[] gradient = new double[cotangent.length];
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] = cotangent[i] * activation.derivative(sources[0][i]);
            }
            return new double[][] {gradient};
        }
    }

    /** The sum of the sources, as in a residual connection. */
    record Add() implements Operation {
        @Override
        public String kind() {
            return "Add";
        }

        @Override
        public Kind ruleKind() {
            return Kind.LINEAR;
        }

        @Override
        public double[] apply(double[][] sources) {
            double[] sum = new double[sources[0].length];
            for (double[] source : sources) {
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += source[i];
                }
            }
            return sum;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[][] gradients = new double[sources.length][];
            Arrays.fill(gradients, cotangent);
            return gradients;
        }
    }

    /** The product of two sources, element by element. */
    record Multiply() implements Operation {
        @Override
        public String kind() {
            return "Multiply";
        }

        @Override
        public Kind ruleKind() {
            return Kind.PRODUCT;
        }

        @Override
        public double[] apply(double[][] sources) {
            return product(sources[0], sources[1]);
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            return new double[][] {product(cotangent, sources[1]), product(cotangent, sources[0])};
        }

        @Override
        public double[][] multipliers(double[][] sources, double[][] references, double[] multiplier, double near) {
            return vjp(Differences.means(sources, references), multiplier);
        }

        private static double[] product(double[] a, double[] b) {
            double[] product = new double[a.length];
            for (int i = 0; i < product.length; i++) {
                product[i] = a[i] * b[i];
            }
            return product;
        }
    }

    /** Rows of a table at integer positions; no gradient reaches the positions. */
    static final class Embedding implements Operation {
        final double[][] table;

        Embedding(double[][] table) {
            this.table = table;
        }

        @Override
        public String kind() {
            return "Embedding";
        }

        @Override
        public Kind ruleKind() {
            return Kind.RESHAPE;
        }

        @Override
        public double[] apply(double[][] sources) {
            int width = table[0].length;
            double[] y = new double[sources[0].length * width];
            for (int i = 0; i < sources[0].length; i++) {
                System.arraycopy(table[(int) sources[0][i]], 0, y, i * width, width);
            }
            return y;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            return new double[][] {new double[sources[0].length]};
        }
    }

    /** A 3×3 convolution with stride 1 and zeros around the border, (C, H, W) → (C', H, W). */
    static final class Conv2d implements Operation.Weighted {
        final double[][][] weights;
        final double[] bias;
        private final int height;
        private final int width;

        /** Takes weights by output channel, input channel and the nine positions of the window, row by row. */
        Conv2d(double[][][] weights, double[] bias, int height, int width) {
            this.weights = weights;
            this.bias = bias;
            this.height = height;
            this.width = width;
        }

        /** Returns the same convolution with other weights and another bias. */
        Conv2d with(double[][][] otherWeights, double[] otherBias) {
            return new Conv2d(otherWeights, otherBias, height, width);
        }

        @Override
        public String kind() {
            return "Conv2d";
        }

        @Override
        public double[][] matrix() {
            double[][] matrix = new double[bias.length * height * width][weights[0].length * height * width];
            forEachTap((out, in, weight) -> matrix[out][in] += weight);
            return matrix;
        }

        @Override
        public boolean[][] connected() {
            boolean[][] connected = new boolean[bias.length * height * width][weights[0].length * height * width];
            forEachTap((out, in, weight) -> connected[out][in] = true);
            return connected;
        }

        @Override
        public double[] offsets() {
            double[] offsets = new double[bias.length * height * width];
            Arrays.setAll(offsets, out -> bias[out / (height * width)]);
            return offsets;
        }

        @Override
        public int channel(int in) {
            return in / (height * width);
        }

        @Override
        public Kind ruleKind() {
            return Kind.WEIGHTED;
        }

        @Override
        public double[] apply(double[][] sources) {
            double[] y = new double[bias.length * height * width];
            for (int i = 0; i < y.length; i++) {
                y[i] = bias[i / (height * width)];
            }
            forEachTap((out, in, weight) -> y[out] += weight * sources[0][in]);
            return y;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[] gradient = new double[sources[0].length];
            forEachTap((out, in, weight) -> gradient[in] += weight * cotangent[out]);
            return new double[][] {gradient};
        }

        private void forEachTap(Tap tap) {
            for (int to = 0; to < weights.length; to++) {
                for (int from = 0; from < weights[to].length; from++) {
                    for (int position = 0; position < height * width; position++) {
                        for (int k = 0; k < 9; k++) {
                            int y = position / width + k / 3 - 1;
                            int x = position % width + k % 3 - 1;
                            if (y >= 0 && y < height && x >= 0 && x < width) {
                                int out = to * height * width + position;
                                tap.visit(out, (from * height + y) * width + x, weights[to][from][k]);
                            }
                        }
                    }
                }
            }
        }

        private interface Tap {
            void visit(int out, int in, double weight);
        }
    }
}
