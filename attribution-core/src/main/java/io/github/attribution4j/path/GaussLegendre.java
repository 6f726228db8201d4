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
package io.github.attribution4j.path;

/**
 * Gauss-Legendre nodes and weights on [0, 1].
 *
 * <p>The nodes of the n-point rule are the roots x of the Legendre polynomial P[n], found by Newton's method from Tricomi's
 * asymptotic guess; the weights are 2 (1 − x²) / (n P[n−1](x))². The three-term recurrence is evaluated in plain doubles while
 * Newton converges and once in double-double at the end, so that both are right to the last bit or two of a double
 * however large n is; the cost is O(n²).
 */
final class GaussLegendre {
    private GaussLegendre() {}

    static Quadrature.Rule rule(int n) {
        double[] nodes = new double[n];
        double[] weights = new double[n];
        for (int k = 0; k < (n + 1) / 2; k++) {
            boolean centre = 2 * k + 1 == n;
            double guess = centre ? 0 : converged(n, tricomi(n, k));
            Legendre exact = Legendre.at(n, guess);
            double complement = Math.fma(-guess, guess, 1);
            // One more step: the root is guess + correction, where P[n−1]' = n x P[n−1] / (1 − x²).
            double correction = centre ? 0 : -exact.value * complement / (n * exact.previousHigh);
            double previousLow = exact.previousLow + n * guess * exact.previousHigh / complement * correction;
            // The square of n P[n−1] as a sum of two doubles.
            double high = n * exact.previousHigh;
            double low = Math.fma(n, exact.previousHigh, -high) + n * previousLow;
            double square = high * high;
            double rest = Math.fma(high, high, -square) + 2 * high * low;
            // On [0, 1] a weight is half as large and a node is (1 ± x) / 2.
            double weight = (complement - 2 * guess * correction) / square * (1 - rest / square);
            nodes[k] = ((1 - guess) - correction) / 2;
            nodes[n - 1 - k] = ((1 + guess) + correction) / 2;
            weights[k] = weight;
            weights[n - 1 - k] = weight;
        }
        return new Quadrature.Rule(nodes, weights);
    }

    /** Returns an approximation of the k-th largest root, error O(n⁻⁴) (Tricomi, 1950). */
    private static double tricomi(int n, int k) {
        double angle = Math.PI * (4 * k + 3) / (4.0 * n + 2);
        double shrink = 1 - (n - 1.0) / (8.0 * n * n * n);
        return shrink * StrictMath.cos(angle);
    }

    private static double converged(int n, double guess) {
        double x = guess;
        for (int iteration = 0; iteration < 10; iteration++) {
            double previous = 1;
            double value = x;
            for (int m = 2; m <= n; m++) {
                double next = ((2 * m - 1) * x * value - (m - 1) * previous) / m;
                previous = value;
                value = next;
            }
            double derivative = n * (previous - x * value) / ((1 - x) * (1 + x));
            double step = value / derivative;
            x -= step;
            if (Math.abs(step) <= 1e-14) {
                break;
            }
        }
        return x;
    }

    /** P[n](x), and P[n−1](x) as the sum of two doubles. */
    private record Legendre(double value, double previousHigh, double previousLow) {
        /**
         * Runs m P[m] = (2m − 1) x P[m−1] − (m − 1) P[m−2] on unevaluated sums of two doubles (Dekker, 1971; Knuth's
         * error-free addition, products by fused multiply-add).
         */
        static Legendre at(int n, double x) {
            double previousHigh = 1;
            double previousLow = 0;
            double high = x;
            double low = 0;
            for (int m = 2; m <= n; m++) {
                // a = (2m − 1) x is exact as aHigh + aLow.
                double aHigh = (2.0 * m - 1) * x;
                double aLow = Math.fma(2.0 * m - 1, x, -aHigh);
                double pHigh = aHigh * high;
                double pLow = Math.fma(aHigh, high, -pHigh) + (aHigh * low + aLow * high);
                double qHigh = (m - 1.0) * previousHigh;
                double qLow = Math.fma(m - 1.0, previousHigh, -qHigh) + (m - 1.0) * previousLow;
                double sumHigh = pHigh - qHigh;
                double back = sumHigh - pHigh;
                double sumLow = (pHigh - (sumHigh - back)) - (qHigh + back) + (pLow - qLow);
                // Division by m.
                double quotient = (sumHigh + sumLow) / m;
                double rest = Math.fma(-quotient, m, sumHigh) + sumLow;
                previousHigh = high;
                previousLow = low;
                double quotientLow = rest / m;
                high = quotient + quotientLow;
                low = quotientLow - (high - quotient);
            }
            return new Legendre(high + low, previousHigh, previousLow);
        }
    }
}
