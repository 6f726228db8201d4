// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import java.util.List;

/**
 * A linear map y = Wx + b as a matrix, perhaps followed by a factor and a shift of each output, for relevance rules of
 * layers with weights.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this package
record WeightedMap(Operation.Weighted operation, double[][] matrix, boolean[][] connected, double[] bias) {
    static WeightedMap of(Operation.Weighted operation) {
        return new WeightedMap(operation, operation.matrix(), operation.connected(), operation.offsets());
    }

    /** Returns this map joined with the batch normalization after it. */
    WeightedMap mergedWith(NormalizationOperations.BatchNorm2d norm) {
        double[][] scaled = new double[matrix.length][];
        double[] shifted = new double[matrix.length];
        for (int k = 0; k < scaled.length; k++) {
            scaled[k] = matrix[k].clone();
            for (int j = 0; j < scaled[k].length; j++) {
                scaled[k][j] *= norm.factor(k);
            }
            shifted[k] = bias[k] * norm.factor(k) + norm.shift(k);
        }
        return new WeightedMap(operation, scaled, connected, shifted);
    }

    /** Returns the relevance of x: Σ_g share Σ_t sign in_t[j] Σ_k W_t[k][j] R[k] / stab(z_g[k]). */
    double[] relevance(BackwardRule.Weighted rule, double[] x, double[] relevance) {
        double[] result = new double[x.length];
        for (BackwardRule.Group group : rule.groups()) {
            double[] z = new double[relevance.length];
            for (BackwardRule.Term term : group.terms()) {
                for (int k = 0; k < z.length; k++) {
                    double sum = bias(rule, term, k);
                    for (int j = 0; j < x.length; j++) {
                        sum += weight(rule, term, k, j) * input(rule, term, x[j], j);
                    }
                    z[k] += term.sign() * sum;
                }
            }
            for (BackwardRule.Term term : group.terms()) {
                for (int j = 0; j < x.length; j++) {
                    double sum = 0;
                    for (int k = 0; k < z.length; k++) {
                        double weight = weight(rule, term, k, j);
                        if (weight != 0 && relevance[k] != 0) {
                            sum += weight * relevance[k] / stabilized(z[k], rule.epsilon());
                        }
                    }
                    result[j] += group.share() * term.sign() * input(rule, term, x[j], j) * sum;
                }
            }
        }
        return result;
    }

    static double stabilized(double z, double epsilon) {
        return z >= 0 ? z + epsilon : z - epsilon;
    }

    private double input(BackwardRule.Weighted rule, BackwardRule.Term term, double x, int j) {
        return switch (term.input()) {
            case VALUE -> x;
            case POSITIVE -> Math.max(0, x);
            case NEGATIVE -> Math.min(0, x);
            case ONE -> 1;
            case LOW -> bound(rule, rule.low(), j);
            case HIGH -> bound(rule, rule.high(), j);
        };
    }

    private double bound(BackwardRule.Weighted rule, List<Double> numbers, int j) {
        if (numbers.size() == 1) {
            return numbers.get(0);
        }
        int channel = operation.channel(j);
        if (channel >= numbers.size()) {
            throw new UnsupportedModelException("rule " + rule.name() + " has bounds for " + numbers.size()
                    + " channels and the operation more; give one for each");
        }
        return numbers.get(channel);
    }

    private double weight(BackwardRule.Weighted rule, BackwardRule.Term term, int k, int j) {
        double w = matrix[k][j];
        return switch (term.weight()) {
            case VALUE -> w;
            case POSITIVE -> Math.max(0, w);
            case NEGATIVE -> Math.min(0, w);
            case SQUARE -> w * w;
            case ONE -> connected[k][j] ? 1 : 0;
            case RAISED -> w + rule.gamma() * Math.max(0, w);
        };
    }

    private double bias(BackwardRule.Weighted rule, BackwardRule.Term term, int k) {
        double b = bias[k];
        return switch (term.bias()) {
            case VALUE -> b;
            case POSITIVE -> Math.max(0, b);
            case NEGATIVE -> Math.min(0, b);
            case RAISED -> b + rule.gamma() * Math.max(0, b);
            case ZERO -> 0;
        };
    }
}
