// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.status.Experimental;

/** Pointwise functions of {@link ReferenceModel}, each with its derivative. */
@Experimental
public enum Activation {
    /** Hyperbolic tangent. */
    TANH("Tanh") {
        @Override
        public double value(double x) {
            return Math.tanh(x);
        }

        @Override
        public double derivative(double x) {
            double tanh = Math.tanh(x);
            return 1 - tanh * tanh;
        }
    },
    /** Logistic function, 1 / (1 + exp(-x)). */
    SIGMOID("Sigmoid") {
        @Override
        public double value(double x) {
            return 1 / (1 + Math.exp(-x));
        }

        @Override
        public double derivative(double x) {
            double sigmoid = value(x);
            return sigmoid * (1 - sigmoid);
        }
    },
    /** Smooth rectifier, log(1 + exp(x)). */
    SOFTPLUS("Softplus") {
        @Override
        public double value(double x) {
            return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
        }

        @Override
        public double derivative(double x) {
            return 1 / (1 + Math.exp(-x));
        }
    },
    /** Rectifier, max(x, 0); its derivative at 0 is 0, as in PyTorch. */
    RELU("ReLU") {
        @Override
        public double value(double x) {
            return Math.max(x, 0);
        }

        @Override
        public double derivative(double x) {
            return x > 0 ? 1 : 0;
        }
    },
    /** Square, x². */
    SQUARE("Square") {
        @Override
        public double value(double x) {
            return x * x;
        }

        @Override
        public double derivative(double x) {
            return 2 * x;
        }
    },
    /** Leaky rectifier: x, or 0.01 x below 0. */
    LEAKY_RELU("LeakyReLU") {
        @Override
        public double value(double x) {
            return x > 0 ? x : 0.01 * x;
        }

        @Override
        public double derivative(double x) {
            return x > 0 ? 1 : 0.01;
        }
    },
    /** Exponential linear unit: x, or exp(x) − 1 below 0. */
    ELU("ELU") {
        @Override
        public double value(double x) {
            return x > 0 ? x : Math.expm1(x);
        }

        @Override
        public double derivative(double x) {
            return x > 0 ? 1 : Math.exp(x);
        }
    },
    /** Gaussian error linear unit in its tanh form. */
    GELU("GELU") {
        @Override
        public double value(double x) {
            return 0.5 * x * (1 + Math.tanh(inner(x)));
        }

        @Override
        public double derivative(double x) {
            double tanh = Math.tanh(inner(x));
            double slope = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
            return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * slope;
        }

        private static double inner(double x) {
            return Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
        }
    },
    /** x · sigmoid(x). */
    SILU("SiLU") {
        @Override
        public double value(double x) {
            return x / (1 + Math.exp(-x));
        }

        @Override
        public double derivative(double x) {
            double sigmoid = 1 / (1 + Math.exp(-x));
            return sigmoid * (1 + x * (1 - sigmoid));
        }
    };

    private final String kind;

    Activation(String kind) {
        this.kind = kind;
    }

    String kind() {
        return kind;
    }

    /** Returns the function's value. */
    public abstract double value(double x);

    /** Returns the function's derivative. */
    public abstract double derivative(double x);
}
