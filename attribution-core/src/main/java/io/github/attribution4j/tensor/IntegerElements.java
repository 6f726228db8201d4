// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

/**
 * Elements of an integer type or bool. Arithmetic is that of 64-bit integers, truncated to the type's width: it wraps.
 */
abstract sealed class IntegerElements extends Elements permits LongElements, IntElements, ByteElements {
    @Override
    final double getDouble(int index) {
        return getLong(index);
    }

    @Override
    final void arithmetic(Arithmetic operation, int at, Elements a, int aAt, Elements b, int bAt, int n) {
        for (int i = 0; i < n; i++) {
            long x = a.getLong(aAt + i);
            long y = b.getLong(bAt + i);
            setLong(
                    at + i,
                    switch (operation) {
                        case ADD -> x + y;
                        case SUB -> x - y;
                        case MUL -> x * y;
                        case DIV -> throw onlyFloating(operation);
                    });
        }
    }

    @Override
    final void compare(Comparison operation, int at, Elements other, int otherAt, byte[] mask, int maskAt, int n) {
        for (int i = 0; i < n; i++) {
            int order = Long.compare(getLong(at + i), other.getLong(otherAt + i));
            boolean holds = switch (operation) {
                case GT -> order > 0;
                case GE -> order >= 0;
                case EQ -> order == 0;
            };
            mask[maskAt + i] = (byte) (holds ? 1 : 0);
        }
    }

    @Override
    final void choose(int at, byte[] mask, int maskAt, Elements yes, int yesAt, Elements no, int noAt, int n) {
        for (int i = 0; i < n; i++) {
            setLong(at + i, mask[maskAt + i] != 0 ? yes.getLong(yesAt + i) : no.getLong(noAt + i));
        }
    }

    @Override
    final void function(Function function, int at, Elements a, int aAt, int n) {
        if (function != Function.ABS) {
            throw onlyFloating(function);
        }
        for (int i = 0; i < n; i++) {
            setLong(at + i, Math.abs(a.getLong(aAt + i)));
        }
    }

    @Override
    final void clamp(double min, double max, int at, Elements a, int aAt, int n) {
        long low = (long) min;
        long high = (long) max;
        for (int i = 0; i < n; i++) {
            setLong(at + i, Math.max(low, Math.min(high, a.getLong(aAt + i))));
        }
    }

    @Override
    final boolean isFinite(int at, int n) {
        return true;
    }

    private AssertionError onlyFloating(Enum<?> operation) {
        return new AssertionError(operation + " reached " + dataType() + " elements past its check");
    }
}
