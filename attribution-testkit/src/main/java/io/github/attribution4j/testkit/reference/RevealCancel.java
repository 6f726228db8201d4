// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

/** DeepLIFT's reveal-cancel rule at an activation after a linear layer (Shrikumar et al. 2017, section 3.5.3). */
final class RevealCancel {
    private RevealCancel() {}

    /** Returns the multipliers of the linear layer's input. */
    static double[] multipliers(
            Activation f,
            Operation.Weighted layer,
            double[] input,
            double[] reference,
            double[] multiplier,
            double near) {
        double[][] w = layer.matrix();
        double[] at = layer.apply(new double[][] {input});
        double[] before = layer.apply(new double[][] {reference});
        double[] result = new double[input.length];
        for (int k = 0; k < w.length; k++) {
            double up = 0;
            double down = 0;
            for (int j = 0; j < input.length; j++) {
                double contribution = w[k][j] * (input[j] - reference[j]);
                up += Math.max(0, contribution);
                down += Math.min(0, contribution);
            }
            double x0 = before[k];
            double ofUp = (f.value(x0 + up) - f.value(x0) + f.value(x0 + down + up) - f.value(x0 + down)) / 2;
            double ofDown = (f.value(x0 + down) - f.value(x0) + f.value(x0 + up + down) - f.value(x0 + up)) / 2;
            double positive = Math.abs(up) < near ? f.derivative(at[k]) : ofUp / up;
            double negative = Math.abs(down) < near ? f.derivative(at[k]) : ofDown / down;
            for (int j = 0; j < input.length; j++) {
                double contribution = w[k][j] * (input[j] - reference[j]);
                double factor = contribution > 0 ? positive : contribution < 0 ? negative : (positive + negative) / 2;
                result[j] += w[k][j] * multiplier[k] * factor;
            }
        }
        return result;
    }
}
