// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Tensors;
import java.util.random.RandomGenerator;

/** Rows of normal noise, to some of which a direction is added. */
final class PlantedConcept {
    private PlantedConcept() {}

    /** Returns a direction of length 1. */
    static double[] direction(int features, long seed) {
        RandomGenerator random = RandomStream.of(seed, 1);
        double[] direction = new double[features];
        double squares = 0;
        for (int i = 0; i < features; i++) {
            direction[i] = random.nextGaussian();
            squares += direction[i] * direction[i];
        }
        for (int i = 0; i < features; i++) {
            direction[i] /= Math.sqrt(squares);
        }
        return direction;
    }

    /** Returns rows of noise plus {@code strength} times the direction. */
    static double[][] rows(int count, double[] direction, double strength, long seed) {
        RandomGenerator random = RandomStream.of(seed, 2);
        double[][] rows = new double[count][direction.length];
        for (double[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                row[i] = random.nextGaussian() + strength * direction[i];
            }
        }
        return rows;
    }

    static Inputs inputs(double[]... rows) {
        double[] all = new double[rows.length * rows[0].length];
        for (int row = 0; row < rows.length; row++) {
            System.arraycopy(rows[row], 0, all, row * rows[0].length, rows[0].length);
        }
        return Inputs.of(Tensors.ofJava().of(all, rows.length, rows[0].length));
    }

    static double cosine(double[] left, double[] right) {
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < left.length; i++) {
            xy += left[i] * right[i];
            xx += left[i] * left[i];
            yy += right[i] * right[i];
        }
        return xy / Math.sqrt(xx * yy);
    }
}
