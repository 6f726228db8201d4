// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.rule.Operation.Kind;
import java.util.Arrays;

/** Normalizations. */
final class NormalizationOperations {
    private static final double EPSILON = 1e-5;

    private NormalizationOperations() {}

    /** Batch normalization in inference: (x − mean) / √(variance + ε) · weight + bias of each channel. */
    static final class BatchNorm2d implements Operation {
        private final double[] mean;
        private final double[] variance;
        private final double[] weight;
        private final double[] bias;
        private final int positions;

        BatchNorm2d(double[] mean, double[] variance, double[] weight, double[] bias, int positions) {
            this.mean = mean;
            this.variance = variance;
            this.weight = weight;
            this.bias = bias;
            this.positions = positions;
        }

        @Override
        public String kind() {
            return "BatchNorm2d";
        }

        @Override
        public String operator() {
            return "batch_norm";
        }

        @Override
        public Kind ruleKind() {
            return Kind.NORMALIZATION;
        }

        /** Returns the factor of an element. */
        double factor(int element) {
            int channel = element / positions;
            return weight[channel] / Math.sqrt(variance[channel] + EPSILON);
        }

        /** Returns the summand of an element. */
        double shift(int element) {
            int channel = element / positions;
            return bias[channel] - mean[channel] * factor(element);
        }

        @Override
        public double[] apply(double[][] sources) {
            double[] y = new double[sources[0].length];
            Arrays.setAll(y, i -> sources[0][i] * factor(i) + shift(i));
            return y;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[] gradient = new double[cotangent.length];
            Arrays.setAll(gradient, i -> cotangent[i] * factor(i));
            return new double[][] {gradient};
        }
    }

    /**
     * (x − mean) / √(variance + ε) · weight + bias over groups of consecutive elements: layer and group normalization.
     */
    static final class GroupedNorm implements Operation {
        private final String kind;
        private final String operator;
        private final int width;
        private final double[] weight;
        private final double[] bias;

        /** Takes a weight and a bias for each element of the row. */
        GroupedNorm(String kind, String operator, int width, double[] weight, double[] bias) {
            this.kind = kind;
            this.operator = operator;
            this.width = width;
            this.weight = weight;
            this.bias = bias;
        }

        @Override
        public String kind() {
            return kind;
        }

        @Override
        public String operator() {
            return operator;
        }

        @Override
        public Kind ruleKind() {
            return Kind.NORMALIZATION;
        }

        private static double[] centred(double[] x) {
            double mean = Arrays.stream(x).average().orElseThrow();
            return Arrays.stream(x).map(v -> v - mean).toArray();
        }

        private static double inverseRoot(double[] deviations) {
            double variance =
                    Arrays.stream(deviations).map(v -> v * v).average().orElseThrow();
            return 1 / Math.sqrt(variance + EPSILON);
        }

        @Override
        public double[] apply(double[][] sources) {
            double[] y = Groups.map(sources[0], width, x -> {
                double[] d = centred(x);
                double r = inverseRoot(d);
                return Arrays.stream(d).map(v -> v * r).toArray();
            });
            for (int i = 0; i < y.length; i++) {
                y[i] = y[i] * weight[i] + bias[i];
            }
            return y;
        }

        private double[] weighted(double[] cotangent) {
            double[] product = new double[cotangent.length];
            Arrays.setAll(product, i -> cotangent[i] * weight[i]);
            return product;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            return new double[][] {
                Groups.map(sources[0], weighted(cotangent), width, (x, g) -> {
                    double[] d = centred(x);
                    double r = inverseRoot(d);
                    double inner = 0;
                    for (int i = 0; i < d.length; i++) {
                        inner += g[i] * d[i];
                    }
                    double[] ofD = new double[d.length];
                    for (int i = 0; i < d.length; i++) {
                        ofD[i] = g[i] * r - inner * r * r * r * d[i] / d.length;
                    }
                    return centred(ofD);
                })
            };
        }

        @Override
        public double[][] linearized(double[][] sources, double[] cotangent) {
            return new double[][] {
                Groups.map(sources[0], weighted(cotangent), width, (x, g) -> {
                    double r = inverseRoot(centred(x));
                    return centred(Arrays.stream(g).map(v -> v * r).toArray());
                })
            };
        }

        @Override
        public double[][] multipliers(double[][] sources, double[][] references, double[] multiplier, double near) {
            double[] m = weighted(multiplier);
            double[] result = new double[m.length];
            for (int start = 0; start < m.length; start += width) {
                double[] d = centred(Arrays.copyOfRange(sources[0], start, start + width));
                double[] d0 = centred(Arrays.copyOfRange(references[0], start, start + width));
                double r = inverseRoot(d);
                double r0 = inverseRoot(d0);
                double variance = 1 / (r * r);
                double variance0 = 1 / (r0 * r0);
                double ofR = 0;
                for (int i = 0; i < width; i++) {
                    ofR += m[start + i] * (d[i] + d0[i]) / 2;
                }
                // Δ(v^-1/2) / Δv, also where Δv is 0.
                double ofVariance = -ofR * r * r0 / (Math.sqrt(variance) + Math.sqrt(variance0));
                double[] ofD = new double[width];
                for (int i = 0; i < width; i++) {
                    ofD[i] = m[start + i] * (r + r0) / 2 + ofVariance * (d[i] + d0[i]) / width;
                }
                System.arraycopy(centred(ofD), 0, result, start, width);
            }
            return new double[][] {result};
        }
    }
}
