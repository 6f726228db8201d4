// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;

/**
 * The network of golden/background.py, golden/lime.py and golden/efficiency.py: y = sigmoid(w2 tanh(w1 x + b1) + b2),
 * or without the sigmoid.
 */
public final class GoldenNetwork {
    private GoldenNetwork() {}

    /** Returns the network whose weights are w1, b1, w2 and b2; without the sigmoid if an array of this name is 0. */
    public static Model of(Map<String, Tensor> golden) {
        double[] w1 = golden.get("w1").toDoubleArray();
        double[] b1 = golden.get("b1").toDoubleArray();
        double[] w2 = golden.get("w2").toDoubleArray();
        double b2 = golden.get("b2").toDoubleArray()[0];
        boolean sigmoid =
                !golden.containsKey("sigmoid") || golden.get("sigmoid").toDoubleArray()[0] != 0;
        return Model.of(rows -> Arrays.stream(rows)
                .map(row -> {
                    double sum = b2;
                    for (int unit = 0; unit < b1.length; unit++) {
                        double hidden = b1[unit];
                        for (int i = 0; i < row.length; i++) {
                            hidden += w1[unit * row.length + i] * row[i];
                        }
                        sum += w2[unit] * Math.tanh(hidden);
                    }
                    return new double[] {sigmoid ? 1 / (1 + Math.exp(-sum)) : sum};
                })
                .toArray(double[][]::new));
    }
}
