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
package io.github.attribution4j.perturbation;

/** Mean and variance of vectors, in one pass (Welford, 1962). */
final class Moments {
    private final double[] mean;
    private final double[] squares;
    private long count;

    Moments(int length) {
        mean = new double[length];
        squares = new double[length];
    }

    void add(double[] values) {
        count++;
        for (int i = 0; i < mean.length; i++) {
            double before = values[i] - mean[i];
            mean[i] += before / count;
            squares[i] += before * (values[i] - mean[i]);
        }
    }

    double[] mean() {
        return mean.clone();
    }

    /** Returns the standard error of each mean; NaN after fewer than 2 vectors. */
    double[] standardError() {
        double[] errors = new double[mean.length];
        for (int i = 0; i < errors.length; i++) {
            errors[i] = count < 2 ? Double.NaN : Math.sqrt(squares[i] / (count - 1) / count);
        }
        return errors;
    }
}
