// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;

/** Projections of activations on the first right singular vector of the matrix of positions and channels. */
final class PrincipalMap {
    private static final double NO_SUM = 1e-9;

    private PrincipalMap() {}

    /** Returns the map {@code (N, P)}. */
    static Tensor flat(Channels activation, boolean centered) {
        double[][][] values = activation.toArrays();
        int places = activation.positionCount();
        double[] maps = new double[values.length * places];
        for (int example = 0; example < values.length; example++) {
            double[] map = project(values[example], centered);
            System.arraycopy(map, 0, maps, example * places, places);
        }
        Tensor like = activation.values();
        return like.tensors().of(maps, like.dataType(), Shape.of(values.length, places));
    }

    /** Returns the projection of each position. Changes the values if they are centered. */
    private static double[] project(double[][] values, boolean centered) {
        if (centered) {
            for (double[] channel : values) {
                double mean = 0;
                for (double value : channel) {
                    mean += value / channel.length;
                }
                for (int p = 0; p < channel.length; p++) {
                    channel[p] -= mean;
                }
            }
        }
        double[] direction = SingularVector.ofChannels(values);
        double sign = sign(direction);
        double[] map = new double[values[0].length];
        for (int k = 0; k < values.length; k++) {
            for (int p = 0; p < map.length; p++) {
                map[p] += sign * direction[k] * values[k][p];
            }
        }
        return map;
    }

    /** Returns the sign that makes the sum positive or, if the sum is 0, the largest entry. */
    static double sign(double[] direction) {
        double sum = 0;
        double largest = 0;
        for (double entry : direction) {
            sum += entry;
            largest = Math.abs(entry) > Math.abs(largest) ? entry : largest;
        }
        double deciding = Math.abs(sum) > NO_SUM * Math.sqrt(direction.length) ? sum : largest;
        return deciding < 0 ? -1 : 1;
    }
}
