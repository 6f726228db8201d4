// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Moments;
import io.github.attribution4j.run.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Walks of one example from the baseline to the input, one group at a time, in random orders; and the coalitions met on
 * the way, which are the rows to evaluate. A coalition met again is not evaluated again, as long as groups fit into the
 * bits of a long; with more groups than that, walks hardly meet.
 */
final class Walks {
    private static final long PURPOSE = 0x5417;
    private static final int BITS = 63;

    private final int groups;
    private final int samples;
    private final boolean antithetic;
    private final Run run;
    private final long key;
    private final List<Long> coalitions = new ArrayList<>();
    private final int[] rows;
    private int rankedSample = -1;
    private int[] ranks = new int[0];

    /**
     * Draws the orders.
     *
     * @param groups number of groups
     * @param samples number of walks
     * @param antithetic whether every second walk is the one before, backwards
     * @param run gives the random numbers
     * @param key of the example
     */
    Walks(int groups, int samples, boolean antithetic, Run run, long key) {
        this.groups = groups;
        this.samples = samples;
        this.antithetic = antithetic;
        this.run = run;
        this.key = key;
        this.rows = new int[groups <= BITS ? samples * (groups - 1) : 0];
        Map<Long, Integer> met = new HashMap<>();
        for (int at = 0, sample = 0; groups <= BITS && sample < samples; sample++) {
            int[] order = order(sample);
            long coalition = 0;
            for (int step = 0; step < groups - 1; step++) {
                coalition |= 1L << order[step];
                Integer row = met.putIfAbsent(coalition, coalitions.size());
                rows[at++] = row == null ? coalitions.size() : row;
                if (row == null) {
                    coalitions.add(coalition);
                }
            }
        }
    }

    /** Returns how many coalitions there are to evaluate, the empty and the full one apart. */
    int count() {
        return groups <= BITS ? coalitions.size() : Math.multiplyExact(samples, groups - 1);
    }

    /** Fills in a coalition. */
    void fill(int row, boolean[] kept) {
        if (groups <= BITS) {
            ExactShapley.fill(coalitions.get(row), kept);
            return;
        }
        int sample = row / (groups - 1);
        if (sample != rankedSample) {
            int[] order = order(sample);
            ranks = new int[groups];
            for (int step = 0; step < groups; step++) {
                ranks[order[step]] = step;
            }
            rankedSample = sample;
        }
        int step = row % (groups - 1);
        for (int group = 0; group < groups; group++) {
            kept[group] = ranks[group] <= step;
        }
    }

    private int[] order(int sample) {
        if (!antithetic) {
            return RandomStream.permutation(run.random(PURPOSE, key, sample), groups);
        }
        int[] order = RandomStream.permutation(run.random(PURPOSE, key, sample / 2), groups);
        if (sample % 2 == 1) {
            for (int i = 0; i < groups / 2; i++) {
                int swapped = order[i];
                order[i] = order[groups - 1 - i];
                order[groups - 1 - i] = swapped;
            }
        }
        return order;
    }

    /**
     * Returns mean and variance of what groups gain on walks; on pairs of walks, where they are antithetic.
     *
     * @param empty score of no group
     * @param scores score of each row
     * @param full score of all groups
     */
    Moments gains(double empty, double[] scores, double full) {
        Moments moments = new Moments(groups);
        double[] gains = new double[groups];
        int together = antithetic ? 2 : 1;
        for (int sample = 0; sample < samples; sample++) {
            if (sample % together == 0) {
                Arrays.fill(gains, 0);
            }
            int[] order = order(sample);
            double before = empty;
            for (int step = 0; step < groups; step++) {
                double after = step == groups - 1 ? full : scores[row(sample, step)];
                gains[order[step]] += (after - before) / together;
                before = after;
            }
            if (sample % together == together - 1) {
                moments.add(gains);
            }
        }
        return moments;
    }

    private int row(int sample, int step) {
        int row = sample * (groups - 1) + step;
        return groups <= BITS ? rows[row] : row;
    }
}
