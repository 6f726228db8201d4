// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

/** Floating-point numbers of 16 bits, which Java can convert from version 20 on. */
final class Halves {
    private static final float SMALLEST_NORMAL = 0x1p-14f;
    private static final float STEP = 0x1p-24f;
    private static final float LARGEST = 65504;

    private Halves() {}

    static float toFloat(short half) {
        int exponent = half >> 10 & 0x1F;
        int fraction = half & 0x3FF;
        float size = exponent == 0
                ? fraction * STEP
                : exponent == 31
                        ? fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN
                        : Math.scalb(1 + fraction / 1024f, exponent - 15);
        return half < 0 ? -size : size;
    }

    /** The nearest one; of two that are equally near, the even one. */
    static short of(float value) {
        int sign = Float.floatToRawIntBits(value) >>> 16 & 0x8000;
        float size = Math.abs(value);
        if (Float.isNaN(value)) {
            return 0x7E00;
        }
        if (size > LARGEST + 15.99f) {
            return (short) (sign | 0x7C00);
        }
        if (size < SMALLEST_NORMAL) {
            return (short) (sign | (int) Math.rint(size / STEP));
        }
        int exponent = Math.getExponent(size);
        int scaled = (int) Math.rint(Math.scalb(size, 10 - exponent)); // 1024 to 2048, the latter carries
        return (short) (sign | (((exponent + 15) << 10) + (scaled - 1024)));
    }

    /** The nearest bfloat16; of two that are equally near, the even one. */
    static short ofBrain(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (Float.isNaN(value) ? 0x7FC0 : (bits + 0x7FFF + (bits >>> Short.SIZE & 1)) >>> Short.SIZE);
    }
}
