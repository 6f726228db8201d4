// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.rule.Operation.Kind;
import java.util.Arrays;

/** Operations that move elements, and a recurrent cell. */
final class ShapeOperations {
    private ShapeOperations() {}

    /** The same elements under another shape. */
    record Reshape() implements Operation {
        @Override
        public String kind() {
            return "Flatten";
        }

        @Override
        public Kind ruleKind() {
            return Kind.RESHAPE;
        }

        @Override
        public double[] apply(double[][] sources) {
            return sources[0].clone();
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            return new double[][] {cotangent.clone()};
        }
    }

    /** The concatenation of the sources along axis 0 of a row. */
    record Concat() implements Operation {
        @Override
        public String kind() {
            return "Cat";
        }

        @Override
        public Kind ruleKind() {
            return Kind.RESHAPE;
        }

        @Override
        public double[] apply(double[][] sources) {
            return Arrays.stream(sources).flatMapToDouble(Arrays::stream).toArray();
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[][] parts = new double[sources.length][];
            int start = 0;
            for (int s = 0; s < parts.length; s++) {
                parts[s] = Arrays.copyOfRange(cotangent, start, start + sources[s].length);
                start += sources[s].length;
            }
            return parts;
        }
    }

    /** Elements from one position to another. */
    record Slice(int from, int to) implements Operation {
        @Override
        public String kind() {
            return "Slice";
        }

        @Override
        public Kind ruleKind() {
            return Kind.RESHAPE;
        }

        @Override
        public double[] apply(double[][] sources) {
            return Arrays.copyOfRange(sources[0], from, to);
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[] gradient = new double[sources[0].length];
            System.arraycopy(cotangent, 0, gradient, from, cotangent.length);
            return new double[][] {gradient};
        }
    }

    /** An Elman cell over (steps, features): the last h of h = tanh(Wx + Uh). */
    static final class Recurrent implements Operation {
        private final double[][] input;
        private final double[][] state;

        Recurrent(double[][] input, double[][] state) {
            this.input = input;
            this.state = state;
        }

        @Override
        public String kind() {
            return "RNN";
        }

        @Override
        public String operator() {
            return "rnn_tanh";
        }

        @Override
        public Kind ruleKind() {
            return Kind.RECURRENT;
        }

        private double[][] states(double[] x) {
            int features = input[0].length;
            int steps = x.length / features;
            double[][] states = new double[steps + 1][state.length];
            for (int t = 0; t < steps; t++) {
                for (int k = 0; k < state.length; k++) {
                    double sum = 0;
                    for (int j = 0; j < features; j++) {
                        sum += input[k][j] * x[t * features + j];
                    }
                    for (int j = 0; j < state.length; j++) {
                        sum += state[k][j] * states[t][j];
                    }
                    states[t + 1][k] = Math.tanh(sum);
                }
            }
            return states;
        }

        @Override
        public double[] apply(double[][] sources) {
            double[][] states = states(sources[0]);
            return states[states.length - 1];
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[][] states = states(sources[0]);
            int features = input[0].length;
            double[] gradient = new double[sources[0].length];
            double[] carried = cotangent.clone();
            for (int t = states.length - 2; t >= 0; t--) {
                double[] before = new double[state.length];
                for (int k = 0; k < state.length; k++) {
                    double inner = carried[k] * (1 - states[t + 1][k] * states[t + 1][k]);
                    for (int j = 0; j < features; j++) {
                        gradient[t * features + j] += inner * input[k][j];
                    }
                    for (int j = 0; j < state.length; j++) {
                        before[j] += inner * state[k][j];
                    }
                }
                carried = before;
            }
            return new double[][] {gradient};
        }
    }
}
