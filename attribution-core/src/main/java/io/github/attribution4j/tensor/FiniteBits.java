// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/**
 * Tests by their bits whether all numbers are finite. NaN and infinity have an exponent of ones only; adding one to it
 * carries into the sign. The loops have no branch, so the JVM compiles them to vector instructions.
 */
final class FiniteBits {
    private static final int FLOAT_EXPONENT = 0x7F800000;
    private static final int FLOAT_ONE = 0x00800000;
    private static final long DOUBLE_EXPONENT = 0x7FF0000000000000L;
    private static final long DOUBLE_ONE = 0x0010000000000000L;
    private static final int CHUNK = 4096;

    private FiniteBits() {}

    /**
     * Returns whether all elements of a tensor are finite.
     *
     * @param bytes the elements in native order; position and limit stay
     * @return true for integer types
     */
    static boolean of(ByteBuffer bytes, DataType type) {
        ByteBuffer own = bytes.duplicate().order(ByteOrder.nativeOrder());
        return switch (type) {
            case FLOAT32 -> ofFloats(own.asIntBuffer());
            case FLOAT64 -> ofDoubles(own.asLongBuffer());
            default -> true;
        };
    }

    private static boolean ofFloats(IntBuffer bits) {
        int[] chunk = new int[Math.min(CHUNK, bits.remaining())];
        while (bits.hasRemaining()) {
            int count = Math.min(chunk.length, bits.remaining());
            bits.get(chunk, 0, count);
            int any = 0;
            for (int i = 0; i < count; i++) {
                any |= (chunk[i] & FLOAT_EXPONENT) + FLOAT_ONE;
            }
            if (any < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean ofDoubles(LongBuffer bits) {
        long[] chunk = new long[Math.min(CHUNK, bits.remaining())];
        while (bits.hasRemaining()) {
            int count = Math.min(chunk.length, bits.remaining());
            bits.get(chunk, 0, count);
            long any = 0;
            for (int i = 0; i < count; i++) {
                any |= (chunk[i] & DOUBLE_EXPONENT) + DOUBLE_ONE;
            }
            if (any < 0) {
                return false;
            }
        }
        return true;
    }
}
