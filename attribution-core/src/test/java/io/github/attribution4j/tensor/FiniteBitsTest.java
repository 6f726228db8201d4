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

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FiniteBitsTest {
    private static final int SIZE = 5000;

    private static boolean floats(float... values) {
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Float.BYTES * values.length).order(ByteOrder.nativeOrder());
        bytes.asFloatBuffer().put(values);
        return FiniteBits.of(bytes, DataType.FLOAT32);
    }

    private static boolean doubles(double... values) {
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Double.BYTES * values.length).order(ByteOrder.nativeOrder());
        bytes.asDoubleBuffer().put(values);
        return FiniteBits.of(bytes, DataType.FLOAT64);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4095, 4096, 4999})
    void findsTheOneThatIsNotFinite(int at) {
        float[] single = new float[SIZE];
        double[] wide = new double[SIZE];
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -Float.NaN}) {
            single[at] = bad;
            wide[at] = bad;
            assertThat(floats(single)).isFalse();
            assertThat(doubles(wide)).isFalse();
        }
        for (float good : new float[] {Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE, -0f, Float.MIN_NORMAL}) {
            single[at] = good;
            assertThat(floats(single)).isTrue();
        }
        for (double good : new double[] {Double.MAX_VALUE, -Double.MAX_VALUE, Double.MIN_VALUE, -0.0}) {
            wide[at] = good;
            assertThat(doubles(wide)).isTrue();
        }
        assertThat(floats()).isTrue();
        assertThat(doubles()).isTrue();
    }
}
