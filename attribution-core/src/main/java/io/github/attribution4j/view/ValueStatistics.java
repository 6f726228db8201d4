// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.view;

import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;

/**
 * Statistics of some numbers, computed in double precision. NaN and infinite values are counted, and left out of
 * everything else.
 *
 * @param count the number of finite values
 * @param notFinite the number of others
 * @param mean of the finite values; 0 if there are none, as everything else
 * @param standardDeviation √(mean of squared differences from the mean)
 * @param min smallest
 * @param lowerQuartile a quarter is not larger
 * @param median half is not larger
 * @param upperQuartile three quarters are not larger
 * @param max largest
 * @param zeros the fraction that is exactly 0: for a rectifier's output, the part that is off
 * @param norm √(sum of squares)
 */
public record ValueStatistics(
        long count,
        long notFinite,
        double mean,
        double standardDeviation,
        double min,
        double lowerQuartile,
        double median,
        double upperQuartile,
        double max,
        double zeros,
        double norm) {
    /** Returns the statistics of all elements of a tensor. */
    public static ValueStatistics of(Tensor tensor) {
        return of(tensor.toDoubleArray());
    }

    /** Returns the statistics of numbers, which are not changed. */
    public static ValueStatistics of(double... values) {
        double[] sorted =
                Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
        int n = sorted.length;
        if (n == 0) {
            return new ValueStatistics(0, values.length, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        }
        double sum = 0;
        double squares = 0;
        long zero = 0;
        for (double value : sorted) {
            sum += value;
            squares += value * value;
            zero += value == 0 ? 1 : 0;
        }
        double mean = sum / n;
        double spread = 0;
        for (double value : sorted) {
            spread += (value - mean) * (value - mean);
        }
        return new ValueStatistics(
                n,
                values.length - n,
                mean,
                Math.sqrt(spread / n),
                sorted[0],
                quantile(sorted, 0.25),
                quantile(sorted, 0.5),
                quantile(sorted, 0.75),
                sorted[n - 1],
                (double) zero / n,
                Math.sqrt(squares));
    }

    /**
     * Returns a quantile of numbers, between the two nearest by linear interpolation, as NumPy's default does.
     *
     * @param values finite, at least one; not changed
     * @param fraction 0 for the smallest, 1 for the largest
     */
    public static double quantile(double[] values, double fraction) {
        if (values.length == 0 || !(fraction >= 0 && fraction <= 1)) {
            throw new IllegalArgumentException(
                    "quantile " + fraction + " of " + values.length + " values: needs 0 to 1, and at least one value");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double at = fraction * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
