// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.rule.Operation.Kind;

/** Wx + b along the last axis, the same at each position: (positions, in) → (positions, out). */
final class PositionwiseLinear implements Operation.Weighted {
    private final double[][] weights;
    private final double[] bias;
    private final int positions;

    PositionwiseLinear(double[][] weights, double[] bias, int positions) {
        this.weights = weights;
        this.bias = bias;
        this.positions = positions;
    }

    @Override
    public String kind() {
        return "Linear";
    }

    @Override
    public Kind ruleKind() {
        return Kind.WEIGHTED;
    }

    @Override
    public double[] apply(double[][] sources) {
        int in = weights[0].length;
        double[] y = new double[positions * bias.length];
        for (int i = 0; i < y.length; i++) {
            int position = i / bias.length;
            int out = i % bias.length;
            y[i] = bias[out];
            for (int j = 0; j < in; j++) {
                y[i] += weights[out][j] * sources[0][position * in + j];
            }
        }
        return y;
    }

    @Override
    public double[][] vjp(double[][] sources, double[] cotangent) {
        int in = weights[0].length;
        double[] gradient = new double[positions * in];
        for (int i = 0; i < cotangent.length; i++) {
            for (int j = 0; j < in; j++) {
                gradient[i / bias.length * in + j] += weights[i % bias.length][j] * cotangent[i];
            }
        }
        return new double[][] {gradient};
    }

    @Override
    public double[][] matrix() {
        int in = weights[0].length;
        double[][] matrix = new double[positions * bias.length][positions * in];
        for (int i = 0; i < matrix.length; i++) {
            System.arraycopy(weights[i % bias.length], 0, matrix[i], i / bias.length * in, in);
        }
        return matrix;
    }

    @Override
    public boolean[][] connected() {
        int in = weights[0].length;
        boolean[][] connected = new boolean[positions * bias.length][positions * in];
        for (int i = 0; i < connected.length; i++) {
            for (int j = 0; j < in; j++) {
                connected[i][i / bias.length * in + j] = true;
            }
        }
        return connected;
    }

    @Override
    public double[] offsets() {
        double[] offsets = new double[positions * bias.length];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = bias[i % bias.length];
        }
        return offsets;
    }

    /** Axis 1 of (rows, positions, in) counts positions. */
    @Override
    public int channel(int in) {
        return in / weights[0].length;
    }
}
