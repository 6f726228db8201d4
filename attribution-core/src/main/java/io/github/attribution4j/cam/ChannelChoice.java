// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The channels of each example that are evaluated, one row each: example by example, channels ascending.
 *
 * @param examples the example of each row
 * @param channels the channel of each row
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this package
record ChannelChoice(int[] examples, int[] channels) {
    /** Estimates how much a channel matters before it is evaluated. Channels of 0 are not evaluated. */
    private interface Measure {
        double of(double[] positions);
    }

    /** Returns a number of channels, checked. */
    static int checked(int most) {
        if (most < 1) {
            throw new IllegalArgumentException("channels: " + most + "; evaluate at least 1");
        }
        return most;
    }

    /**
     * Chooses the channels with the largest sum of squares, and never one that is zero everywhere.
     *
     * @param values by [example][channel][position]
     * @param most the most channels of an example, or 0 for all
     */
    static ChannelChoice largest(double[][][] values, int most) {
        return choose(values, most, positions -> {
            double sum = 0;
            for (double value : positions) {
                sum += value * value;
            }
            return sum;
        });
    }

    /** Chooses the channels with the largest standard deviation over positions, and never a constant one. */
    static ChannelChoice mostVaried(double[][][] values, int most) {
        return choose(values, most, positions -> {
            double mean = 0;
            double low = positions[0];
            double high = positions[0];
            for (double value : positions) {
                mean += value / positions.length;
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
            double sum = 0;
            for (double value : positions) {
                sum += (value - mean) * (value - mean);
            }
            return high > low ? sum : 0;
        });
    }

    private static ChannelChoice choose(double[][][] values, int most, Measure measure) {
        List<int[]> rows = new ArrayList<>();
        for (int e = 0; e < values.length; e++) {
            double[] measures = new double[values[e].length];
            for (int k = 0; k < measures.length; k++) {
                measures[k] = measure.of(values[e][k]);
            }
            int example = e;
            IntStream.range(0, measures.length)
                    .boxed()
                    .filter(k -> measures[k] > 0)
                    .sorted(Comparator.<Integer>comparingDouble(k -> -measures[k])
                            .thenComparingInt(k -> k))
                    .limit(most == 0 ? measures.length : most)
                    .sorted()
                    .forEach(k -> rows.add(new int[] {example, k}));
        }
        return new ChannelChoice(
                rows.stream().mapToInt(row -> row[0]).toArray(),
                rows.stream().mapToInt(row -> row[1]).toArray());
    }

    int rows() {
        return examples.length;
    }

    int example(int row) {
        return examples[row];
    }

    int channel(int row) {
        return channels[row];
    }

    /** Replaces the values of each example's rows by their softmax. */
    void softmax(double[] values) {
        for (int from = 0; from < values.length; ) {
            int to = from;
            double largest = values[from];
            while (to < values.length && examples[to] == examples[from]) {
                largest = Math.max(largest, values[to++]);
            }
            double sum = 0;
            for (int row = from; row < to; row++) {
                values[row] = Math.exp(values[row] - largest);
                sum += values[row];
            }
            for (int row = from; row < to; row++) {
                values[row] /= sum;
            }
            from = to;
        }
    }
}
