// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;

/** {@code INT32} elements. */
final class IntElements extends IntegerElements {
    final int[] values;

    IntElements(int[] values) {
        this.values = values;
    }

    @Override
    DataType dataType() {
        return DataType.INT32;
    }

    @Override
    long getLong(int index) {
        return values[index];
    }

    @Override
    void setDouble(int index, double value) {
        values[index] = (int) value;
    }

    @Override
    void setLong(int index, long value) {
        values[index] = (int) value;
    }

    @Override
    void copy(int at, int step, Elements from, int start, int stride, int n) {
        int[] source = ((IntElements) from).values;
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
        buffer.asIntBuffer().put(values);
    }

    @Override
    void read(ByteBuffer buffer) {
        buffer.asIntBuffer().get(values);
    }
}
