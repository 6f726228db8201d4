// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.internal.RandomStream;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/** See {@link LinearClassifier#sgd(double, int, double)}. */
record HingeSgd(double alpha, int maxIter, double tol) implements LinearClassifier {
    private static final int PATIENCE = 5;
    private static final double SMALLEST = 1e-9;

    HingeSgd {
        require(alpha > 0 && Double.isFinite(alpha), "alpha " + alpha + ": must be above 0");
        require(maxIter >= 1, "max_iter " + maxIter + ": must be at least 1");
        require(tol >= 0, "tol " + tol + ": must be 0 or more");
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException("sgd: " + problem);
        }
    }

    @Override
    public Plane fit(double[][] rows, boolean[] positive, RandomGenerator random) {
        double[] weights = new double[rows[0].length];
        double bias = 0;
        // The weights are scale * weights: a step shrinks all of them by one multiplication. Their squared length goes
        // along.
        double scale = 1;
        double squares = 0;
        double[] lengths = Arrays.stream(rows).mapToDouble(row -> dot(row, row)).toArray();
        // The first step is as large as a weight that is typical of this penalty (Bottou).
        double start = 1 / (Math.sqrt(1 / Math.sqrt(alpha)) * alpha);
        double best = Double.POSITIVE_INFINITY;
        int without = 0;
        long step = 0;
        for (int pass = 0; pass < maxIter && without < PATIENCE; pass++) {
            double objective = 0;
            for (int number : RandomStream.permutation(random, rows.length)) {
                double[] row = rows[number];
                double sign = positive[number] ? 1 : -1;
                double product = scale * dot(weights, row);
                double margin = sign * (product + bias);
                double rate = 1 / (alpha * (start + step));
                step++;
                objective += Math.max(0, 1 - margin) + alpha / 2 * squares;
                double shrunk = Math.max(0, 1 - rate * alpha);
                scale *= shrunk;
                squares *= shrunk * shrunk;
                if (scale < SMALLEST) {
                    multiply(weights, scale);
                    scale = 1;
                }
                if (margin <= 1) {
                    double add = rate * sign / scale;
                    for (int i = 0; i < weights.length; i++) {
                        weights[i] += add * row[i];
                    }
                    squares += 2 * rate * sign * shrunk * product + rate * rate * lengths[number];
                    bias += rate * sign;
                }
            }
            objective /= rows.length;
            without = objective > best - tol ? without + 1 : 0;
            best = Math.min(best, objective);
        }
        multiply(weights, scale);
        return new Plane(weights, bias);
    }

    private static void multiply(double[] weights, double by) {
        for (int i = 0; i < weights.length; i++) {
            weights[i] *= by;
        }
    }

    private static double dot(double[] left, double[] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += left[i] * right[i];
        }
        return sum;
    }

    @Override
    public String toString() {
        return "sgd:alpha=" + alpha + ",max_iter=" + maxIter + ",tol=" + tol;
    }
}
