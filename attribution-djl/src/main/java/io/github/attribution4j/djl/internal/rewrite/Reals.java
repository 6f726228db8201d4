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
package io.github.attribution4j.djl.internal.rewrite;

/** Floats as two integers, mantissa and exponent, because TorchScript cannot reinterpret bits. Exact for every double; -0 becomes 0. */
final class Reals {
    /** Exponent of what is not a number times a power of two: mantissa 1 and -1 mean the infinities, 0 means NaN. */
    private static final long SPECIAL = 9999;

    private Reals() {}

    static long[] split(double value) {
        if (Double.isNaN(value)) {
            return new long[] {0, SPECIAL};
        }
        if (Double.isInfinite(value)) {
            return new long[] {value > 0 ? 1 : -1, SPECIAL};
        }
        int exponent = Math.max(Math.getExponent(value), Double.MIN_EXPONENT) - 52;
        return new long[] {(long) Math.scalb(value, -exponent), exponent};
    }

    static double join(long mantissa, long exponent) {
        if (exponent == SPECIAL) {
            return mantissa == 0 ? Double.NaN : mantissa * Double.POSITIVE_INFINITY;
        }
        return Math.scalb((double) mantissa, (int) exponent);
    }
}
