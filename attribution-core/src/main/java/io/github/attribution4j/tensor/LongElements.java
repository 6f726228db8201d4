// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;

/** {@code INT64} elements. */
final class LongElements extends IntegerElements {
    final long[] values;

    LongElements(long[] values) {
        this.values = values;
    }

    @Override
    DataType dataType() {
        return DataType.INT64;
    }

    @Override
    long getLong(int index) {
        return values[index];
    }

    @Override
    void setDouble(int index, double value) {
        values[index] = (long) value;
    }

    @Override
    void setLong(int index, long value) {
        values[index] = value;
    }

    @Override
    void copy(int at, int step, Elements from, int start, int stride, int n) {
        long[] source = ((LongElements) from).values;
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
        buffer.asLongBuffer().put(values);
    }

    @Override
    void read(ByteBuffer buffer) {
        buffer.asLongBuffer().get(values);
    }
}
