// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.rule.Operation.Kind;
import java.util.Arrays;

/** Poolings over (C, H, W). */
final class PoolingOperations {
    private PoolingOperations() {}

    /** Windows of a square kernel, clipped at the border. */
    record Windows(int channels, int height, int width, int kernel, int stride, int padding) {
        int rows() {
            return (height + 2 * padding - kernel) / stride + 1;
        }

        int columns() {
            return (width + 2 * padding - kernel) / stride + 1;
        }

        int count() {
            return channels * rows() * columns();
        }

        interface Visitor {
            void visit(int window, int element);
        }

        void forEach(Visitor visitor) {
            for (int window = 0; window < count(); window++) {
                int channel = window / (rows() * columns());
                int top = window / columns() % rows() * stride - padding;
                int left = window % columns() * stride - padding;
                for (int y = Math.max(0, top); y < Math.min(height, top + kernel); y++) {
                    for (int x = Math.max(0, left); x < Math.min(width, left + kernel); x++) {
                        visitor.visit(window, (channel * height + y) * width + x);
                    }
                }
            }
        }
    }

    /** The largest element of each window. */
    record MaxPool2d(Windows windows) implements Operation {
        @Override
        public String kind() {
            return "MaxPool2d";
        }

        @Override
        public String operator() {
            return "max_pool2d";
        }

        @Override
        public Kind ruleKind() {
            return Kind.MAX_POOLING;
        }

        /** Returns for each window the first of its largest elements. */
        int[] winners(double[] x) {
            int[] winners = new int[windows.count()];
            Arrays.fill(winners, -1);
            windows.forEach((window, element) -> {
                if (winners[window] < 0 || x[element] > x[winners[window]]) {
                    winners[window] = element;
                }
            });
            return winners;
        }

        @Override
        public double[] apply(double[][] sources) {
            int[] winners = winners(sources[0]);
            double[] y = new double[winners.length];
            for (int k = 0; k < y.length; k++) {
                y[k] = sources[0][winners[k]];
            }
            return y;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            int[] winners = winners(sources[0]);
            double[] gradient = new double[sources[0].length];
            for (int k = 0; k < winners.length; k++) {
                gradient[winners[k]] += cotangent[k];
            }
            return new double[][] {gradient};
        }

        @Override
        public double[][] multipliers(double[][] sources, double[][] references, double[] multiplier, double near) {
            double[] x = sources[0];
            double[] reference = references[0];
            int[] winners = winners(x);
            int[] before = winners(reference);
            double[] contributions = new double[x.length];
            for (int k = 0; k < winners.length; k++) {
                double greater = Math.max(x[winners[k]], reference[before[k]]);
                contributions[winners[k]] += multiplier[k] * (greater - reference[before[k]]);
                contributions[before[k]] += multiplier[k] * (x[winners[k]] - greater);
            }
            for (int i = 0; i < x.length; i++) {
                double difference = x[i] - reference[i];
                contributions[i] = Math.abs(difference) < near ? 0 : contributions[i] / difference;
            }
            return new double[][] {contributions};
        }
    }

    /** The mean of each window; elements over the border count as zeros. */
    record AvgPool2d(Windows windows) implements Operation {
        @Override
        public String kind() {
            return "AvgPool2d";
        }

        @Override
        public String operator() {
            return "avg_pool2d";
        }

        @Override
        public Kind ruleKind() {
            return Kind.AVERAGE_POOLING;
        }

        @Override
        public double[] apply(double[][] sources) {
            double[] y = new double[windows.count()];
            int area = windows.kernel() * windows.kernel();
            windows.forEach((window, element) -> y[window] += sources[0][element] / area);
            return y;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[] gradient = new double[sources[0].length];
            int area = windows.kernel() * windows.kernel();
            windows.forEach((window, element) -> gradient[element] += cotangent[window] / area);
            return new double[][] {gradient};
        }
    }

    /** The mean of each channel, (C, H, W) → (C). */
    record GlobalAveragePool(int positions) implements Operation {
        @Override
        public String kind() {
            return "AdaptiveAvgPool2d";
        }

        @Override
        public String operator() {
            return "adaptive_avg_pool2d";
        }

        @Override
        public Kind ruleKind() {
            return Kind.AVERAGE_POOLING;
        }

        @Override
        public double[] apply(double[][] sources) {
            double[] means = new double[sources[0].length / positions];
            for (int i = 0; i < sources[0].length; i++) {
                means[i / positions] += sources[0][i] / positions;
            }
            return means;
        }

        @Override
        public double[][] vjp(double[][] sources, double[] cotangent) {
            double[] gradient = new double[sources[0].length];
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] = cotangent[i / positions] / positions;
            }
            return new double[][] {gradient};
        }
    }
}
