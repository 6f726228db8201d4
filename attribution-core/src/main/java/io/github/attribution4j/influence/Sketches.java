// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.setting.Setting;
import java.util.Locale;
import java.util.Optional;

/**
 * Random projections of vectors that keep dot products in expectation: each element is added, with a random sign, to
 * one random element of a shorter vector. (Charikar, Chen and Farach-Colton, 2002; Weinberger and others, 2009.)
 *
 * @param seed of the run
 * @param numbers of projected vectors; shorter ones are unchanged; 0 for no projection
 */
record Sketches(long seed, int numbers) {
    static final Setting<Integer> SETTING = Setting.count(
            "projected", 0, 0, "numbers that a longer vector is projected to, at random; 0 for no projection");

    private static final long PURPOSE = 0x736b657463686573L;

    /** Returns the length of vectors of a length, projected. */
    int width(int from) {
        return numbers == 0 ? from : Math.min(from, numbers);
    }

    /**
     * Projects vectors.
     *
     * @param factor which of several vectors of a row they are
     * @param vectors row-major
     * @param count of the vectors
     * @param from their length
     */
    double[] project(int factor, double[] vectors, int count, int from) {
        int width = width(from);
        if (width == from) {
            return vectors;
        }
        double[] projected = new double[count * width];
        for (int i = 0; i < from; i++) {
            long bits = RandomStream.hash(seed, PURPOSE, factor, i);
            double sign = (bits & 1) == 0 ? 1 : -1;
            int place = (int) Long.remainderUnsigned(bits >>> 1, width);
            for (int vector = 0; vector < count; vector++) {
                projected[vector * width + place] += sign * vectors[vector * from + i];
            }
        }
        return projected;
    }

    /** Returns how exact dot products of projected vectors are, for a notice; empty without a projection. */
    static Optional<String> remark(int numbers) {
        return numbers == 0
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "vectors of more than %d numbers were projected to so many at random: a dot product of two has"
                                + " a standard error of at most %.2g times the product of their norms",
                        numbers,
                        Math.sqrt(2.0 / numbers)));
    }
}
