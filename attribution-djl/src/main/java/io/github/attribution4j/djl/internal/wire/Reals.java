// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

/**
 * Floats as two integers, mantissa and exponent, because TorchScript cannot reinterpret bits. This is exact for every
 * double, except that -0 becomes 0.
 */
final class Reals {
    /** The exponent of special values: mantissa 1 and -1 mean the infinities, 0 means NaN. */
    private static final long SPECIAL = 9999;

    private Reals() {}

    static long[] split(double value) {
        if (Double.isNaN(value)) {
            return new long[] {0, SPECIAL};
        }
        if (Double.isInfinite(value)) {
            return new long[] {value > 0 ? 1 : -1, SPECIAL};
        }
        int exponent = Math.max(Math.getExponent(value), Double.MIN_EXPONENT) - 52;
        return new long[] {(long) Math.scalb(value, -exponent), exponent};
    }

    static double join(long mantissa, long exponent) {
        if (exponent == SPECIAL) {
            return mantissa == 0 ? Double.NaN : mantissa * Double.POSITIVE_INFINITY;
        }
        return Math.scalb((double) mantissa, (int) exponent);
    }
}
