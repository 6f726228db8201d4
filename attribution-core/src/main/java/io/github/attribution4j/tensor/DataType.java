// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;

/** Element type of a {@link Tensor}. */
public enum DataType {
    /** IEEE 754 single precision. */
    FLOAT32(4, "float32"),
    /** IEEE 754 double precision. */
    FLOAT64(8, "float64"),
    /** Signed 64-bit integer: token ids, class indexes. */
    INT64(8, "int64"),
    /** Signed 32-bit integer. */
    INT32(4, "int32"),
    /** Unsigned 8-bit integer, 0 to 255: raw pixels. */
    UINT8(1, "uint8"),
    /** Truth value, one byte each; what comparisons return. */
    BOOL(1, "bool");

    private final int bytes;
    private final String label;

    DataType(int bytes, String label) {
        this.bytes = bytes;
        this.label = label;
    }

    /** Returns the size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Returns the name that NumPy and PyTorch use, such as {@code float32}. */
    public String label() {
        return label;
    }

    /** Returns whether the type is {@link #FLOAT32} or {@link #FLOAT64}; only those carry gradients. */
    public boolean isFloating() {
        return this == FLOAT32 || this == FLOAT64;
    }

    /**
     * Returns whether all elements of this type are finite.
     *
     * @param elements in native order; position and limit stay
     * @return true for types that are not floating
     */
    public boolean isFinite(ByteBuffer elements) {
        return FiniteBits.of(elements, this);
    }

    @Override
    public String toString() {
        return label;
    }
}
