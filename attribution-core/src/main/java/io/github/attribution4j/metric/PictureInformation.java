// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import java.util.List;

/**
 * How much information an image holds: the bits that a lossless compression by prediction would take, without a codec,
 * whose sizes differ between versions.
 *
 * <p>Each channel is divided into 256 levels between the smallest and the largest element of the example. From each
 * element the prediction of PNG's Paeth filter is subtracted, modulo 256: that one of the elements to the left, above,
 * and above left that is nearest to left + above − above left. With nᵥ of n differences equal to v, the channel takes
 * −Σᵥ nᵥ log₂(nᵥ / n) bits; those of all channels are added.
 */
final class PictureInformation {
    private static final int LEVELS = 256;

    private final Planes planes;
    private final double[] low;
    private final double[] scale;

    PictureInformation(Planes planes) {
        this.planes = planes;
        low = new double[planes.rows().length];
        scale = new double[low.length];
        for (int input = 0; input < low.length; input++) {
            double smallest = Double.POSITIVE_INFINITY;
            double largest = Double.NEGATIVE_INFINITY;
            for (double value : planes.rows()[input]) {
                smallest = Math.min(smallest, value);
                largest = Math.max(largest, value);
            }
            low[input] = smallest;
            scale[input] = largest > smallest ? (LEVELS - 1) / (largest - smallest) : 0;
        }
    }

    /**
     * Returns the bits of the example within some groups and other elements outside.
     *
     * @param outside for each attributed input its elements
     * @param kept for each group whether it is that of the example
     */
    double bits(List<double[]> outside, boolean[] kept) {
        double bits = 0;
        for (int input = 0; input < low.length; input++) {
            double[] inside = planes.rows()[input];
            long[] groups = planes.groups()[input];
            int size = planes.height(input) * planes.width(input);
            int[] levels = new int[size];
            for (int channel = 0; channel < planes.channels(input); channel++) {
                for (int i = 0; i < size; i++) {
                    int at = channel * size + i;
                    double value = kept[(int) groups[at]] ? inside[at] : outside.get(input)[at];
                    long level = Math.round((value - low[input]) * scale[input]);
                    levels[i] = (int) Math.max(0, Math.min(LEVELS - 1, level));
                }
                bits += bits(levels, planes.width(input));
            }
        }
        return bits;
    }

    static double bits(int[] levels, int width) {
        int[] counts = new int[LEVELS];
        for (int i = 0; i < levels.length; i++) {
            int left = i % width > 0 ? levels[i - 1] : 0;
            int above = i >= width ? levels[i - width] : 0;
            int corner = i >= width && i % width > 0 ? levels[i - width - 1] : 0;
            counts[Math.floorMod(levels[i] - predicted(left, above, corner), LEVELS)]++;
        }
        double bits = 0;
        for (int count : counts) {
            bits -= count == 0 ? 0 : count * Math.log(count / (double) levels.length);
        }
        return bits / Math.log(2);
    }

    private static int predicted(int left, int above, int corner) {
        int estimate = left + above - corner;
        int toLeft = Math.abs(estimate - left);
        int toAbove = Math.abs(estimate - above);
        int toCorner = Math.abs(estimate - corner);
        return toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner;
    }
}
