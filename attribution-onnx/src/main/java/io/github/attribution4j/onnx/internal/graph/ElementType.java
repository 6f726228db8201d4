// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

/** The type of a tensor's elements, with its code in {@code TensorProto.DataType}. */
public enum ElementType {
    FLOAT(1, 32),
    UINT8(2, 8),
    INT8(3, 8),
    UINT16(4, 16),
    INT16(5, 16),
    INT32(6, 32),
    INT64(7, 64),
    STRING(8, 0),
    BOOL(9, 8),
    FLOAT16(10, 16),
    DOUBLE(11, 64),
    UINT32(12, 32),
    UINT64(13, 64),
    COMPLEX64(14, 64),
    COMPLEX128(15, 128),
    BFLOAT16(16, 16),
    /** Eight bits and fewer, in quantized models. */
    OTHER(0, 0);

    private final int code;
    private final int bits;

    ElementType(int code, int bits) {
        this.code = code;
        this.bits = bits;
    }

    /** The type with a code; {@link #OTHER} if it is none of the above. */
    public static ElementType of(long code) {
        for (ElementType type : values()) {
            if (type.code == code && type != OTHER) {
                return type;
            }
        }
        return OTHER;
    }

    public int code() {
        return code;
    }

    /** Bytes of one element; 0 for texts and for types of fewer than eight bits. */
    public int bytes() {
        return bits / 8;
    }

    /** The next wider type that Java has tensors of; this, if it has or if there is none. */
    public ElementType wide() {
        return switch (this) {
            case FLOAT16, BFLOAT16 -> FLOAT;
            case INT8, INT16, UINT16 -> INT32;
            case UINT32, UINT64 -> INT64;
            default -> this;
        };
    }

    /** Whether these are floats of 16 bits. */
    public boolean isHalf() {
        return this == FLOAT16 || this == BFLOAT16;
    }

    /** Whether gradients pass through values of this type. */
    public boolean carriesGradient() {
        return this == FLOAT || this == DOUBLE || this == FLOAT16 || this == BFLOAT16;
    }
}
