// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

/** Student's t distribution. */
public final class StudentT {
    private StudentT() {}

    /**
     * Returns the number that the absolute value of t exceeds with a probability, to about 6 digits (Hill, "Algorithm
     * 396: Student's t-quantiles", 1970).
     *
     * @param probability of both tails together, more than 0 and less than 1
     * @param degrees of freedom; below 1 nothing can be told and the quantile is infinite
     */
    public static double quantile(double probability, double degrees) {
        if (degrees < 1) {
            return Double.POSITIVE_INFINITY;
        }
        if (degrees == 1) {
            return 1 / Math.tan(probability * Math.PI / 2);
        }
        if (degrees == 2) {
            return Math.sqrt(2 / (probability * (2 - probability)) - 2);
        }
        if (Double.isInfinite(degrees)) {
            return normal(probability / 2);
        }
        double a = 1 / (degrees - 0.5);
        double b = 48 / (a * a);
        double c = ((20700 * a / b - 98) * a - 16) * a + 96.36;
        double d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt(a * Math.PI / 2) * degrees;
        double y = Math.pow(d * probability, 2 / degrees);
        if (y > 0.05 + a) {
            double x = -normal(probability / 2);
            y = x * x;
            if (degrees < 5) {
                c += 0.3 * (degrees - 4.5) * (x + 0.6);
            }
            c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b;
            y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
            y = Math.expm1(a * y * y);
        } else {
            y = ((1 / (((degrees + 6) / (degrees * y) - 0.089 * d - 0.822) * (degrees + 2) * 3) + 0.5 / (degrees + 4))
                                            * y
                                    - 1)
                            * (degrees + 1)
                            / (degrees + 2)
                    + 1 / y;
        }
        return Math.sqrt(degrees * y);
    }

    /**
     * Returns the probability that the absolute value of t is at least that of a number, to about 9 digits: the
     * inverse of {@link #quantile}.
     *
     * @param degrees of freedom, at least 1 and finite; below 1 nothing can be told and the probability is 1
     */
    public static double probability(double t, double degrees) {
        if (Double.isNaN(t) || degrees < 1) {
            return 1;
        }
        double square = t * t;
        if (Double.isInfinite(square)) {
            return 0;
        }
        // The incomplete beta function of n / (n + t²), with n / 2 and 1 / 2; its fraction converges on one side.
        double x = degrees / (degrees + square);
        double a = degrees / 2;
        return x < (a + 1) / (a + 2.5) ? beta(x, a, 0.5) : 1 - beta(1 - x, 0.5, a);
    }

    /** Returns the regularized incomplete beta function by its continued fraction, evaluated as Lentz does. */
    private static double beta(double x, double a, double b) {
        double c = 1;
        double d = 1 / nonZero(1 - (a + b) * x / (a + 1));
        double fraction = d;
        for (int m = 1; m <= 10_000; m++) {
            double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / nonZero(1 + even * d);
            c = nonZero(1 + even / c);
            fraction *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / nonZero(1 + odd * d);
            c = nonZero(1 + odd / c);
            fraction *= d * c;
            if (Math.abs(d * c - 1) < 1e-15) {
                break;
            }
        }
        double scale = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
        return Math.exp(scale) * fraction / a;
    }

    private static double nonZero(double value) {
        return Math.abs(value) < 1e-300 ? 1e-300 : value;
    }

    /** Returns the logarithm of the gamma function of a number above 0: Stirling's series, after a shift. */
    private static double logGamma(double x) {
        double shift = 0;
        double y = x;
        while (y < 20) {
            shift += Math.log(y);
            y++;
        }
        double inverse = 1 / (y * y);
        double series = (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse / 1680))) / y;
        return (y - 0.5) * Math.log(y) - y + Math.log(2 * Math.PI) / 2 + series - shift;
    }

    /** Returns the number that a standard normal variable exceeds with a probability, at most 1/2. */
    static double normal(double upper) {
        // Abramowitz and Stegun, 26.2.23, and Newton's method on the tail.
        double t = Math.sqrt(-2 * Math.log(upper));
        double z =
                t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
        for (int i = 0; i < 3; i++) {
            z += (tail(z) - upper) / density(z);
        }
        return z;
    }

    private static double density(double z) {
        return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
    }

    /** Returns the probability of more than z: by a series near 0, else by the continued fraction of Laplace. */
    private static double tail(double z) {
        if (z < 3) {
            double term = z;
            double sum = z;
            for (int k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
                term *= z * z / k;
                sum += term;
            }
            return 0.5 - density(z) * sum;
        }
        double fraction = z;
        for (int k = 60; k > 0; k--) {
            fraction = z + k / fraction;
        }
        return density(z) / fraction;
    }
}
