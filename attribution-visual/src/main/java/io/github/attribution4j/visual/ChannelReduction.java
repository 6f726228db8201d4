// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

/** How the attributions of the channels of one pixel become one value. */
public enum ChannelReduction {
    /**
     * Their sum. It keeps completeness: the sum over pixels is the sum over channels and pixels. Captum does this too.
     */
    SUM,
    /** The one of largest magnitude, with its sign (of the first such channel). It does not keep completeness. */
    MAX_ABS;

    double[] reduce(double[] values, int channels, int pixels) {
        double[] out = new double[pixels];
        for (int i = 0; i < pixels; i++) {
            double one = values[i];
            for (int c = 1; c < channels; c++) {
                double other = values[c * pixels + i];
                one = this == SUM ? one + other : Math.abs(other) > Math.abs(one) ? other : one;
            }
            out[i] = one;
        }
        return out;
    }
}
