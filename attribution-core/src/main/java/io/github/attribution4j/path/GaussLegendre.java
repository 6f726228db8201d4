// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import io.github.attribution4j.path.Path.Quadrature;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Gauss-Legendre nodes and weights on [0, 1].
 *
 * <p>The nodes of the n-point rule are the roots x of the Legendre polynomial P[n], the weights 2 (1 − x²) / (n
 * P[n−1](x))². The roots next to each end are found by Newton's method from Olver's asymptotic guess; the three-term
 * recurrence is evaluated in plain doubles while Newton converges and once in double-double at the end. All others come
 * from Stieltjes' expansion of P[n](cos θ), which holds to the last bit of a double there. Both are right to the last
 * bit or two for any n; the cost is O(n).
 */
final class GaussLegendre {
    /**
     * Zeros of the Bessel function J[0]; the roots nearest to an end go by them, as many as there are here. From the
     * next on, the terms of Stieltjes' expansion shrink by a factor of about m / (2 π (k + 3/4)) from one to the next,
     * and the smallest is far below a bit.
     */
    private static final double[] BESSEL_ZEROS = {
        2.404825557695773, 5.520078110286311, 8.653727912911013, 11.79153443901428, 14.93091770848779,
                18.07106396791092,
        21.21163662987926, 24.35247153074930, 27.49347913204025, 30.63460646843198, 33.77582021357357, 36.91709835366404
    };

    /** After a Newton step below this share the error is below its square. */
    private static final double LAST_STEP = 1e-7;

    /** Computed rules with few nodes, since methods are often made anew for each explanation. */
    private static final AtomicReferenceArray<Quadrature.Rule> SMALL = new AtomicReferenceArray<>(129);

    private GaussLegendre() {}

    static Quadrature.Rule rule(int n) {
        if (n >= SMALL.length()) {
            return computed(n);
        }
        Quadrature.Rule known = SMALL.get(n);
        if (known == null) {
            known = computed(n);
            SMALL.set(n, known);
        }
        return known;
    }

    private static Quadrature.Rule computed(int n) {
        double[] nodes = new double[n];
        double[] weights = new double[n];
        Interior interior = new Interior(n);
        for (int k = 0; k < (n + 1) / 2; k++) {
            if (k < BESSEL_ZEROS.length) {
                byRecurrence(n, k, nodes, weights);
            } else {
                interior.root(k, nodes, weights);
            }
        }
        return new Quadrature.Rule(nodes, weights);
    }

    /** The root is represented by t = 1 − x, so that no digit is lost where x is nearly 1. */
    private static void byRecurrence(int n, int k, double[] nodes, double[] weights) {
        boolean center = 2 * k + 1 == n;
        double t = center ? 1 : converged(n, olver(n, BESSEL_ZEROS[k]));
        Legendre exact = Legendre.at(n, t);
        double complement = t * (2 - t);
        // One more step: the root is x + correction, where P[n−1]' = n x P[n−1] / (1 − x²).
        double correction = center ? 0 : -exact.value * complement / (n * exact.previousHigh);
        double previousLow = exact.previousLow + n * (1 - t) * exact.previousHigh / complement * correction;
        // The square of n P[n−1] as a sum of two doubles.
        double high = n * exact.previousHigh;
        double low = Math.fma(n, exact.previousHigh, -high) + n * previousLow;
        double square = high * high;
        double rest = Math.fma(high, high, -square) + 2 * high * low;
        // On [0, 1] a weight is half as large and a node is (1 ± x) / 2.
        double weight = (complement - 2 * (1 - t) * correction) / square * (1 - rest / square);
        nodes[k] = (t - correction) / 2;
        nodes[n - 1 - k] = ((2 - t) + correction) / 2;
        weights[k] = weight;
        weights[n - 1 - k] = weight;
    }

