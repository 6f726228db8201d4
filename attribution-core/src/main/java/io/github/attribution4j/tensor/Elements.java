// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;

/**
 * A flat array of one type with the innermost loops over it: the arithmetic of {@link ArrayTensor}.
 *
 * <p>Loops read and write adjacent elements (step 1), which the JIT compiler turns into vector instructions;
 * {@link Block} brings operands of other steps into that form. The receiver is what is written, except where its
 * documentation says otherwise.
 */
abstract sealed class Elements permits FloatElements, DoubleElements, IntegerElements {
    /** Element by element operations of two operands. */
    enum Arithmetic {
        ADD,
        SUB,
        MUL,
        DIV
    }

    /** Comparisons of two operands. */
    enum Comparison {
        GT,
        GE,
        EQ
    }

    /** Operations of one operand. */
    enum Function {
        ABS,
        EXP,
        LOG,
        SQRT
    }

    static Elements allocate(DataType dataType, int length) {
        return switch (dataType) {
            case FLOAT32 -> new FloatElements(new float[length]);
            case FLOAT64 -> new DoubleElements(new double[length]);
            case INT64 -> new LongElements(new long[length]);
            case INT32 -> new IntElements(new int[length]);
            case UINT8, BOOL -> new ByteElements(new byte[length], dataType);
        };
    }

    abstract DataType dataType();

    abstract double getDouble(int index);

    abstract long getLong(int index);

    abstract void setDouble(int index, double value);

    abstract void setLong(int index, long value);

    /** Copies n elements of the same type, between any steps. */
    abstract void copy(int at, int step, Elements from, int start, int stride, int n);

    /** Copies n adjacent elements of another type, converted as {@link Tensor#to} says. */
    void convert(int at, Elements from, int start, int n) {
        if (from.dataType().isFloating()) {
            for (int i = 0; i < n; i++) {
                setDouble(at + i, from.getDouble(start + i));
            }
        } else {
            for (int i = 0; i < n; i++) {
                setLong(at + i, from.getLong(start + i));
            }
        }
    }

    abstract void arithmetic(Arithmetic operation, int at, Elements a, int aAt, Elements b, int bAt, int n);

    /** Compares n elements of this with n of another into a mask. */
    abstract void compare(Comparison operation, int at, Elements other, int otherAt, byte[] mask, int maskAt, int n);

    abstract void choose(int at, byte[] mask, int maskAt, Elements yes, int yesAt, Elements no, int noAt, int n);

    abstract void function(Function function, int at, Elements a, int aAt, int n);

    abstract void clamp(double min, double max, int at, Elements a, int aAt, int n);

    /** Returns whether n elements of this are finite. */
    abstract boolean isFinite(int at, int n);

    /** Appends all elements to a buffer. */
    abstract void write(ByteBuffer buffer);

    /** Reads all elements from a buffer, in its byte order. */
    abstract void read(ByteBuffer buffer);
}
