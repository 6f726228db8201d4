// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

/**
 * How much information a picture of one channel holds: the bits that a lossless compression by prediction would take,
 * without a codec, whose sizes differ between versions.
 *
 * <p>From each element the prediction of PNG's Paeth filter is subtracted, modulo 256: that one of the elements to the
 * left, above, and above left that is nearest to left + above − above left. With nᵥ of n differences equal to v, the
 * picture takes −Σᵥ nᵥ log₂(nᵥ / n) bits.
 */
public final class PictureInformation {
    /** The number of levels of an element. */
    public static final int LEVELS = 256;

    private PictureInformation() {}

    /**
     * Returns the bits.
     *
     * @param levels row-major, each 0 to 255
     */
    public static double bits(int[] levels, int width) {
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
