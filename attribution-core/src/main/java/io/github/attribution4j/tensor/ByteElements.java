// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;

/** {@code UINT8} elements, or {@code BOOL} ones as 0 and 1. */
final class ByteElements extends IntegerElements {
    final byte[] values;
    private final DataType dataType;

    ByteElements(byte[] values, DataType dataType) {
        this.values = values;
        this.dataType = dataType;
    }

    @Override
    DataType dataType() {
        return dataType;
    }

    @Override
    long getLong(int index) {
        return values[index] & 0xff;
    }

    @Override
    void setDouble(int index, double value) {
        values[index] = dataType == DataType.BOOL ? bit(value != 0) : (byte) (long) value;
    }

    @Override
    void setLong(int index, long value) {
        values[index] = dataType == DataType.BOOL ? bit(value != 0) : (byte) value;
    }

    @Override
    void copy(int at, int step, Elements from, int start, int stride, int n) {
        byte[] source = ((ByteElements) from).values;
        if (step == 1 && stride == 1) {
            System.arraycopy(source, start, values, at, n);
            return;
        }
        for (int i = 0; i < n; i++) {
            values[at + i * step] = source[start + i * stride];
        }
    }

    @Override
    void write(ByteBuffer buffer) {
        buffer.put(values);
    }

    @Override
    void read(ByteBuffer buffer) {
        buffer.get(values);
        if (dataType == DataType.BOOL) {
            for (int i = 0; i < values.length; i++) {
                values[i] = bit(values[i] != 0);
            }
        }
    }

    static byte bit(boolean value) {
        return (byte) (value ? 1 : 0);
    }
}
