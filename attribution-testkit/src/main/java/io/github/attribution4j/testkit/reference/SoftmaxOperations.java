// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.rule.Operation.Kind;
import java.util.Arrays;

/** Softmax and its logarithm over groups of consecutive elements: the last axis, or the whole row. */
final class SoftmaxOperations {
    private SoftmaxOperations() {}

    /** Returns exp(x[k]) / Σ exp(x) of a group. */
    static double[] softmax(double[] x) {
        double largest = Arrays.stream(x).max().orElseThrow();
        double[] y = Arrays.stream(x).map(value -> Math.exp(value - largest)).toArray();
        double total = Arrays.stream(y).sum();
        return Arrays.stream(y).map(value -> value / total).toArray();
    }

    /** exp(x[k]) / Σ exp(x) in each group. */
    record Softmax(int width) implements Operation {
        @Override
        public String kind() {
            return "Softmax";
        }

        @Override
        public Kind ruleKind() {
            return Kind.SOFTMAX;
        }

        @Override
        public double[] apply(double[][] sources) {
            return Groups.map(sources[0], width, SoftmaxOperations::softmax);
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            return new double[][] {
                Groups.map(sources[0], cotangent, width, (x, g) -> {
                    double[] y = softmax(x);
                    double mean = 0;
                    for (int i = 0; i < y.length; i++) {
                        mean += y[i] * g[i];
                    }
                    double[] gradient = new double[y.length];
                    for (int i = 0; i < y.length; i++) {
                        gradient[i] = y[i] * (g[i] - mean);
                    }
                    return gradient;
                })
            };
        }

        @Override
        public double[][] multipliers(double[][] sources, double[][] references, double[] multiplier, double near) {
            double[] result = new double[multiplier.length];
            for (int start = 0; start < result.length; start += width) {
                double[] x = Arrays.copyOfRange(sources[0], start, start + width);
                double[] reference = Arrays.copyOfRange(references[0], start, start + width);
                double shift = Math.max(
                        Arrays.stream(x).max().orElseThrow(),
                        Arrays.stream(reference).max().orElseThrow());
                double[] e = Arrays.stream(x).map(v -> Math.exp(v - shift)).toArray();
                double[] e0 =
                        Arrays.stream(reference).map(v -> Math.exp(v - shift)).toArray();
                double sum = Arrays.stream(e).sum();
                double sum0 = Arrays.stream(e0).sum();
                // y = e · r, r = 1 / Σ e
                double ofR = 0;
                for (int k = 0; k < width; k++) {
                    ofR += multiplier[start + k] * (e[k] + e0[k]) / 2;
                }
                // Δ(1 / s) / Δs, also where Δs is 0.
                double ofSum = -ofR / (sum * sum0);
                for (int k = 0; k < width; k++) {
                    double ofE = multiplier[start + k] * (1 / sum + 1 / sum0) / 2 + ofSum;
                    double ofX = Differences.rescale(
                            v -> Math.exp(v - shift), v -> Math.exp(v - shift), x[k], reference[k], near);
                    result[start + k] = ofE * ofX;
                }
            }
            return new double[][] {result};
        }
    }

    /** x[k] − log Σ exp(x) in each group. */
    record LogSoftmax(int width) implements Operation {
        @Override
        public String kind() {
            return "LogSoftmax";
        }

        @Override
        public String operator() {
            return "log_softmax";
        }

        @Override
        public Kind ruleKind() {
            return Kind.SOFTMAX;
        }

        @Override
        public double[] apply(double[][] sources) {
            return Groups.map(sources[0], width, x -> {
                double largest = Arrays.stream(x).max().orElseThrow();
                double log = Math.log(
                        Arrays.stream(x).map(v -> Math.exp(v - largest)).sum());
                return Arrays.stream(x).map(v -> v - largest - log).toArray();
            });
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            return new double[][] {
                Groups.map(sources[0], cotangent, width, (x, g) -> {
                    double[] y = softmax(x);
                    double total = Arrays.stream(g).sum();
                    double[] gradient = new double[y.length];
                    for (int i = 0; i < y.length; i++) {
                        gradient[i] = g[i] - y[i] * total;
                    }
                    return gradient;
                })
            };
        }

        @Override
        public double[][] multipliers(double[][] sources, double[][] references, double[] multiplier, double near) {
            double[] result = multiplier.clone();
            for (int start = 0; start < result.length; start += width) {
                double[] x = Arrays.copyOfRange(sources[0], start, start + width);
                double[] reference = Arrays.copyOfRange(references[0], start, start + width);
                double shift = Math.max(
                        Arrays.stream(x).max().orElseThrow(),
                        Arrays.stream(reference).max().orElseThrow());
                double sum = Arrays.stream(x).map(v -> Math.exp(v - shift)).sum();
                double sum0 =
                        Arrays.stream(reference).map(v -> Math.exp(v - shift)).sum();
                double ofLog = sum == sum0 ? 1 / sum : (Math.log(sum) - Math.log(sum0)) / (sum - sum0);
                double total = Arrays.stream(multiplier, start, start + width).sum();
                for (int k = 0; k < width; k++) {
                    result[start + k] -= total
                            * ofLog
                            * Differences.rescale(
                                    v -> Math.exp(v - shift), v -> Math.exp(v - shift), x[k], reference[k], near);
                }
            }
            return new double[][] {result};
        }
    }
}
