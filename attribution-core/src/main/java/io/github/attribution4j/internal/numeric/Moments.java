// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

/** Mean and variance of vectors, in one pass (Welford, 1962). */
public final class Moments {
    private final double[] mean;
    private final double[] squares;
    private long count;

    /** Creates them for vectors of a length. */
    public Moments(int length) {
        mean = new double[length];
        squares = new double[length];
    }

    /** Adds a vector. */
    public void add(double[] values) {
        count++;
        for (int i = 0; i < mean.length; i++) {
            double before = values[i] - mean[i];
            mean[i] += before / count;
            squares[i] += before * (values[i] - mean[i]);
        }
    }

    /** Returns the mean. */
    public double[] mean() {
        return mean.clone();
    }

    /** Returns the standard error of each mean; NaN after fewer than 2 vectors. */
    public double[] standardError() {
        double[] errors = new double[mean.length];
        for (int i = 0; i < errors.length; i++) {
            errors[i] = count < 2 ? Double.NaN : Math.sqrt(squares[i] / (count - 1) / count);
        }
        return errors;
    }
}
