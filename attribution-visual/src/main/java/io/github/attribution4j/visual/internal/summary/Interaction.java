// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Which other feature explains best that a feature has different attributions at the same value. Examples are sorted by
 * the feature's value and divided into windows. In each, a straight line by the value is taken from the attributions;
 * of what is left, the other feature's values explain a part, the square of the correlation. The parts of all windows
 * are added up.
 */
final class Interaction {
    private static final int MOST_IN_WINDOW = 50;
    private static final int WINDOWS = 10;
    private static final int LEAST_IN_WINDOW = 5;
    /** How many times what a feature explains by chance an interacting one must explain. */
    private static final double BY_CHANCE = 3;

    /** Of the variance of the attributions: less is rounding. */
    private static final double NOTHING = 1e-9;

    private Interaction() {}

    /** Returns the feature that interacts most with the given one, or −1 if none does. */
    static int strongest(Examples examples, int feature) {
        double[] attributions = examples.attributions()[feature];
        double[] values = examples.columns()[feature].numbers();
        int[] order = IntStream.range(0, values.length)
                .filter(e -> Double.isFinite(values[e]))
                .boxed()
                .sorted(Comparator.comparingDouble(e -> values[e]))
                .mapToInt(Integer::intValue)
                .toArray();
        int window = Math.max(LEAST_IN_WINDOW, Math.min(MOST_IN_WINDOW, order.length / WINDOWS));
        int windows = order.length / window;
        double[][] left = new double[windows][];
        for (int w = 0; w < windows; w++) {
            left[w] = left(attributions, values, Arrays.copyOfRange(order, w * window, (w + 1) * window));
        }
        double total = Arrays.stream(left)
                .flatMapToDouble(Arrays::stream)
                .map(a -> a * a)
                .sum();
        // A feature without any influence explains one of (window − 2) parts on average.
        double least = Math.max(NOTHING * squares(attributions, order), BY_CHANCE * total / (window - 2));
        int best = -1;
        double largest = 0;
        for (int other = 0; other < examples.features(); other++) {
            double[] others = examples.columns()[other].numbers();
            if (other == feature || others.length == 0) {
                continue;
            }
            double sum = 0;
            for (int w = 0; w < windows; w++) {
                sum += explained(left[w], others, order, w * window);
            }
            if (sum > least && sum > largest * (1 + NOTHING)) {
                largest = sum;
                best = other;
            }
        }
        return best;
    }

    private static double squares(double[] values, int[] order) {
        double mean = Arrays.stream(order).mapToDouble(e -> values[e]).average().orElse(0);
        return Arrays.stream(order)
                .mapToDouble(e -> (values[e] - mean) * (values[e] - mean))
                .sum();
    }

    /** Returns what a straight line by the values leaves of the attributions. */
    private static double[] left(double[] attributions, double[] values, int[] window) {
        double meanA = Arrays.stream(window)
                .mapToDouble(e -> attributions[e])
                .average()
                .orElse(0);
        double meanV =
                Arrays.stream(window).mapToDouble(e -> values[e]).average().orElse(0);
        double av = 0;
        double vv = 0;
        for (int e : window) {
            av += (attributions[e] - meanA) * (values[e] - meanV);
            vv += (values[e] - meanV) * (values[e] - meanV);
        }
        double slope = vv > 0 ? av / vv : 0;
        return Arrays.stream(window)
                .mapToDouble(e -> attributions[e] - meanA - slope * (values[e] - meanV))
                .toArray();
    }

    /** Returns which part of the squares another feature explains; where its value is missing, it has its mean. */
    private static double explained(double[] left, double[] others, int[] order, int from) {
        double mean = 0;
        int count = 0;
        for (int i = 0; i < left.length; i++) {
            double other = others[order[from + i]];
            if (Double.isFinite(other)) {
                mean += other;
                count++;
            }
        }
        mean /= Math.max(1, count);
        double product = 0;
        double squares = 0;
        for (int i = 0; i < left.length; i++) {
            double other = others[order[from + i]];
            double difference = Double.isFinite(other) ? other - mean : 0;
            product += left[i] * difference;
            squares += difference * difference;
        }
        return squares > 0 ? product * product / squares : 0;
    }
}