    /** Returns an approximation of 1 − x for a root near 1 (Olver, Asymptotics and Special Functions, chapter 12). */
    private static double olver(int n, double zero) {
        double half = n + 0.5;
        double angle = zero / half;
        double nearer = angle + (angle / StrictMath.tan(angle) - 1) / (8 * angle * half * half);
        double sine = StrictMath.sin(nearer / 2);
        return 2 * sine * sine;
    }

    private static double converged(int n, double guess) {
        double t = guess;
        for (int iteration = 0; iteration < 10; iteration++) {
            // P[m] and its difference from P[m−1].
            double value = 1 - t;
            double difference = -t;
            for (int m = 1; m < n; m++) {
                difference = (m * difference - (2 * m + 1) * t * value) / (m + 1);
                value += difference;
            }
            double derivative = n * (t * value - difference) / (t * (2 - t));
            double step = value / derivative;
            t += step;
            if (Math.abs(step) <= LAST_STEP * t) {
                break;
            }
        }
        return t;
    }

    /** P[n](1 − t), and P[n−1](1 − t) as the sum of two doubles. */
    private record Legendre(double value, double previousHigh, double previousLow) {
        /**
         * Runs (m + 1) D[m+1] = m D[m] − (2m + 1) t P[m], P[m+1] = P[m] + D[m+1] on unevaluated sums of two doubles
         * (Dekker, 1971; Knuth's error-free addition, products by fused multiply-add).
         */
        static Legendre at(int n, double t) {
            double high = 1 - t;
            double low = (1 - high) - t;
            double stepHigh = -t;
            double stepLow = 0;
            for (int m = 1; m < n; m++) {
                // a = (2m + 1) t is exact as aHigh + aLow.
                double aHigh = (2.0 * m + 1) * t;
                double aLow = Math.fma(2.0 * m + 1, t, -aHigh);
                double pHigh = aHigh * high;
                double pLow = Math.fma(aHigh, high, -pHigh) + (aHigh * low + aLow * high);
                double qHigh = m * stepHigh;
                double qLow = Math.fma(m, stepHigh, -qHigh) + m * stepLow;
                double sumHigh = qHigh - pHigh;
                double back = sumHigh - qHigh;
                double sumLow = (qHigh - (sumHigh - back)) - (pHigh + back) + (qLow - pLow);
                double quotient = (sumHigh + sumLow) / (m + 1.0);
                double rest = Math.fma(-quotient, m + 1.0, sumHigh) + sumLow;
                double quotientLow = rest / (m + 1.0);
                stepHigh = quotient + quotientLow;
                stepLow = quotientLow - (stepHigh - quotient);
                double nextHigh = high + stepHigh;
                double added = nextHigh - high;
                double nextLow = (high - (nextHigh - added)) + (stepHigh - added) + (low + stepLow);
                high = nextHigh + nextLow;
                low = nextLow - (high - nextHigh);
            }
            double previous = high - stepHigh;
            double taken = previous - high;
            double previousLow = (high - (previous - taken)) - (stepHigh + taken) + (low - stepLow);
            return new Legendre(high + low, previous, previousLow);
        }
    }

    /**
     * Roots away from the ends, by Stieltjes' expansion (Szegő, Orthogonal Polynomials, theorem 8.21.5; the error is
     * below twice the first term left out):
     *
     * <pre>P[n](cos θ) = C Σ h[m] cos((n + m + 1/2) θ − (m + 1/2) π/2) / (2 sin θ)^(m + 1/2),
     * C = 2/√π · Γ(n + 1) / Γ(n + 3/2),   h[m] = Π j=1..m (j − 1/2)² / (j (n + j + 1/2))</pre>
     *
     * <p>With it and its derivative, two steps of Newton in θ; the last is added as a correction to a rounded θ, whose
     * phase is reduced as a sum of two doubles, so that no digit is lost to a large n. A weight is 1 / (dP/dθ)².
     */
    private static final class Interior {
        private static final double TWO_PI = 2 * Math.PI;

        /** 2 π less {@link #TWO_PI}. */
        private static final double TWO_PI_LOW = 2 * 1.2246467991473532e-16;

