/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
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
