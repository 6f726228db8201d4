// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** {@code FLOAT32} elements. */
final class FloatElements extends Elements {
    final float[] values;

    FloatElements(float[] values) {
        this.values = values;
    }

    @Override
    DataType dataType() {
        return DataType.FLOAT32;
    }

    @Override
    double getDouble(int index) {
        return values[index];
    }

    @Override
    long getLong(int index) {
        return (long) values[index];
    }

    @Override
    void setDouble(int index, double value) {
        values[index] = (float) value;
    }

    @Override
    void setLong(int index, long value) {
        values[index] = (float) value;
    }

    @Override
    void copy(int at, int step, Elements from, int start, int stride, int n) {
        float[] source = of(from);
        if (step == 1 && stride == 1) {
            System.arraycopy(source, start, values, at, n);
        } else if (step == 1 && stride == 0) {
            Arrays.fill(values, at, at + n, source[start]);
        } else {
            for (int i = 0; i < n; i++) {
                values[at + i * step] = source[start + i * stride];
            }
        }
    }

    @Override
    void convert(int at, Elements from, int start, int n) {
        if (from instanceof DoubleElements other) {
            for (int i = 0; i < n; i++) {
                values[at + i] = (float) other.values[start + i];
            }
        } else {
            super.convert(at, from, start, n);
        }
    }

    @Override
    void arithmetic(Arithmetic operation, int at, Elements a, int aAt, Elements b, int bAt, int n) {
        float[] out = values;
        float[] x = of(a);
        float[] y = of(b);
        switch (operation) {
            case ADD -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = x[aAt + i] + y[bAt + i];
                }
            }
            case SUB -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = x[aAt + i] - y[bAt + i];
                }
            }
            case MUL -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = x[aAt + i] * y[bAt + i];
                }
            }
            case DIV -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = x[aAt + i] / y[bAt + i];
                }
            }
        }
    }

    @Override
    void compare(Comparison operation, int at, Elements other, int otherAt, byte[] mask, int maskAt, int n) {
        float[] x = values;
        float[] y = of(other);
        switch (operation) {
            case GT -> {
                for (int i = 0; i < n; i++) {
                    mask[maskAt + i] = (byte) (x[at + i] > y[otherAt + i] ? 1 : 0);
                }
            }
            case GE -> {
                for (int i = 0; i < n; i++) {
                    mask[maskAt + i] = (byte) (x[at + i] >= y[otherAt + i] ? 1 : 0);
                }
            }
            case EQ -> {
                for (int i = 0; i < n; i++) {
                    mask[maskAt + i] = (byte) (x[at + i] == y[otherAt + i] ? 1 : 0);
                }
            }
        }
    }

    @Override
    void choose(int at, byte[] mask, int maskAt, Elements yes, int yesAt, Elements no, int noAt, int n) {
        float[] out = values;
        float[] x = of(yes);
        float[] y = of(no);
        for (int i = 0; i < n; i++) {
            // There is no branch, because with a random mask the processor would mispredict half of them.
            int chosen = -mask[maskAt + i];
            out[at + i] = Float.intBitsToFloat((Float.floatToRawIntBits(x[yesAt + i]) & chosen)
                    | (Float.floatToRawIntBits(y[noAt + i]) & ~chosen));
        }
    }

    @Override
    void function(Function function, int at, Elements a, int aAt, int n) {
        float[] out = values;
        float[] x = of(a);
        switch (function) {
            case ABS -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = Math.abs(x[aAt + i]);
                }
            }
            case EXP -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = (float) Math.exp(x[aAt + i]);
                }
            }
            case LOG -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = (float) Math.log(x[aAt + i]);
                }
            }
            case SQRT -> {
                for (int i = 0; i < n; i++) {
                    out[at + i] = (float) Math.sqrt(x[aAt + i]);
                }
            }
        }
    }

    @Override
    void clamp(double min, double max, int at, Elements a, int aAt, int n) {
        float low = (float) min;
        float high = (float) max;
        float[] x = of(a);
        for (int i = 0; i < n; i++) {
            float value = x[aAt + i];
            values[at + i] = value < low ? low : value > high ? high : value;
        }
    }

    @Override
    boolean isFinite(int at, int n) {
        for (int i = at; i < at + n; i++) {
            if (!Float.isFinite(values[i])) {
                return false;
            }
        }
        return true;
    }

    @Override
    void write(ByteBuffer buffer) {
        buffer.asFloatBuffer().put(values);
    }

    @Override
    void read(ByteBuffer buffer) {
        buffer.asFloatBuffer().get(values);
    }

    private static float[] of(Elements elements) {
        return ((FloatElements) elements).values;
    }
}
