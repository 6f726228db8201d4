// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import java.util.Arrays;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** Functions of consecutive elements. */
final class Groups {
    private Groups() {}

    static double[] map(double[] values, int width, UnaryOperator<double[]> function) {
        return map(values, values, width, (group, same) -> function.apply(group));
    }

    static double[] map(double[] values, double[] others, int width, BinaryOperator<double[]> function) {
        double[] result = new double[values.length];
        for (int start = 0; start < result.length; start += width) {
            double[] part = function.apply(
                    Arrays.copyOfRange(values, start, start + width), Arrays.copyOfRange(others, start, start + width));
            System.arraycopy(part, 0, result, start, width);
        }
        return result;
    }
}
