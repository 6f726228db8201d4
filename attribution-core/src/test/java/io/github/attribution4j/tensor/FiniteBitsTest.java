// SPDX-License-Identifier: Apache-2.0
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
        return DataType.FLOAT32.isFinite(bytes);
    }

    private static boolean doubles(double... values) {
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Double.BYTES * values.length).order(ByteOrder.nativeOrder());
        bytes.asDoubleBuffer().put(values);
        return DataType.FLOAT64.isFinite(bytes);
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
