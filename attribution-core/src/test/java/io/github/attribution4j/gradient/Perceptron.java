// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;

/** A perceptron with one hidden layer of tanh, worked out by hand: score and gradient from the formulas. */
final class Perceptron {
    final ReferenceModel model;
    private final double[][] first;
    private final double[] firstBias;
    private final double[][] second;
    private final double[] secondBias;

    Perceptron(long seed, int features, int hidden, int classes) {
        model = ReferenceModels.mlp(DataType.FLOAT64, seed, Activation.TANH, features, hidden, classes);
        first = model.weights("fc1");
        firstBias = model.bias("fc1");
        second = model.weights("fc2");
        secondBias = model.bias("fc2");
    }

    double score(double[] x, int target) {
        double score = secondBias[target];
        for (int h = 0; h < first.length; h++) {
            score += second[target][h] * Math.tanh(before(x, h));
        }
        return score;
    }

    double[] gradient(double[] x, int target) {
        double[] gradient = new double[x.length];
        for (int h = 0; h < first.length; h++) {
            double tanh = Math.tanh(before(x, h));
            for (int i = 0; i < x.length; i++) {
                gradient[i] += second[target][h] * (1 - tanh * tanh) * first[h][i];
            }
        }
        return gradient;
    }

    private double before(double[] x, int h) {
        double sum = firstBias[h];
        for (int i = 0; i < x.length; i++) {
            sum += first[h][i] * x[i];
        }
        return sum;
    }

    /** Returns the straight-line integral of the gradient with given positions and weights, times x − start. */
    double[] integrated(double[] start, double[] x, int target, double[] positions, double[] weights) {
        double[] attribution = new double[x.length];
        for (int k = 0; k < positions.length; k++) {
            double[] point = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                point[i] = (1 - positions[k]) * start[i] + positions[k] * x[i];
            }
            double[] gradient = gradient(point, target);
            for (int i = 0; i < x.length; i++) {
                attribution[i] += weights[k] * gradient[i] * (x[i] - start[i]);
            }
        }
        return attribution;
    }
}