        /** Terms below this share of the first change nothing. */
        private static final double SMALL = 0x1p-60;

        private final int n;
        private final double half;

        /** 1 / (C² (n + 1/2)²), but for the factor 1 / (1 + {@link #scaleExcess}). */
        private final double scale;

        private final double scaleExcess;

        /**
         * At the θ of the last call, over C / √(2 sin θ): P[n](cos θ), and its derivative by θ as
         * direction · (n + 1/2) · (1 + excess).
         */
        private double value;

        private double direction;
        private double excess;

        Interior(int n) {
            this.n = n;
            this.half = n + 0.5;
            this.scale = Math.PI / 4 * (1 + 0.25 / half) / half;
            // Γ(n + 1) / Γ(n + 3/2) about n + 3/4 has even powers only.
            double u = 1 / ((n + 0.75) * (n + 0.75));
            double series = u * (-1.0 / 64 + u * (21.0 / 8192 + u * (-671.0 / 524288 + u * 180323.0 / 134217728)));
            this.scaleExcess = series * (2 + series);
        }

        void root(int k, double[] nodes, double[] weights) {
            double start = Math.PI * (k + 0.75) / half;
            // Right up to the fourth power of 1/n; each Newton step squares the error.
            double guess = start + 1 / (8 * half * half * StrictMath.tan(start));
            at(guess);
            double angle = guess - value / slope();
            at(angle);
            double correction = -value / slope();
            double sine = StrictMath.sin(angle);
            double cosine = StrictMath.cos(angle);
            // By Legendre's equation the second derivative is −cot θ P' − n (n + 1) P.
            double turn = (cosine / sine * slope() + n * (n + 1.0) * value) * correction;
            double there = excess - direction * turn / half;
            double more = there * (2 + there);
            double weight = 2 * sine * scale / (1 + (more + scaleExcess + more * scaleExcess));
            // (1 − cos θ) / 2, not as a difference of nearly equal numbers.
            double root = StrictMath.sin(angle / 2);
            double node =
                    cosine < 0.5 ? ((1 - cosine) + sine * correction) / 2 : Math.fma(root, root, sine * correction / 2);
            nodes[k] = node;
            nodes[n - 1 - k] = 1 - node;
            weights[k] = weight;
            weights[n - 1 - k] = weight;
        }

        private double slope() {
            return direction * half * (1 + excess);
        }

        private void at(double angle) {
            double phase = half * angle;
            double turns = Math.rint((phase - Math.PI / 4) / TWO_PI);
            double rest = Math.fma(half, angle, -phase) - turns * TWO_PI_LOW;
            double reduced = (Math.fma(-turns, TWO_PI, phase) - Math.PI / 4) + rest;
            double cosine = Math.cos(reduced);
            double sine = Math.sin(reduced);
            // The phase of term m + 1 is θ − π/2 ahead of that of term m.
            double aheadCosine = Math.sin(angle);
            double aheadSine = -Math.cos(angle);
            double twice = 2 * aheadCosine;
            double cotangent = -aheadSine / aheadCosine;
            direction = -Math.signum(sine);
            // Near a root the first sine is nearly ±1: what it lacks keeps more digits.
            double lack = cosine * cosine / (1 + Math.abs(sine));
            double sum = cosine;
            double more = 0.5 * cotangent * cosine;
            double factor = 1;
            for (int m = 0; ; m++) {
                double next = factor * (m + 0.5) * (m + 0.5) / ((m + 1) * (n + m + 1.5) * twice);
                if (next < SMALL || next >= factor) {
                    break;
                }
                factor = next;
                double turned = cosine * aheadCosine - sine * aheadSine;
                sine = sine * aheadCosine + cosine * aheadSine;
                cosine = turned;
                sum += factor * cosine;
                more += factor * ((half + m + 1) * sine + (m + 1.5) * cotangent * cosine);
            }
            value = sum;
            excess = -direction * more / half - lack;
        }
    }
}
